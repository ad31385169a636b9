import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { FileError, OptionError } from '../../src/errors/failures.js';
import { packRightRows } from '../../src/experiments/arm-result.js';
import type { Arm, ArmRun } from '../../src/experiments/arm-run.js';
import { describeEnvironment } from '../../src/experiments/environment.js';
import { type ExperimentOutcome, runExperiment } from '../../src/experiments/experiment.js';
import {
  compareArms,
  experimentRecord,
  readExperimentRecord,
  writeExperimentRecord,
} from '../../src/experiments/experiment-record.js';
import type { ExperimentRecord, RunEnvironment } from '../../src/experiments/experiment-record.schema.js';
import { packAnswers } from '../../src/experiments/kept-answers.js';
import { sealed } from '../../src/files/sealed-json.js';
import { usualThreads } from '../../src/runtime/threads.js';
import { runModule, temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();

/** kd is 2 points over no-teacher on seeds 1 … 5, give or take 0.2; 100 rows a run. */
const RIGHT: Record<string, readonly number[]> = {
  kd: [82, 80, 84, 79, 81],
  'no-teacher': [80, 78, 81, 77, 79],
  'hard-labels': [81, 81, 83, 80, 80],
};
const run: ArmRun = async (arm, seed) => {
  const right = RIGHT[arm.name]?.[seed - 1] as number;
  const losses = { hard: 0.5, soft: Number.NaN };
  return {
    score: right / 100,
    parameters: 3190,
    right: packRightRows(Array.from({ length: 100 }, (_, row) => row < right)),
    curve: [{ epoch: 1, step: 9, loss: 0.5 + seed, losses, metrics: { accuracy: 0.8 } }],
  };
};
const arms: Arm[] = [{ name: 'kd', alpha: 0.9 }, { name: 'no-teacher' }, { name: 'hard-labels' }];
const experiment = (seeds: number[]): Promise<ExperimentOutcome> =>
  runExperiment({ name: 'digits', arms, seeds, settings: { steps: 9 }, run });

const controls = { noTeacher: 'no-teacher', hardLabels: 'hard-labels' };
const date = new Date('2024-06-07T08:09:10Z');
let environment: RunEnvironment;
let record: ExperimentRecord;

beforeAll(async () => {
  environment = await describeEnvironment({ threads: 2 });
  record = experimentRecord({
    outcome: await experiment([1, 2, 3, 4, 5]),
    question: 'Does the teacher help?',
    headline: { arm: 'kd', controls },
    comparisons: [
      { arm: 'hard-labels', over: 'no-teacher' },
      { arm: 'kd', over: 'no-teacher' },
    ],
    descriptions: { kd: 'soft targets at T = 2' },
    environment,
    date,
    command: 'retort primer --seeds 5',
    data: { train: { name: 'mnist', rows: 800 }, evaluation: { name: 'mnist-test', rows: 100 } },
    teacher: { name: '784-16-10', score: 95.1, parameters: 12_730, isPerSeed: false },
    evidence: {
      classes: ['zero', 'one'],
      confusion: [
        {
          by: 'kd',
          seed: 1,
          counts: [
            [40, 10],
            [8, 42],
          ],
        },
      ],
      softened: [
        {
          by: 'teacher',
          example: { id: 'test-7', label: 1, image: { width: 1, height: 2, pixels: 'AP8=' } },
          at: [{ temperature: 4, probabilities: [0.3, 0.7] }],
        },
      ],
      onlyRight: [
        {
          ...{ arm: 'kd', over: 'no-teacher', seed: 1, onlyArm: 2, onlyOther: 0, rows: 100 },
          examples: [
            { example: { id: 'test-80', text: 'a text' }, answers: [{ by: 'kd', label: 0, probability: 0.6 }] },
          ],
        },
      ],
    },
  });
});

describe('experimentRecord', () => {
  test('has the number of threads, given or usual', async () => {
    expect(record.environment.threads).toBe(2);
    expect((await describeEnvironment({})).threads).toBe(usualThreads());
  });

  test('has mean, spread and interval of every arm in percent', () => {
    const [kd] = record.arms;
    // by hand: 82 80 84 79 81 has mean 81.2, sd √(14.8 / 4) = 1.923538, half-width 2.776445 · sd / √5 = 2.388392
    expect(kd).toMatchObject({
      name: 'kd',
      description: 'soft targets at T = 2',
      settings: { alpha: 0.9 },
      parameters: 3190,
    });
    expect(kd?.scores).toEqual([82, 80, 84, 79, 81]);
    expect(kd?.mean).toBeCloseTo(81.2, 9);
    expect(kd?.sd).toBeCloseTo(1.923538, 6);
    // witness: NumPy's two-way layout of the table of rows × seeds: 7.389649 from rows; √(2.388392² + 7.389649²) = 7.766037
    expect(kd?.interval?.over).toBe('seeds and rows');
    expect(kd?.interval?.low).toBeCloseTo(81.2 - 7.766037, 4);
    expect(kd?.interval?.high).toBeCloseTo(81.2 + 7.766037, 4);
    expect(kd?.curve?.[0]?.loss).toBe(1.5);
    expect(kd?.seconds).toHaveLength(5);
  });

  test('compares the headline arm with its controls first, each pair once', () => {
    expect(record.gains.map(({ arm, over }) => `${arm} over ${over}`)).toEqual([
      'kd over no-teacher',
      'kd over hard-labels',
      'hard-labels over no-teacher',
    ]);
    // by hand: differences 2 2 3 2 2 have mean 2.2, sd 0.447214, half-width 0.555289; witness: NumPy, 1.168697 from rows
    expect(record.headline?.text).toBe(
      'BETTER: +2.2 points over no-teacher, 95 % interval [0.9, 3.5] (± 0.6 from 5 paired seeds, ± 1.2 from 100 rows)',
    );
    expect(record.gains[0]?.text).toBe(record.headline?.text);
    expect(record.softTargets?.helped).toBe(false);
    expect(record.softTargets?.text).toContain('not compared with shuffled-teacher, label-smoothing');
  });

  test('with one seed has intervals over rows and McNemar instead of a verdict', async () => {
    const outcome = await experiment([3]);
    const single = experimentRecord({ outcome, question: '?', headline: { arm: 'kd', controls }, environment, date });
    // witness: scipy.stats.binomtest(84, 100).proportion_ci(method='wilson') = 0.755794, 0.899047
    expect(single.arms[0]?.interval?.over).toBe('rows');
    expect(single.arms[0]?.interval?.low).toBeCloseTo(75.5794, 3);
    expect(single.arms[0]?.interval?.high).toBeCloseTo(89.9047, 3);
    expect(single.arms[0]).not.toHaveProperty('sd');
    // by hand: kd has rows 81, 82, 83 besides, no-teacher none, so p = 2 · 2⁻³
    expect(single.gains[0]?.mcnemar).toEqual({ onlyArm: 3, onlyOther: 0, rows: 100, p: 0.25 });
    expect(single.headline?.text).toMatch(/^CAN'T TELL: \+3\.0 points .*McNemar p = 0\.250 over 100 rows/);
    expect(compareArms(outcome, 'no-teacher', 'kd').mcnemar).toEqual({ onlyArm: 0, onlyOther: 3, rows: 100, p: 0.25 });
  });

  test('takes the smallest effect it is given', async () => {
    const outcome = await experiment([1, 2, 3, 4, 5]);
    const headline = { arm: 'kd', controls };
    const large = experimentRecord({ outcome, question: '?', headline, smallestEffect: 4, environment, date });
    expect(large.gains[0]).toMatchObject({ verdict: 'BETTER', small: true, smallestEffect: 4 });
  });

  test('names the arms there are where one is asked for that was not run', async () => {
    const outcome = await experiment([1]);
    expect(() => compareArms(outcome, 'kd', 'label-smoothing')).toThrow(OptionError);
    expect(() => compareArms(outcome, 'kd', 'label-smoothing')).toThrow(
      'digits: wanted one of its arms: kd, no-teacher, hard-labels, got label-smoothing',
    );
  });
});

describe('an experiment of another metric', () => {
  /** Two classes of 100 rows, 30 of them positive; kd misses fewer of these. F1 = 2 TP / (2 TP + FP + FN), by hand. */
  const MISSED: Record<string, readonly number[]> = { kd: [10, 12, 8, 11, 9], 'no-teacher': [14, 16, 13, 14, 14] };
  const f1Of = (missed: number) => (2 * (30 - missed)) / (2 * (30 - missed) + missed);
  const labels = Int32Array.from({ length: 100 }, (_, row) => (row < 30 ? 1 : 0));
  const byF1: ArmRun = async (arm, seed) => {
    const missed = MISSED[arm.name]?.[seed - 1] as number;
    const logits = Float32Array.from({ length: 200 }, (_, i) => {
      const says = i >> 1 >= missed && i >> 1 < 30 ? 1 : 0;
      return i % 2 === says ? 1 : 0;
    });
    return {
      score: f1Of(missed),
      metrics: { f1: f1Of(missed), accuracy: 1 - missed / 100 },
      parameters: 10,
      answers: packAnswers({ logits, classes: 2, labels }),
    };
  };
  const ran = (seeds: number[]) =>
    runExperiment({ name: 'pairs', metric: 'f1', arms: [{ name: 'kd' }, { name: 'no-teacher' }], seeds, run: byF1 });
  const question = '?';
  const headline = { arm: 'kd', controls: { noTeacher: 'no-teacher' } };

  test('is judged by it, and keeps the others beside it', async () => {
    const f1 = experimentRecord({ outcome: await ran([1, 2, 3, 4, 5]), question, headline, environment, date });
    expect(f1.metric).toBe('f1');
    expect(f1.arms[0]?.scores[0]).toBeCloseTo(80, 9); // 40 / (40 + 10)
    expect(f1.arms[0]?.metrics?.accuracy).toEqual([90, 88, 92, 89, 91]);
    expect(f1.headline?.text).toMatch(/^BETTER: \+11\.0 points of F1 over no-teacher, /);
    const differences = [10, 12, 8, 11, 9].map((kd, i) => f1Of(kd) - f1Of(MISSED['no-teacher']?.[i] ?? 0));
    expect(f1.gains[0]?.mean).toBeCloseTo(differences.reduce((sum, d) => sum + 100 * d, 0) / 5, 9);
    const path = join(root, 'f1.json');
    await writeExperimentRecord(path, f1);
    expect(await readExperimentRecord(path)).toEqual(f1);
  });

  test('with one seed has intervals over resampled rows, and none where answers were not kept', async () => {
    const outcome = await ran([1]);
    const single = experimentRecord({ outcome, question, headline, environment, date });
    const [kd] = single.arms;
    expect(kd?.interval?.over).toBe('rows');
    expect(kd?.interval?.low).toBeLessThan(80);
    expect(kd?.interval?.high).toBeGreaterThan(80);
    // kd answers right all that the other does: whatever the rows, it is no worse.
    expect(single.gains[0]?.resampled?.low).toBeGreaterThanOrEqual(0);
    expect(single.gains[0]).not.toHaveProperty('mcnemar');
    const arms = outcome.arms.map((arm) => ({
      ...arm,
      runs: arm.runs.map((one) => ({ ...one, result: { score: one.result.score, parameters: 1 } })),
    }));
    const bare = experimentRecord({ outcome: { ...outcome, arms }, question, headline, environment, date });
    expect(bare.arms[0]).not.toHaveProperty('interval');
    expect(bare.headline?.text).toMatch(/^CAN'T TELL: .* which says nothing about the next; run 5/);
  });

  test('an interval ends where the metric does', async () => {
    const run: ArmRun = async ({ name }, seed) => ({
      score: name === 'kd' ? 1 - 0.01 * seed : 0.03 * seed,
      parameters: 1,
    });
    const arms = [{ name: 'kd' }, { name: 'no-teacher' }];
    const outcome = await runExperiment({ name: 'sure', metric: 'accuracy', arms, seeds: [0, 1, 4], run });
    const [kd, plain] = experimentRecord({ outcome, question, headline, environment, date }).arms;
    expect(kd?.interval?.high).toBe(100);
    expect(kd?.interval?.low).toBeLessThan(98);
    expect(plain?.interval?.low).toBe(0);
  });

  test('may have negative scores', async () => {
    const run: ArmRun = async ({ name }, seed) => ({ score: name === 'kd' ? 0.02 * seed : -0.03, parameters: 1 });
    const arms = [{ name: 'kd' }, { name: 'no-teacher' }];
    const outcome = await runExperiment({ name: 'cola', metric: 'matthews', arms, seeds: [1, 2, 3], run });
    const cola = experimentRecord({ outcome, question, headline, environment, date });
    // by hand: 2, 4, 6 against -3 each
    expect(cola.arms.map(({ mean }) => mean)).toEqual([4, -3]);
    expect(cola.headline?.text).toBe(
      "CAN'T TELL: +7.0 points of Matthews' correlation over no-teacher, 95 % interval over seeds alone [2.0, 12.0], 3 paired " +
        'seeds; the predictions per row are not known, so nothing follows for other rows',
    );
  });
});

describe('a record of version 1', () => {
  test('is read as one of accuracies', async () => {
    const path = fileURLToPath(new URL('../report/primer-5-seeds.json', import.meta.url));
    const then = JSON.parse(readFileSync(path, 'utf8'));
    const now = await readExperimentRecord(path);
    expect(then.version).toBe(1);
    expect(now).toMatchObject({ version: 3, metric: 'accuracy' });
    expect(now.arms.map(({ scores }) => scores)).toEqual(
      then.arms.map((arm: { accuracies: number[] }) => arm.accuracies),
    );
    expect(now.teacher?.score).toBe(then.teacher.accuracy);
    // Its rows are not known: what was BETTER over seeds alone tells nothing of other rows.
    expect(then.gains.some(({ verdict }: { verdict: string }) => verdict === 'BETTER')).toBe(true);
    for (const [i, { verdict, low, high, fromRows }] of now.gains.entries()) {
      expect({ verdict, fromRows }).toEqual({ verdict: "CAN'T TELL", fromRows: undefined });
      expect(low).toBeCloseTo(then.gains[i].low, 9);
      expect(high).toBeCloseTo(then.gains[i].high, 9);
    }
    expect(now.headline?.text).toBe(now.gains[0]?.text);
    expect(now.softTargets?.helped).toBe(false);
  });
});

describe('a record of version 2', () => {
  /** As 0.1.0 wrote it, with intervals over seeds alone, into a folder of its own. */
  const asThen = (name: string) => {
    const folder = join(root, name);
    mkdirSync(folder);
    const gains = record.gains.map(({ fromSeeds, fromRows: _rows, rows: _count, ...gain }) => ({
      ...gain,
      ...(fromSeeds !== undefined && { low: gain.mean - fromSeeds, high: gain.mean + fromSeeds }),
      verdict: 'BETTER',
      text: 'BETTER, over seeds alone',
    }));
    const path = join(folder, 'experiment.json');
    const past = { name: 'past-best', text: 'kd has +1.2 points over no-teacher, 95 % interval [0.7, 1.8]', fix: '-' };
    const other = { name: 'no-labels', text: 'none', fix: '-' };
    writeFileSync(path, JSON.stringify({ ...record, version: 2, gains, warnings: [past, other] }));
    return path;
  };

  test('is judged anew by the rows that its results have, as a new one is', async () => {
    for (const results of ['results.jsonl', 'experiment.jsonl']) {
      const path = asThen(`then-${results}`);
      const file = join(dirname(path), results);
      await runExperiment({
        name: 'digits',
        arms,
        seeds: [1, 2, 3, 4, 5],
        settings: { steps: 9 },
        run,
        resultsFile: file,
      });
      const now = await readExperimentRecord(path);
      expect(now.gains).toEqual(record.gains);
      expect(now.arms).toEqual(record.arms);
      expect(now.headline).toEqual(record.headline);
      expect(now.softTargets).toEqual(record.softTargets);
      // Chosen by what is reported, and withdrawn.
      expect(now.warnings?.map(({ name }) => name)).toEqual(['no-labels']);
    }
  });

  test("can't tell where results are gone", async () => {
    const now = await readExperimentRecord(asThen('alone'));
    expect(now.gains.map(({ verdict }) => verdict)).toEqual(["CAN'T TELL", "CAN'T TELL", "CAN'T TELL"]);
    expect(now.arms[0]?.interval?.over).toBe('seeds');
  });
});

describe('a record on disk', () => {
  test('is read as it was written, numbers that are none included', async () => {
    const path = join(root, 'record.json');
    await writeExperimentRecord(path, record);
    expect(await readExperimentRecord(path)).toEqual(record);
    expect(record.arms[0]?.curve?.[0]?.losses).toEqual({ hard: 0.5, soft: Number.NaN });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ format: 'retort-experiment', version: 3 });
    expect(record.environment.cores).toBeGreaterThan(0);
    expect(record.date).toBe('2024-06-07T08:09:10.000Z');
  });

  test('is refused where a number of it was changed', async () => {
    const path = join(root, 'changed.json');
    await writeExperimentRecord(path, record);
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(/"scores": \[\s*[\d.]+/, '"scores": [99');
    expect(changed).not.toBe(text);
    writeFileSync(path, changed);
    await expect(readExperimentRecord(path)).rejects.toThrow(
      `${path}: wanted the recorded values with their checksum (sha256), got changed values`,
    );
    writeFileSync(path, text.replaceAll('\n', '\r\n'));
    expect(await readExperimentRecord(path)).toEqual(record);
  });

  test.each<[string, (json: Record<string, unknown>) => object | null]>([
    [
      ': wanted format version 3 or older, got version 4; use a newer retort',
      (json) => ({ ...json, version: 4, news: 1 }),
    ],
    [': format: wanted the record of an experiment', (json) => ({ ...json, format: 'retort-run' })],
    [': wanted a file written by retort', (json) => ({ ...json, news: 1 })],
    [
      ': arms.0.scores.0: wanted a file written by retort',
      (json) => ({ ...json, arms: [{ ...record.arms[0], scores: [101] }] }),
    ],
    [': wanted the record of an experiment', () => null],
  ])('is refused where it is something else%s', async (text, change) => {
    const path = join(root, 'other.json');
    const changed = change(JSON.parse(JSON.stringify(record)));
    writeFileSync(path, JSON.stringify(changed && sealed(changed)));
    await expect(readExperimentRecord(path)).rejects.toBeInstanceOf(FileError);
    await expect(readExperimentRecord(path)).rejects.toThrow(`${path}${text}`);
  });

  test('is refused where it is no JSON or not there', async () => {
    const path = join(root, 'torn.json');
    writeFileSync(path, JSON.stringify(record).slice(0, 100));
    await expect(readExperimentRecord(path)).rejects.toThrow(`${path}: wanted JSON, got invalid JSON`);
    await expect(readExperimentRecord(join(root, 'none'))).rejects.toThrow('wanted an existing file');
  });

  test('is read and written without autograd or ONNX Runtime', async () => {
    const { stdout, stderr } = await runModule(`
      import { register } from 'node:module';
      const hooks = 'export async function load(url, context, next) { console.error(url); return next(url, context); }';
      register('data:text/javascript,' + encodeURIComponent(hooks));
      await import('DIST/experiments/experiment-record.js');
      console.log('loaded');
    `).ended;
    expect(stdout).toBe('loaded\n');
    expect(stderr).toContain('/dist/experiments/verdict.js');
    expect(stderr.split('\n').filter((url) => /\/dist\/(autograd|nn|runtime|models)\/|onnxruntime/.test(url))).toEqual(
      [],
    );
  });
});
