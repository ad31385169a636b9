import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { packRightRows } from '../../src/experiments/arm-result.js';
import { writeExperimentRecord } from '../../src/experiments/experiment-record.js';
import { packAnswers } from '../../src/experiments/kept-answers.js';
import { compareRuns } from '../../src/report/compare.js';
import { type RunRecord, writeRunRecord } from '../../src/training/run/run-record.js';
import { temporaryFolder } from '../files/processes.js';
import { smallRecord } from './records.js';

const root = temporaryFolder();
let folders = 0;

type RunOf = { readonly seed: number; readonly accuracy?: number } & Partial<RunRecord>;

/** A finished run as `runTraining` leaves it, 100 rows of evaluation, in a folder of this name. */
async function run(name: string, { seed, accuracy, ...more }: RunOf, options = {}): Promise<string> {
  const folder = join(root, String(folders++), name);
  mkdirSync(folder, { recursive: true });
  await writeRunRecord(join(folder, 'metrics.json'), {
    retort: '0.1.0',
    node: '20.20.2',
    onnxruntime: '1.30.0',
    seed,
    parameters: 3190,
    data: { train: { name: 'mnist train', rows: 800 }, evaluation: { name: 'mnist test', rows: 100 } },
    options: { method: 'supervised', seed, initialWeights: `drawn with ${seed}`, ...options },
    warnings: [],
    steps: 10,
    seconds: 1,
    stoppedEarly: false,
    metrics: accuracy === undefined ? {} : { accuracy, loss: 1 },
    epochs: [],
    kept: [],
    ...more,
  });
  return folder;
}

async function experiment(
  record: Parameters<typeof writeExperimentRecord>[1],
  results: object[] = [],
): Promise<string> {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  await writeExperimentRecord(join(folder, 'experiment.json'), record);
  if (results.length > 0) {
    writeFileSync(join(folder, 'results.jsonl'), results.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
  return folder;
}

const LABELS = Uint8Array.from({ length: 100 }, (_, row) => row % 10);

/** A run that kept its predictions: all rows are right but these. */
async function predicting(name: string, seed: number, wrong: readonly number[], options: object): Promise<string> {
  const folder = await run(name, { seed, accuracy: 1 - wrong.length / 100 }, options);
  const classes = Array.from(LABELS, (label, row) => (wrong.includes(row) ? (label + 1) % 10 : label));
  writeFileSync(join(folder, 'predictions.txt'), `${classes.join('\n')}\n`);
  return folder;
}

const KD = [0.82, 0.8, 0.84, 0.79, 0.81];
const PLAIN = [0.8, 0.78, 0.81, 0.77, 0.79];
const withKd = { method: 'hinton' };

describe('compareRuns', () => {
  test('takes runs that differ in seed and threads alone for one arm, and pairs the seeds whatever their order', async () => {
    const kd = await Promise.all(
      KD.map((accuracy, i) => run(`kd-${i + 1}`, { seed: i + 1, accuracy }, { ...withKd, threads: i + 1 })),
    );
    const plain = await Promise.all(PLAIN.map((accuracy, i) => run(`plain-seed${i + 1}`, { seed: i + 1, accuracy })));
    const { arms, gains, notes, text } = await compareRuns([...kd, ...plain.reverse()]);
    expect(arms.map(({ name, seeds }) => [name, seeds])).toEqual([
      ['kd', [1, 2, 3, 4, 5]],
      ['plain', [5, 4, 3, 2, 1]],
    ]);
    // by hand: differences 2 2 3 2 2, mean 2.2, half-width 0.555
    expect(gains).toHaveLength(1);
    expect(gains[0]?.text).toMatch(
      /^CAN'T TELL: \+2\.2 points over plain, 95 % interval over seeds alone \[1\.6, 2\.8\], 5 paired seeds; /,
    );
    expect(notes).toEqual([expect.stringContaining('which rows kd and plain predict right is not known')]);
    expect(text).toContain(
      "These 5 seeds alone cannot tell whether kd is better than plain.\n  CAN'T TELL: +2.2 points",
    );
    expect(text).toMatch(/kd +5 +81\.20 +1\.92 +3,190/);
  });

  test('judges runs that kept their predictions by seeds and rows', async () => {
    const words = await Promise.all(
      [1, 2, 3, 4, 5].flatMap((seed) => [
        predicting('kd', seed, [seed], withKd),
        predicting('plain', seed, [seed, ...Array.from({ length: seed > 2 ? 20 : 19 }, (_, i) => 10 + i)], {}),
      ]),
    );
    const { gains, notes } = await compareRuns(words, { labels: LABELS });
    expect(notes).toEqual([]);
    // witness: SciPy, 0.680087 from the seeds' 19 19 20 20 20; NumPy's two-way layout, 7.744996 from rows
    expect(gains[0]?.text).toBe(
      'BETTER: +19.6 points over plain, 95 % interval [11.8, 27.4] (± 0.7 from 5 paired seeds, ± 7.7 from 100 rows)',
    );
  });

  test('compares the first with each of the others, on the seeds that both have', async () => {
    const a = await Promise.all([1, 2, 3].map((seed) => run('a', { seed, accuracy: 0.8 + seed / 100 }, withKd)));
    const b = await Promise.all([2, 3, 4].map((seed) => run('b', { seed, accuracy: 0.8 })));
    const c = await run('c', { seed: 9, accuracy: 0.7 }, { method: 'other' });
    const { gains, notes } = await compareRuns([...a, ...b, c]);
    expect(gains.map(({ arm, over, seeds }) => [arm, over, seeds])).toEqual([['a', 'b', 2]]);
    expect(notes).toEqual([
      'a and b are compared on the seeds that both have: 2 and 3',
      expect.stringContaining('which rows a and b predict right is not known'),
      'a and c have no seed in common (1, 2, 3 and 9), so they cannot be compared: run both on the same seeds',
    ]);
  });

  test("with one seed can't tell, and gives McNemar's p where predictions and labels are there", async () => {
    const words = [await predicting('a', 1, [7], withKd), await predicting('b', 1, [0, 1, 2, 3, 4, 7], {})];
    const { gains } = await compareRuns(words, { labels: LABELS });
    // witness: scipy.stats.binomtest(5, 5).pvalue = 0.0625
    expect(gains[0]?.mcnemar).toEqual({ onlyArm: 5, onlyOther: 0, rows: 100, p: 0.0625 });
    expect(gains[0]?.text).toContain("CAN'T TELL: +5.0 points over b with one seed");
    const changed = LABELS.with(50, 9);
    expect((await compareRuns(words, { labels: changed })).gains[0]?.mcnemar).toBeUndefined();
    const without = await compareRuns(words);
    expect(without.gains[0]?.mcnemar).toBeUndefined();
    expect(without.notes).toEqual([
      expect.stringContaining('which rows a and b predict right is not known, so nothing can be said about other rows'),
    ]);
  });

  test('of one experiment says what it says itself', async () => {
    const record = smallRecord([82, 80, 84, 79, 81], [80, 78, 81, 77, 79]);
    const { arms, gains, text } = await compareRuns([await experiment(record)]);
    expect(arms.map(({ name }) => name)).toEqual(['kd', 'no-teacher']);
    expect(gains).toEqual(record.gains);
    expect(text).toContain('kd is better than no-teacher.');
  });

  test('of several experiments compares arms of one name', async () => {
    const now = await experiment(smallRecord([82, 80, 84, 79, 81], [80, 80, 80, 80, 80]));
    const then = await experiment(smallRecord([80, 78, 81, 77, 79], [80, 80, 80, 80, 80]));
    const { gains } = await compareRuns([now, join(then, 'experiment.json')]);
    expect(gains.map(({ arm, over, mean, verdict }) => [arm, over, Number(mean.toFixed(6)), verdict])).toEqual([
      [`kd (${now}/experiment.json)`, `kd (${then}/experiment.json)`, 2.2, "CAN'T TELL"],
      [`no-teacher (${now}/experiment.json)`, `no-teacher (${then}/experiment.json)`, 0, "CAN'T TELL"],
    ]);
  });

  test('compares by the metric of the experiment, or by another that its arms were scored by', async () => {
    const record = smallRecord([86, 84, 85], [83, 82, 83], { metric: 'f1' });
    const [kd, plain] = record.arms;
    if (kd === undefined || plain === undefined) throw new Error('there are two arms');
    const arms = [
      { ...kd, metrics: { f1: kd.scores, accuracy: [70, 71, 72.03] } },
      { ...plain, metrics: { f1: plain.scores, accuracy: [70, 71.03, 72] } },
    ];
    const folder = await experiment({ ...record, arms });
    const byF1 = await compareRuns([`${folder}#kd`, `${folder}#no-teacher`]);
    // by hand: differences 3 2 2
    expect(byF1.metric).toBe('f1');
    expect(byF1.gains[0]?.text).toContain('+2.3 points of F1 over no-teacher');
    expect(byF1.text).toMatch(/^arm +seeds +mean F1, % +sd +parameters/);
    const byAccuracy = await compareRuns([folder], { metric: 'accuracy' });
    expect(byAccuracy.arms.map(({ scores }) => scores)).toEqual([
      [70, 71, 72.03],
      [70, 71.03, 72],
    ]);
    expect(
      byAccuracy.gains.map(({ over, verdict, mean }) => [over, verdict, Math.abs(Number(mean.toFixed(9)))]),
    ).toEqual([['no-teacher', "CAN'T TELL", 0]]);
    await expect(compareRuns([folder], { metric: 'matthews' })).rejects.toThrow(
      "#kd: wanted an arm with Matthews' correlation, got one with f1, accuracy; compare runs with the same metric",
    );
  });

  test('takes the first metric that training runs were scored by', async () => {
    const metrics = (pearson: number) => ({ metrics: { pearson, spearman: 0.5, loss: 1 } });
    const kd = await run('kd', { seed: 1, ...metrics(0.9) }, withKd);
    const plain = await run('plain', { seed: 1, ...metrics(-0.1) });
    const { metric, gains, notes } = await compareRuns([kd, plain]);
    expect([metric, gains[0]?.mean]).toEqual(['pearson', 100]);
    expect(notes).toEqual(['the predictions of kd and plain are not known, so nothing can be said about other rows']);
  });

  test('with one seed of another metric compares resampled rows, if the results have them', async () => {
    const said = (missed: number) => {
      const labels = Int32Array.from({ length: 100 }, (_, row) => (row < 30 ? 1 : 0));
      const logits = Float32Array.from({ length: 200 }, (_, i) => {
        const says = i >> 1 >= missed && i >> 1 < 30 ? 1 : 0;
        return i % 2 === says ? 1 : 0;
      });
      return packAnswers({ logits, classes: 2, labels });
    };
    const line = (arm: string, missed: number) => ({
      ...{ type: 'run', arm, seed: 1, seconds: 1, peakRssBytes: 1 },
      result: { score: 0.8, parameters: 1, answers: said(missed) },
    });
    const record = smallRecord([80], [69.6], { metric: 'f1' });
    const folder = await experiment(record, [line('kd', 10), line('no-teacher', 14)]);
    const { gains } = await compareRuns([`${folder}#kd`, `${folder}#no-teacher`]);
    // kd answers right all that the other does
    expect(gains[0]?.resampled).toMatchObject({ rows: 100 });
    expect(gains[0]?.resampled?.low).toBeGreaterThanOrEqual(0);
    expect(gains[0]?.text).toContain('over 100 resampled rows');
  });

  test('picks an arm of an experiment by #, beside runs, with its rows from the results', async () => {
    const right = (rows: number) => packRightRows(Array.from({ length: 100 }, (_, row) => row < rows));
    const line = (arm: string, rows: number) => ({
      ...{ type: 'run', arm, seed: 1, seconds: 1, peakRssBytes: 1 },
      result: { score: rows / 100, parameters: 1, right: right(rows) },
    });
    const data = { train: { name: 'mnist train', rows: 800 }, evaluation: { name: 'mnist test', rows: 100 } };
    const folder = await experiment(smallRecord([84], [81], { data }), [line('kd', 84), line('no-teacher', 81)]);
    const { gains } = await compareRuns([`${folder}#no-teacher`, `${folder}#kd`]);
    // by hand: kd has rows 81, 82, 83 besides, no-teacher none, so p = 2 · 2⁻³
    expect(gains[0]?.mcnemar).toEqual({ onlyArm: 0, onlyOther: 3, rows: 100, p: 0.25 });
    const plain = await run('plain', { seed: 1, accuracy: 0.8 });
    expect((await compareRuns([`${folder}#kd`, plain])).gains[0]?.mean).toBeCloseTo(4, 9);
    await expect(compareRuns([folder, plain])).rejects.toThrow(
      `wanted one arm of the experiment, to compare it with something else, got all of kd, no-teacher; name one: ${folder}/experiment.json#kd`,
    );
    await expect(compareRuns([`${folder}#dk`, plain])).rejects.toThrow(
      'wanted one of its arms: kd, no-teacher, got dk',
    );
    await expect(compareRuns([`${plain}#kd`, plain])).rejects.toThrow('leave #kd out');
  });

  test('says what else differs', async () => {
    const data = { train: { name: 'mnist train', rows: 60_000 }, evaluation: { name: 'mnist test', rows: 100 } };
    const a = await run('a', { seed: 1, accuracy: 0.9, data, onnxruntime: '1.31.0' }, withKd);
    const b = await run('b', { seed: 1, accuracy: 0.8 });
    const { notes } = await compareRuns([a, b]);
    expect(notes).toContain(
      "trained on different amounts of data (a on 60,000 rows, b on 800 rows): the difference is not the method's alone",
    );
    expect(notes).toContain(
      'made by different versions: retort 0.1.0 with ONNX Runtime 1.31.0 and retort 0.1.0 with ONNX Runtime 1.30.0',
    );
    const unknown = await experiment(smallRecord([84], [81]));
    expect((await compareRuns([`${unknown}#kd`, b])).notes).toContain(
      'what kd was scored on is not recorded: check that it is the same',
    );
  });

  test.each<[string, () => Promise<string[]>, string]>([
    [
      'another test set',
      async () => [
        await run('a', { seed: 1, accuracy: 0.9 }, withKd),
        await run('b', {
          ...{ seed: 1, accuracy: 0.8 },
          data: { train: { name: 'mnist train', rows: 800 }, evaluation: { name: 'mnist test', rows: 99 } },
        }),
      ],
      'a and b: wanted scores on the same rows, got 100 rows of mnist test and 99 rows of mnist test; evaluate both',
    ],
    [
      'a test set of other contents',
      async () => [
        await run('a', { seed: 1, accuracy: 0.9 }, { evaluationData: { sample: 'abc' } }),
        await run('b', { seed: 1, accuracy: 0.8 }, { evaluationData: { sample: 'abd' } }),
      ],
      'got 100 rows of mnist test and 100 rows of mnist test with other contents',
    ],
    [
      'other training data',
      async () => [
        await run('a', { seed: 1, accuracy: 0.9 }, withKd),
        await run('b', {
          ...{ seed: 1, accuracy: 0.8 },
          data: { train: { name: 'letters', rows: 800 }, evaluation: { name: 'mnist test', rows: 100 } },
        }),
      ],
      'wanted training on the same data, got 800 rows of mnist train and 800 rows of letters',
    ],
    [
      'the same run twice',
      async () => [await run('a', { seed: 1, accuracy: 0.9 }), await run('b', { seed: 1, accuracy: 0.9 })],
      'b: wanted different runs, got the same options and seed as in ',
    ],
    [
      'one arm alone',
      async () => [await run('a-1', { seed: 1, accuracy: 0.9 }), await run('a-2', { seed: 2, accuracy: 0.9 })],
      'compare: wanted at least two arms, got a alone, with several seeds',
    ],
    [
      'a run without accuracy',
      async () => [await run('a', { seed: 1 }, withKd), await run('b', { seed: 1, accuracy: 0.9 })],
      'a: wanted a run with accuracy, got one without labelled evaluation data',
    ],
    [
      'experiments without a common arm',
      async () => {
        const other = smallRecord([80], [80]);
        const arms = other.arms.map((arm) => ({ ...arm, name: `other ${arm.name}` }));
        return [await experiment(smallRecord([80], [80])), await experiment({ ...other, arms, gains: [] })];
      },
      'wanted experiments with an arm of the same name',
    ],
  ])('refuses %s', async (_, words, message) => {
    const compared = compareRuns(await words());
    await expect(compared).rejects.toBeInstanceOf(OptionError);
    await expect(compared).rejects.toThrow(message);
  });

  test('takes runs of one seed from different given weights for two arms', async () => {
    const a = await run('a', { seed: 1, accuracy: 0.9 }, { initialWeights: 'given' });
    const b = await run('b', { seed: 1, accuracy: 0.8 }, { initialWeights: 'others' });
    expect((await compareRuns([a, b])).gains[0]).toMatchObject({ arm: 'a', over: 'b', seeds: 1 });
  });

  test('names what is no record', async () => {
    const empty = join(root, 'empty');
    mkdirSync(empty);
    await expect(compareRuns([empty])).rejects.toThrow(
      'wanted the folder of an experiment or of a finished run, with experiment.json or metrics.json, got one with neither',
    );
    await expect(compareRuns([join(root, 'none')])).rejects.toThrow('wanted an existing file');
  });
});
