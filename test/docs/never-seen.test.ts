import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { NeverSeen } from '../../src/experiments/experiment-record.schema.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const found = JSON.parse(read('results/never-seen.json')) as NeverSeen & {
  readonly medianProbability: readonly { readonly temperature: number; readonly ofDigit: readonly number[] }[];
};
const PAGE = read('docs/primer.md');

const withInterval = ({ mean, interval }: NeverSeen['arms'][number]['all']): string =>
  `${mean.toFixed(1)} [${interval?.low.toFixed(1)}, ${interval?.high.toFixed(1)}]`;

describe('docs/primer.md, a student that never saw a 3', () => {
  test('its table is what the recipe gave', () => {
    const rows = [...PAGE.matchAll(/^\| \**`([a-z0-9-]+)`\** \| [^|]+ \| ([^|]+) \| ([^|]+) \|$/gm)];
    expect(rows.map(([, name, all, digit]) => [name, all, digit])).toEqual(
      found.arms.map(({ name, all, digit }) => [name, withInterval(all), withInterval(digit)]),
    );
  });

  test('T = 20 carries at least four in five of the threes, and beats T = 1 with an interval clear of 0', () => {
    expect(found.arms[0]).toMatchObject({ name: 't-20' });
    expect(found.arms[0]?.digit.mean).toBeGreaterThan(80);
    for (const [gain] of [found.gains.all, found.gains.digit]) {
      expect(gain).toMatchObject({ over: 't-1', verdict: 'BETTER' });
      expect(gain?.low).toBeGreaterThan(0);
      const text = `${gain?.mean.toFixed(1)}`;
      expect(PAGE).toContain(`+${text}`);
    }
  });

  test('the probabilities that it shows are those of its teacher', () => {
    const digits = [0, 1, 7, 8, 5];
    const rows = [...PAGE.matchAll(/^\| T = (\d+) \| (.+) \|$/gm)];
    expect(rows.map(([, temperature]) => Number(temperature))).toEqual([1, 4, 20]);
    for (const [place, [, , cells = '']] of rows.entries()) {
      const shown = cells.split(' | ').map((cell) => Number.parseFloat(cell));
      for (const [i, percent] of shown.entries()) {
        const exact = 100 * (found.medianProbability[place]?.ofDigit[digits[i] ?? 0] ?? 0);
        // As it is printed, to one digit or two.
        expect(Math.abs(percent / exact - 1)).toBeLessThan(0.32);
      }
    }
  });

  test('README says the same', () => {
    const rounded = (value: number | undefined) => value?.toFixed(0);
    const readme = read('README.md').replaceAll(/\s+/g, ' ');
    const { mean, interval } = found.arms[0]?.digit ?? { mean: 0 };
    expect(readme).toContain(`**${rounded(mean)} % of the threes without having met one**`);
    expect(readme).toContain(`interval [${rounded(interval?.low)}, ${rounded(interval?.high)}] over ten seeds`);
    const t1 = found.arms.find(({ name }) => name === 't-1')?.digit;
    expect(readme).toContain(
      `${rounded(t1?.mean)} % [${rounded(t1?.interval?.low)}, ${rounded(t1?.interval?.high)}], from the teacher's predicted class ` +
        `${rounded(found.arms.find(({ name }) => name === 'hard-labels')?.digit.mean)} %`,
    );
  });
});
