import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import type { ExperimentRecord } from '../../src/experiments/experiment-record.schema.js';
import { judge } from '../../src/experiments/verdict.js';
import { reportHtml } from '../../src/report/html.js';
import { runModule } from '../files/processes.js';
import { attributes, firstUnclosed, starts, textOf } from './page-checks.js';
import { primerRecord, smallRecord } from './records.js';

const LIMIT = 500_000;
const record = primerRecord();
const page = reportHtml(record);
const text = textOf(page);

/** Puts a string in place of every string of a record that a user or a file may choose. */
function everywhere(value: unknown, hostile: string, path = ''): unknown {
  const fixed = /\.(format|date|metric|verdict|over|pixels|node|onnxruntime)$/;
  if (typeof value === 'string') return fixed.test(path) ? value : `${hostile}${value}`;
  if (Array.isArray(value)) return value.map((one) => everywhere(one, hostile, path));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const isFree = /\.(settings|losses)$/.test(path);
      return [isFree ? `${hostile}${key}` : key, everywhere(one, hostile, `${path}.${key}`)];
    }),
  );
}

describe('reportHtml', () => {
  test('says the verdict, its reason and the figures in words', () => {
    expect(text).toContain('retort is better than retort-no-teacher.');
    expect(text).toContain(record.gains[0]?.text.replace('BETTER: ', '') ?? '-');
    expect(text).toContain('The whole interval lies above 0.');
    expect(text).toContain(record.softTargets?.text ?? '-');
    expect(text).toContain('All seeds share one teacher, so the results hold for this teacher.');
  });

  test.each([
    // by hand: differences 2 2 3 2 2, interval [1.6, 2.8]
    [[82, 80, 84, 79, 81], [80, 78, 81, 77, 79], 'BETTER', 'kd is better than no-teacher.'],
    // differences 1 2 −1: mean 0.67, sd 1.53, half-width 4.30 · 1.53 / √3 = 3.79
    [
      [81, 82, 79],
      [80, 80, 80],
      "CAN'T TELL",
      'These 3 seeds on 10,000 rows cannot tell whether kd is better than no-teacher.',
    ],
    // differences −2 −2.2 −1.8: half-width 0.50
    [[78, 77.8, 78.2], [80, 80, 80], 'NO BETTER', 'kd is worse than no-teacher.'],
    [[80.1, 80.11, 80.09], [80, 80, 80], 'BETTER', 'kd is better than no-teacher, but by less than 0.5 points.'],
    [[80.01, 79.99, 80], [80, 80, 80], 'NO BETTER', 'kd is no better than no-teacher.'],
    [[81], [80], "CAN'T TELL", 'One seed cannot tell whether kd is better than no-teacher.'],
  ])('%j against %j is %s: "%s"', (kd, other, verdict, sentence) => {
    const small = smallRecord(kd, other);
    expect(small.gains[0]?.verdict).toBe(verdict);
    const said = textOf(reportHtml(small));
    expect(said).toContain(`${verdict} ${sentence}`);
  });

  test('has every arm, gain, run and cost in tables', () => {
    for (const arm of record.arms) {
      expect(text).toContain(`${arm.name} ${arm.description} ${arm.mean.toFixed(2)}`);
      for (const score of arm.scores) expect(text).toContain(score.toFixed(2));
    }
    for (const { arm, over } of record.gains) expect(text).toContain(`${arm} over ${over}`);
    expect(text).toContain('3,190');
    expect(text).toContain('12,730 parameters');
    expect(text).toContain(`${Math.round(record.peakRssBytes / 2 ** 20)} MiB in one process`);
    expect(text).toContain(record.command ?? '-');
    expect(text).toContain(`Node ${record.environment.node}, ONNX Runtime ${record.environment.onnxruntime}`);
  });

  test('has both parts of each interval, and says which comparison is claimed', () => {
    expect(text).toContain('95 % interval from seeds from rows Verdict');
    for (const { fromSeeds = 0, fromRows = 0 } of record.gains) {
      expect(text).toContain(`± ${fromSeeds.toFixed(1)} ± ${fromRows.toFixed(1)} `);
    }
    expect(text).toContain('The other comparisons are secondary: they are not corrected for multiple comparisons.');
  });

  test('names an interval that is over seeds alone, and what its verdict lacks', () => {
    const alone = judge({ arm: 'kd', over: 'no-teacher', scores: [82, 80, 84], otherScores: [80, 78, 81] });
    const said = textOf(reportHtml(smallRecord([82, 80, 84], [80, 78, 81], { gains: [alone] })));
    expect(said).toContain("CAN'T TELL These 3 seeds alone cannot tell whether kd is better than no-teacher.");
    expect(said).toContain('The variance over rows is not known.');
    expect(said).toContain('[0.9, 3.8] over seeds alone');
  });

  test('draws each run as a dot, each gain with its ends, each arm with its curve, each digit at each temperature', () => {
    const runs = record.arms.length * record.seeds.length;
    expect(page.match(/<circle class="run"/g)).toHaveLength(runs);
    expect(page.match(/<circle class="mean( open)?"/g)).toHaveLength(record.arms.length + record.gains.length);
    expect(page.match(/<h3>/g)).toHaveLength(record.arms.length);
    const { softened = [], onlyRight = [] } = record.evidence ?? {};
    expect(page.match(/class="temperature"/g)).toHaveLength(softened.length * 4);
    expect(starts(page, 'img')).toHaveLength(softened.length + (onlyRight[0]?.examples.length ?? 0));
    expect(text).toContain('Right only with retort');
  });

  test('puts dots where their values are', () => {
    // 80 and 90 of an axis from 80 to 90: 3 % of room at either end
    const [first, second] = [
      ...reportHtml(smallRecord([80, 90], [80, 90])).matchAll(/<circle class="run" cx="([\d.]+)%"/g),
    ].map(([, x]) => Number(x));
    expect([first, second]).toEqual([3, 97]);
  });

  test('stays under 500 kB, the primer and a record with more of everything than anybody has', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(LIMIT);
    const { evidence } = record;
    if (evidence === undefined) throw new Error('the fixture has evidence');
    // Minimal standard generator: noise that no compression makes small.
    let state = 1;
    const random = () => {
      state = (state * 48_271) % (2 ** 31 - 1);
      return state / (2 ** 31 - 1);
    };
    const classes = Array.from({ length: 150 }, (_, i) => `a class with a long name, number ${i}`);
    const arms = record.arms.flatMap((arm) =>
      [1, 2].map((copy) => ({
        ...arm,
        name: `${arm.name} ${copy}`,
        scores: Array.from({ length: 300 }, (_, i) => 50 + (i % 40)),
        seconds: Array.from({ length: 300 }, () => 1),
        curve: Array.from({ length: 10_000 }, (_, i) => ({
          epoch: i,
          step: i,
          loss: random(),
          losses: { a: random(), b: random(), c: random(), d: random(), e: random() },
          metrics: { accuracy: random() },
        })),
      })),
    );
    const noise = (side: number) => ({
      ...{ width: side, height: side },
      pixels: Buffer.from(Array.from({ length: side * side }, () => 256 * random())).toString('base64'),
    });
    const examples = Array.from({ length: 500 }, (_, i) => ({
      example: {
        id: 'row',
        label: 3,
        ...(i % 4 === 0 ? { text: 'a long text '.repeat(10_000) } : { image: noise(64) }),
      },
      answers: [{ by: 'kd', label: 3 }],
    }));
    const huge: ExperimentRecord = {
      ...record,
      seeds: Array.from({ length: 300 }, (_, i) => i),
      settings: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`setting ${i}`, 'x'.repeat(100)])),
      arms,
      evidence: {
        classes,
        confusion: Array.from({ length: 20 }, () => ({ by: 'kd', counts: classes.map(() => classes.map(() => 5)) })),
        softened: Array.from({ length: 50 }, () => ({
          by: 'teacher',
          example: { id: 'row', label: 3, image: noise(200) },
          at: [1, 2, 5, 20].map((temperature) => ({ temperature, probabilities: classes.map(() => 1 / 150) })),
        })),
        onlyRight: Array.from({ length: 10 }, () => ({
          ...{ arm: 'kd', over: 'no-teacher', seed: 1, onlyArm: 500, onlyOther: 3, rows: 10_000 },
          examples,
        })),
      },
    };
    const large = reportHtml(huge);
    expect(Buffer.byteLength(large)).toBeLessThan(LIMIT);
    expect(firstUnclosed(large)).toBeUndefined();
  });

  test('loads nothing and runs nothing', () => {
    const withoutPictures = page.replace(/data:image\/png;base64,[\w+/=]+/g, '');
    expect(withoutPictures).not.toMatch(/https?:|\/\/[a-z]|@import|url\(|<script|<link|<iframe|<object|\son\w+=/i);
    for (const source of attributes(page, 'src')) expect(source).toMatch(/^data:image\/png;base64,[\w+/]+=*$/);
    expect(attributes(page, 'href')).toEqual([]);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;`);
  });

  test.each([
    '"><script>alert(1)</script>',
    `x" onload="alert(1)`,
    `x' onload='alert(1)`,
    '</title></style></svg><img src=x onerror=alert(1)>',
    '&lt;b&gt;<!--',
    '`\u0000\u202E\uD800',
  ])('shows %j as text wherever a record has a string', (hostile) => {
    const bad = reportHtml(everywhere(record, hostile) as ExperimentRecord);
    const shown = hostile.replace(/[^\P{Cc}\t\n\r]|\p{Cs}/gu, '\uFFFD');
    expect(textOf(bad)).toContain(`${shown}${record.question}`);
    // The same tags in the same order as for letters: no string has become markup.
    const letters = 'x'.repeat(hostile.length);
    const tags = (html: string) => [...html.matchAll(/<\/?[a-zA-Z!][^\s<>/]*/g)].map(([tag]) => tag);
    expect(tags(bad)).toEqual(tags(reportHtml(everywhere(record, letters) as ExperimentRecord)));
    const names = new Set([...bad.matchAll(/\s([a-zA-Z-]+)=(?=")/g)].map(([, name]) => name));
    expect([...names].filter((name) => name?.startsWith('on'))).toEqual([]);
    expect(firstUnclosed(bad)).toBeUndefined();
    // A page of UTF-8 holds no NUL and no half of a surrogate pair.
    expect(bad).not.toMatch(/[^\P{Cc}\t\n\r]|\p{Cs}/u);
    expect(Buffer.byteLength(bad)).toBeLessThan(LIMIT);
  });

  test('is in order, in headings that do not skip a level, with names for pictures and figures', () => {
    expect(firstUnclosed(page)).toBeUndefined();
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    const levels = [...page.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
    for (const image of starts(page, 'img')) expect(image).toMatch(/ alt="Image \d+, class \d"/);
    for (const figure of starts(page, 'svg').filter((inside) => inside.includes('class="chart"'))) {
      expect(figure).toMatch(/role="img" aria-label="[^"]{20,}"/);
    }
    expect(page.match(/<caption>/g)).toHaveLength(starts(page, 'table').length);
    for (const cell of starts(page, 'th')) expect(cell).toMatch(/scope="(col|row)"/);
    const ids = attributes(page, 'id');
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of attributes(page, 'aria-labelledby')) expect(ids).toContain(id);
  });

  test('says what is right and wrong without colour', () => {
    expect(page).toContain('<span class="mark yes" role="img" aria-label="right">✓</span>');
    expect(page).toContain('<span class="mark not" role="img" aria-label="wrong">✗</span>');
    expect(page).toMatch(/\.line1\{[^}]*stroke-dasharray/);
    expect(page).toMatch(/\.chart \.class\.right\{[^}]*underline/);
  });

  test('reads on paper, in the dark and on a phone', () => {
    expect(page).toContain('@media (prefers-color-scheme:dark)');
    expect(page).toContain('@media print');
    expect(page).toMatch(/@media \(max-width:\d+rem\)/);
    // Text in figures keeps its size: only curves are in a picture that is stretched, and there is no text in it.
    for (const [, inside = ''] of page.matchAll(/viewBox[^>]*>([\s\S]*?)<\/svg>/g))
      expect(inside).not.toContain('<text');
  });

  test('leaves out what a record does not have', () => {
    const bare = smallRecord([81], [80]);
    const { headline: _headline, ...none } = { ...bare, gains: [] };
    for (const [one, absent] of [
      [bare, ['id="softened"', 'id="curves"', 'id="confusion"', 'only-right', 'Every run', '<pre><code>']],
      [none, ['id="gains"', 'class="verdict']],
    ] as const) {
      const said = reportHtml(one);
      expect(firstUnclosed(said)).toBeUndefined();
      expect(textOf(said)).not.toMatch(/undefined|NaN|null|false|\[object/);
      for (const part of absent) expect(said).not.toContain(part);
    }
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  test('names another metric wherever it has numbers, and has columns for all that was measured', () => {
    const bare = smallRecord([86, 84], [83, 82], {
      metric: 'matthews',
      teacher: { name: 'T', score: 60, isPerSeed: false },
    });
    const curve = [1, 2].map((step) => ({ epoch: step, step, loss: 1, losses: {}, metrics: { matthews: step / 10 } }));
    const arms = bare.arms.map((arm) => ({ ...arm, curve, metrics: { matthews: arm.scores, accuracy: [90, 92] } }));
    const page = reportHtml({ ...bare, arms });
    const said = textOf(page);
    for (const part of [
      'The teacher is T (Matthews × 100: 60.00)',
      "Matthews' correlation of each arm times 100",
      'Accuracy, %',
      '91.00 ± 1.41', // by hand: 90 and 92
      "Gains in points (Matthews' correlation times 100) over 2 paired seeds",
      "Matthews' correlation times 100 by seed",
      'Matthews × 100 20.0',
    ]) {
      expect(said).toContain(part);
    }
    expect(page).toMatch(/aria-label="Matthews&#39; correlation of kd times 100: /);
    expect(said).not.toContain('Accuracy in percent');
    expect(firstUnclosed(page)).toBeUndefined();
  });

  test('draws a regression as dots beside the line of what is right, and the rows that are farthest', () => {
    const text = '"><script>alert(1)</script>';
    const scores = {
      answers: [
        {
          by: 'teacher',
          points: [
            [0, 1],
            [4, 3],
          ] as [number, number][],
        },
        {
          by: 'kd',
          seed: 1,
          points: [
            [0, 0],
            [4, 4],
          ] as [number, number][],
        },
      ],
      ...{ rows: 900, arm: 'kd', seed: 1 },
      furthest: [{ example: { id: '7', score: 4.5, text }, answers: [{ by: 'teacher', score: 4.25 }] }],
    };
    const none = { classes: [], confusion: [], softened: [], onlyRight: [] };
    const page = reportHtml(smallRecord([80], [81], { metric: 'pearson', evidence: { ...none, scores } }));
    // by hand: of an axis from 0 to 4 a row of 4 is at the right end, its answer 3 at a quarter from the top
    expect(page).toContain('<circle class="run" cx="100%" cy="25%" r="2.2"/>');
    expect(page).toContain('<circle class="run" cx="0%" cy="100%" r="2.2"/>');
    expect(textOf(page)).toContain('Each dot is a row, 2 of 900 in all');
    expect(textOf(page)).toMatch(/row 7: 4\.50\s*teacher 4\.25/);
    expect(page).not.toContain('<script');
    expect(firstUnclosed(page)).toBeUndefined();
  });

  test('breaks a curve where the loss is not finite', () => {
    const losses = (value: number) => ({ hard: value });
    const point = (step: number, loss: number) => ({ epoch: step, step, loss, losses: losses(loss), metrics: {} });
    const [kd, other] = smallRecord([80, 81], [80, 80]).arms;
    if (kd === undefined || other === undefined) throw new Error('there are two arms');
    const curve = [point(1, 1), point(2, 0.5), point(3, Number.NaN), point(4, 0.5), point(5, 0)];
    const said = reportHtml(smallRecord([80, 81], [80, 80], { arms: [{ ...kd, curve }, other] }));
    expect(said).toContain('d="M0 0L25 50M75 50L100 100"');
  });

  test('is made without autograd or ONNX Runtime', async () => {
    const { stdout, stderr } = await runModule(`
      import { register } from 'node:module';
      const hooks = 'export async function load(url, context, next) { console.error(url); return next(url, context); }';
      register('data:text/javascript,' + encodeURIComponent(hooks));
      await import('DIST/report/html.js');
      await import('DIST/report/markdown.js');
      const { compareRuns } = await import('DIST/report/compare.js');
      await compareRuns([${JSON.stringify(new URL('./primer-5-seeds.json', import.meta.url).pathname)}]);
      console.log('loaded');
    `).ended;
    expect(stdout).toBe('loaded\n');
    expect(stderr).toContain('/dist/report/html.js');
    expect(stderr.split('\n').filter((url) => /\/dist\/(autograd|nn|runtime)\/|onnxruntime/.test(url))).toEqual([]);
  });
});
