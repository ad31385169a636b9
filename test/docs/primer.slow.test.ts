import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { retort, workFolder } from '../cli/command-line.js';

const PAGE = readFileSync(new URL('../../docs/primer.md', import.meta.url), 'utf8');
const commands = [...PAGE.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
  block
    .trim()
    .split('\n')
    .map((line) => line.replace(/^retort /, '')),
);
const ARMS = [
  'article-baseline',
  'article-kd',
  'retort',
  'retort-no-teacher',
  'hard-labels',
  'shuffled-teacher',
  'label-smoothing',
];
const root = workFolder();

describe('docs/primer.md', () => {
  test.each(commands)('retort %s', (line) => {
    // The whole primer on one seed: ten would take minutes.
    const { code, stderr } = retort(line.startsWith('primer') ? `${line} --seeds 1` : line, root);
    expect(`${code} ${stderr}`).toMatch(/^0 /);
  });

  test('the figures of seed 42 that it shows are those of its commands', () => {
    const rows = [...PAGE.matchAll(/^\| [^|]+ \| [\d,]+ \| [\d.]+ % \| ([\d.]+) % \|$/gm)].map(([, value]) =>
      Number(value),
    );
    const ran = ['mnist', 'mnist_800', 'mnist_800kd'].map((run) => {
      const metrics = JSON.parse(readFileSync(join(root, 'outputs', run, 'metrics.json'), 'utf8'));
      return Number((100 * metrics.metrics.accuracy).toFixed(2));
    });
    expect(rows).toHaveLength(3);
    // Another kind of processor may round otherwise, and a rounding grows over 520 steps.
    for (const [i, value] of ran.entries()) expect(Math.abs(value - (rows[i] ?? 0))).toBeLessThan(15);
  });

  test('its primer has run seven arms and written a report; resumed, it gives the same figures as JSON', () => {
    const folder = join('outputs', 'primer');
    const record = JSON.parse(readFileSync(join(root, folder, 'seeds', 'experiment.json'), 'utf8'));
    const resumed = retort(`primer --seeds 1 --json --quiet --output_dir ${folder} --resume`, root);
    expect(resumed.stderr).toBe('');
    const figures = JSON.parse(resumed.stdout);
    expect(figures.teacher.params).toBe(12_730); // 784 · 16 + 16 + 16 · 10 + 10
    expect(figures.arms.map(({ name }: { name: string }) => name).toSorted()).toEqual(ARMS.toSorted());
    for (const arm of figures.arms) {
      expect(arm.params).toBe(3190); // 784 · 4 + 4 + 4 · 10 + 10
      expect(arm.accuracies).toEqual([arm.seed42]);
      expect(arm.accuracies).toEqual(record.arms.find(({ name }: { name: string }) => name === arm.name).scores);
      expect(arm.sd).toBeNull();
    }
    // One seed decides nothing.
    for (const gain of figures.gains) expect(gain).toMatchObject({ low: null, high: null, verdict: "CAN'T TELL" });
    expect(figures.peakRssBytes).toBeGreaterThan(2 ** 20);
    const page = join(root, folder, 'report.html');
    expect(statSync(page).size).toBeLessThan(500_000);
    expect(readFileSync(page, 'utf8')).toContain('retort-no-teacher');
    // The second act: in the JSON, in the record and at the head of the report.
    expect(figures.neverSeen.arms.map(({ name }: { name: string }) => name)).toContain('t-20');
    expect(record.neverSeen.arms.map(({ digit }: { digit: { mean: number } }) => digit.mean)).toEqual(
      figures.neverSeen.arms.map(({ digit }: { digit: { mean: number } }) => digit.mean),
    );
    expect(readFileSync(page, 'utf8')).toContain('<h1>Can a student that never saw a 3 recognise one?</h1>');
  });

  test('the report that it asks for is there', () => {
    expect(existsSync(join(root, 'outputs', 'primer-again.html'))).toBe(true);
  });
});
