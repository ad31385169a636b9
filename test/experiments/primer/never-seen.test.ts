import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadMnist } from '../../../src/data/mnist.js';
import { mnistDataset } from '../../../src/data/mnist-dataset.js';
import { FileError, InterruptedError, OptionError } from '../../../src/errors/failures.js';
import { packRightRows } from '../../../src/experiments/arm-result.js';
import { readExperimentRecord, writeExperimentRecord } from '../../../src/experiments/experiment-record.js';
import { type NeverSeenOptions, runNeverSeen } from '../../../src/experiments/primer/never-seen.js';
import { NEVER_SEEN_ARMS, NEVER_SEEN_STUDENT } from '../../../src/experiments/primer/never-seen-arms.js';
import { neverSeenData } from '../../../src/experiments/primer/never-seen-data.js';
import { outcomeOn } from '../../../src/experiments/primer/never-seen-findings.js';
import { finishedRuns } from '../../../src/experiments/results-file.js';
import { loadModel } from '../../../src/models/saved-model.js';
import { withEvaluator } from '../../../src/training/evaluation/evaluate.js';
import { temporaryFolder } from '../../files/processes.js';
import { primerRecord } from '../../report/records.js';
import { fakeMnist } from './fake-mnist.js';

const root = temporaryFolder();
const dataDir = fakeMnist(join(root, 'data'), 1500, 300);
let count = 0;
const newDir = (): string => join(root, `never-seen-${count++}`);
const run = (outputDir: string, more: Partial<NeverSeenOptions> = {}) =>
  runNeverSeen({ outputDir, dataDir, seeds: 2, workers: 1, ...more });
const NAMES = NEVER_SEEN_ARMS.map(({ name }) => name);

describe('neverSeenData', () => {
  test('students get no image of the digit, and without labels where a teacher labels them', async () => {
    const { train, test: images } = await loadMnist(dataDir);
    const data = await neverSeenData(dataDir, { withoutDigit: 7, scoredOn: 'test' });
    const sevens = train.labels.filter((label) => label === 7).length;
    expect(sevens).toBeGreaterThan(50);
    expect(data.all.size).toBe(1500);
    expect(data.others.size).toBe(1500 - sevens);
    const rows = Uint32Array.from({ length: data.others.size }, (_, row) => row);
    const [labelled, unlabelled] = [data.others.batch(rows), data.unlabelled.batch(rows)];
    expect(Array.from(labelled.labels?.data ?? []).map(Number)).toEqual(
      Array.from(train.labels).filter((d) => d !== 7),
    );
    expect(unlabelled.labels).toBeUndefined();
    const pixelsOf = (batch: typeof labelled) => Buffer.from(batch.inputs.pixels?.data as Uint8Array);
    expect(pixelsOf(unlabelled).equals(pixelsOf(labelled))).toBe(true);
    expect(Array.from(data.digitRows, (row) => images.labels[row])).toEqual(
      Array.from(images.labels).filter((label) => label === 7),
    );
  });

  test('with validation images nobody trains on what is scored', async () => {
    const large = fakeMnist(join(root, 'large'), 10_400, 100);
    const { all, scored, split } = await neverSeenData(large, { withoutDigit: 3, scoredOn: 'validation' });
    expect([all.size, scored.size]).toEqual([400, 10_000]);
    expect(split.name).toBe('train 400-10399');
  });
});

describe('runNeverSeen', () => {
  test('gives every arm on all images and on the digit, the teacher and gains over paired seeds', async () => {
    const dir = newDir();
    const found = await run(dir);
    expect(found.digit).toBe(3);
    expect(found.arms.map(({ name }) => name)).toEqual(NAMES);
    expect(found.student).toEqual({ name: '784-64-10', parameters: 50_890 }); // 784 · 64 + 64 + 64 · 10 + 10
    expect(found.teacher).toMatchObject({ name: '784-300-10', parameters: 238_510 }); // 784 · 300 + 300 + 300 · 10 + 10
    const byName = Object.fromEntries(found.arms.map((arm) => [arm.name, arm]));
    // Labels without the digit cannot carry it, whatever else they do; labels of all digits can.
    expect(byName.labels?.digit.mean).toBe(0);
    expect(byName['all-digits']?.digit.mean).toBeGreaterThan(80);
    const pairs = NAMES.filter((name) => name !== 't-20');
    for (const of of ['all', 'digit'] as const) {
      expect(found.gains[of].map(({ over }) => over).toSorted()).toEqual(pairs.toSorted());
      expect(found.gains[of][0]?.over).toBe('t-1');
      for (const { over, mean, rows } of found.gains[of]) {
        expect(mean).toBeCloseTo((byName['t-20']?.[of].mean ?? 0) - (byName[over]?.[of].mean ?? 0), 8);
        expect(rows).toBe(of === 'all' ? 300 : found.images.digit);
      }
    }
  });

  test('the record that it goes into is read as it was written, and damaged it is refused', async () => {
    const neverSeen = await run(newDir(), { seeds: 1 });
    const path = join(root, 'experiment.json');
    const record = { ...primerRecord(), neverSeen };
    await writeExperimentRecord(path, record);
    expect(await readExperimentRecord(path)).toEqual(record);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"digit": 3', '"digit": 4'));
    await expect(readExperimentRecord(path)).rejects.toThrow(FileError);
  });

  test('what it says of the digit is what the kept students predict for its images', async () => {
    const dir = newDir();
    const found = await run(dir, { seeds: 1, withoutDigit: 5 });
    const { test: images } = await loadMnist(dataDir);
    const fives = Array.from(images.labels.keys()).filter((row) => images.labels[row] === 5);
    expect(found.images.digit).toBe(fives.length);
    for (const [place, { name, digit }] of found.arms.entries()) {
      const { model, weights } = await loadModel(join(dir, 'runs', `${name}-42`));
      const { classes } = await withEvaluator({ model, data: mnistDataset(images), threads: 1 }, (evaluator) =>
        evaluator.predict(weights),
      );
      const right = fives.filter((row) => classes[row] === 5).length;
      expect(digit.mean).toBeCloseTo((100 * right) / fives.length, 8);
      expect(found.examples.map(({ example }) => Number(example.id))).toEqual(fives.slice(0, 12));
      expect(found.examples.map(({ answers }) => answers[place])).toEqual(
        fives.slice(0, 12).map((row) => ({ by: name, label: classes[row] })),
      );
    }
    expect(found.gains.digit[0]).toMatchObject({ verdict: "CAN'T TELL", mcnemar: { rows: fives.length } });
    // Only the first seed's students are kept.
    await run(dir, { seeds: 2, withoutDigit: 5, resume: true });
    expect(existsSync(join(dir, 'runs', 't-20-43'))).toBe(false);
  });

  test('stopped and resumed, it comes to the same', async () => {
    const { seconds: _whole, ...whole } = await run(newDir());
    const dir = newDir();
    const stop = new AbortController();
    const stopped = run(dir, {
      signal: stop.signal,
      onEvent: (each) => {
        if (each.type === 'experiment' && each.event.type === 'run-end' && each.event.finished === 4) stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
    expect(await finishedRuns(join(dir, 'results.jsonl'))).toHaveLength(4);
    const { seconds: _resumed, ...resumed } = await run(dir, { resume: true });
    expect(resumed).toEqual(whole);
    await expect(run(dir, { resume: true, withoutDigit: 4 })).rejects.toThrow(/withoutDigit: wanted 3, .* got 4/);
    await expect(run(dir, { resume: true, training: { epochs: 5 } })).rejects.toThrow(OptionError);
  });

  test.each([
    [{ withoutDigit: 10 }, OptionError, 'withoutDigit: wanted an integer from 0 to 9, got 10'],
    [{ withoutDigit: 2.5 }, OptionError, 'withoutDigit: wanted an integer from 0 to 9, got 2.5'],
    [{ seeds: 0 }, OptionError, 'seeds: wanted an integer ≥ 1, got 0'],
    [{ dataDir: fakeMnist(join(root, 'tiny'), 40, 1), withoutDigit: 9 }, FileError, 'name another digit'],
  ])('refuses %j', async (more, kind, message) => {
    const failed = run(newDir(), more);
    await expect(failed).rejects.toThrow(kind);
    await expect(failed).rejects.toThrow(message);
  });
});

test('outcomeOn scores an experiment on some of its rows', () => {
  // Four rows, right on the first and the last: of rows 1 and 3 a half.
  const right = packRightRows([1, 0, 0, 1]);
  const run = { arm: 'a', seed: 1, seconds: 1, peakRssBytes: 1, result: { score: 0.5, parameters: 9, right } };
  const arms = [{ arm: { name: 'a' }, runs: [run], scores: [50] }];
  const outcome = {
    name: 'x',
    metric: 'accuracy',
    seeds: [1],
    settings: {},
    arms,
    seconds: 1,
    peakRssBytes: 1,
  } as const;
  const [on] = outcomeOn(outcome, Uint32Array.of(0, 1, 3)).arms;
  expect(on?.scores[0]).toBeCloseTo(200 / 3, 10);
  expect(on?.runs[0]?.result).toMatchObject({ parameters: 9, right: packRightRows([1, 0, 1]) });
});

describe('its settings', () => {
  test('the learning rate is the best of those that were tried on validation images, in the mean over the arms', () => {
    type Trial = { learningRate: number; arms: { name: string; all: number[] }[] };
    const { trials, firstSeed, seeds } = JSON.parse(readFileSync('results/never-seen-search.json', 'utf8')) as {
      trials: Trial[];
      firstSeed: number;
      seeds: number;
    };
    const total = ({ arms }: Trial) => arms.flatMap(({ all }) => all).reduce((sum, value) => sum + value, 0);
    const best = trials.reduce((a, b) => (total(b) > total(a) ? b : a));
    expect(best.learningRate).toBe(NEVER_SEEN_STUDENT.learningRate);
    for (const { arms } of trials) expect(arms.map(({ name }) => name)).toEqual(NAMES);
    // Not among the ten that are reported, from 42 on.
    expect(firstSeed).toBeGreaterThan(42 + 10);
    expect(seeds).toBe(3);
  });
});
