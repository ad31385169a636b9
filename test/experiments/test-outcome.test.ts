import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packRightRows, type ScoredRows } from '../../src/experiments/arm-result.js';
import type { ArmRun } from '../../src/experiments/arm-run.js';
import { baselineText } from '../../src/experiments/baseline.js';
import { describeEnvironment } from '../../src/experiments/environment.js';
import { runExperiment } from '../../src/experiments/experiment.js';
import {
  experimentRecord,
  readExperimentRecord,
  writeExperimentRecord,
} from '../../src/experiments/experiment-record.js';
import { shippedStudent } from '../../src/experiments/shipping.js';
import { testOutcome } from '../../src/experiments/test-outcome.js';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();

/** Rows right of 100 on the validation split, and of 200 on the test split: kd leads on the first and trails on the other. */
const RIGHT: Record<string, { readonly dev: readonly number[]; readonly test: readonly number[] }> = {
  kd: { dev: [90, 92, 91], test: [140, 142, 141] },
  'no-teacher': { dev: [80, 81, 82], test: [161, 160, 164] },
  linear: { dev: [70, 70, 71], test: [120, 123, 121] },
};
const scored = (right: number, rows: number): ScoredRows => ({
  score: right / rows,
  metrics: { accuracy: right / rows, f1: right / rows / 2 },
  right: packRightRows(Array.from({ length: rows }, (_, row) => row < right)),
});
const runs =
  (hasTest: (arm: string) => boolean): ArmRun =>
  async ({ name }, seed) => {
    const { dev = [], test: tested = [] } = RIGHT[name] ?? {};
    return {
      ...scored(dev[seed - 1] as number, 100),
      ...(hasTest(name) && { test: scored(tested[seed - 1] as number, 200) }),
      parameters: 10,
    };
  };
const experiment = (hasTest: (arm: string) => boolean, file?: string) =>
  runExperiment({
    name: 'distillation',
    arms: Object.keys(RIGHT).map((name) => ({ name })),
    seeds: [1, 2, 3],
    run: runs(hasTest),
    ...(file !== undefined && { resultsFile: file, resume: true }),
  });

const CHEAPEST_FIRST = ['linear', 'no-teacher', 'kd'];
const recordOf = async (outcome: Awaited<ReturnType<typeof experiment>>) =>
  experimentRecord({
    outcome,
    question: 'Does the teacher help?',
    headline: { arm: 'kd', controls: { noTeacher: 'no-teacher' } },
    comparisons: [{ arm: 'kd', over: 'linear' }],
    environment: await describeEnvironment({}),
    date: new Date(0),
    ship: shippedStudent(outcome, CHEAPEST_FIRST),
    data: {
      train: { name: 'reviews', rows: 800 },
      evaluation: { name: 'reviews dev', rows: 100 },
      test: { name: 'reviews test', rows: 200 },
    },
    teacher: { name: 'big', score: 95, test: 85.5, isPerSeed: false },
  });

describe('an experiment with a test split', () => {
  test('chooses by the validation split, and reports the gain of the choice on the test split', async () => {
    const record = await recordOf(await experiment(() => true));
    expect(record.ship).toMatchObject({ arm: 'kd', mean: 91, test: 70.5 });
    const [gain] = record.gains;
    // By hand: 140 − 161, 142 − 160, 141 − 164 of 200 rows are −10.5, −9, −11.5 points.
    expect(gain).toMatchObject({ split: 'test', rows: 200, verdict: 'NO BETTER', worse: true });
    expect(gain?.mean).toBeCloseTo(-31 / 3, 9);
    expect(record.headline?.text).toMatch(
      /^NO BETTER, worse: -10\.3 points against no-teacher on the test split, 95 % interval/,
    );
    const [kd] = record.arms;
    expect(kd).toMatchObject({
      mean: 91,
      test: { scores: [70, 71, 70.5], mean: 70.5, metrics: { f1: [35, 35.5, 35.25] } },
    });
    expect(kd?.test?.interval?.over).toBe('seeds and rows');
    expect(baselineText(record)).toBe('kd beats the linear baseline: 70.50 % against 60.67 %.');
  });

  test('is written and read back, and its runs with it', async () => {
    const file = join(root, 'results.jsonl');
    const first = await experiment(() => true, file);
    const record = await recordOf(first);
    await writeExperimentRecord(join(root, 'experiment.json'), record);
    expect(await readExperimentRecord(join(root, 'experiment.json'))).toEqual(record);
    // Those that are there are not run again.
    const again = await experiment(() => false, file);
    expect(testOutcome(again)?.arms[0]?.scores).toEqual([70, 71, 70.5]);
  });

  test('without one, or where a run has none, stands on the validation split alone', async () => {
    expect(testOutcome(await experiment((arm) => arm !== 'linear'))).toBeUndefined();
    const record = await recordOf(await experiment((arm) => arm !== 'linear'));
    expect(record.gains[0]).toMatchObject({ verdict: 'BETTER', rows: 100 });
    expect([record.gains[0]?.split, record.arms[0]?.test, record.ship?.test]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('reports show the test split, and the validation split apart', async () => {
    const record = await recordOf(await experiment(() => true));
    const page = reportHtml(record).replaceAll(/\s+/g, ' ');
    expect(page).toContain(
      'trained on 800 rows of reviews and scored on 100 rows of reviews dev, then once on 200 rows of reviews test.',
    );
    expect(page).toContain('Scores and gains are on the test split (reviews test), which each run was scored on once.');
    expect(page).toMatch(
      /<th scope="row">kd<\/th><td class="number">70\.50<\/td>.*?<td class="number">91\.00 ± 1\.00<\/td>/,
    );
    expect(page).toContain('over 3 paired seeds on the test split</caption>');
    expect(page).toContain('85.50 % on the test split');
    expect(page).toContain(
      'kd on seed 1: the highest mean, on the validation split (91.00 %). Expect 70.50 % of it, the mean of its 3 seeds on the test split.',
    );
    const markdown = reportMarkdown(record);
    expect(markdown).toContain('| arm | accuracy, % | SD | 95 % interval | validation split | F1, % | parameters |');
    expect(markdown).toMatch(/\| `kd` \| 70\.50 \| 0\.50 \| \[[^\]]+\] \| 91\.00 ± 1\.00 \| 35\.25 ± 0\.25 \| 10 \|/);
    expect(markdown).toContain('What was chosen was chosen on the validation split (reviews dev).');
  });

  test('a score that is none is refused there too', async () => {
    const run: ArmRun = async () => ({ score: 0.5, test: { score: Number.NaN }, parameters: 1 });
    await expect(runExperiment({ name: 'e', arms: [{ name: 'a' }], seeds: [1], run })).rejects.toThrow(
      'score: wanted a number from -1 to 1, got NaN',
    );
  });
});
