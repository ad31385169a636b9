/** @file Plans of distillations of word models; what is timed is given, so that figures can be reckoned by hand. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { runDistillation } from '../../src/experiments/distillation/distill.js';
import type { DistillOptions } from '../../src/experiments/distillation/distill-options.js';
import { distillationSettings } from '../../src/experiments/distillation/distillation-design.js';
import { type DistillationPlan, isWorthTiming, planDistillation } from '../../src/experiments/distillation/plan.js';
import { hinton } from '../../src/methods/hinton.js';
import { patientKd } from '../../src/methods/pkd.js';
import { supervised } from '../../src/methods/supervised.js';
import { takd } from '../../src/methods/takd.js';
import { tinyBert } from '../../src/methods/tinybert.js';
import type { Model } from '../../src/models/model.js';
import { ngram } from '../../src/models/ngram.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { endpointTeacher } from '../../src/outside/chat/endpoint-teacher.js';
import { cachedTeacher } from '../../src/teachers/cached-teacher.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { fitNgrams } from '../../src/tokenizers/fit-ngrams.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import type { RunCosts } from '../../src/training/estimate/measure-run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { smallBert } from '../data/small-bert.js';
import { words, wordTable } from '../data/words.js';
import { data, startOf, student, train } from './small-student.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-plan-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const teacherOf = (layers: number): Teacher => {
  const model = smallBert(layers);
  const weights = initialiseParameters(model.parameters, 7);
  return modelTeacher(
    { path: 'teacher', model, weights, labelNames: train.labelNames, contentHash: 'teacher' },
    { threads: 1 },
  );
};

const options = (outputDir: string, more: Partial<DistillOptions> = {}): DistillOptions => ({
  teacher: teacherOf(4),
  student,
  data,
  method: hinton(),
  controls: ['no-teacher', 'hard-labels', 'shuffled-teacher'],
  seeds: 2,
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 3,
  batchSize: 8,
  threads: 1,
  outputDir: join(scratch, outputDir),
  ...more,
});

/** A run takes 1 s to open, 0.6 s a step, 2 s an evaluation and 0.25 s to open that. */
const COSTS: RunCosts = {
  secondsToOpen: 1,
  step: { fixed: 0.6, perWork: 0, largest: 1 },
  secondsToOpenEvaluation: 0.25,
  evaluation: { fixed: 2, perWork: 0, largest: 1 },
  secondsToRead: 0,
  secondsPerCheck: 0.5,
  peakRssBytes: 1e8,
};
function fakeMeasure(measured: RunOptions[] = []) {
  return async (run: RunOptions): Promise<RunCosts> => {
    measured.push(run);
    return COSTS;
  };
}
const stepsOf = ({ arms }: DistillationPlan) => arms.map(({ name, runs, steps }) => [name, runs, steps]);

/** By hand, 32 rows in 3 epochs of 4 steps: 1 + 0.25 to open, 12 · 0.6 + 3 · 2, and 0.25 + 2 to score. */
const RUN_SECONDS = 1.25 + 7.2 + 6 + 2.25;
/** Two looks at the gradients of two sides, and their graph. */
const LOOK_SECONDS = 1 + 2 * 0.5;

test('a student that is fitted takes no steps, and nothing of it is timed', async () => {
  const table = wordTable('train', 32);
  const tokenizer = ngramTokenizer(fitNgrams(table.texts));
  const model = ngram({ vocab_size: tokenizer.vocabularySize, num_labels: train.labelNames.length });
  const read = (rows: typeof table) => textDataset(rows, tokenizer, { model });
  const weights = initialiseParameters(model.parameters, 7);
  const saved = { path: 'linear', model, weights, labelNames: train.labelNames, contentHash: 'linear' };
  const asked = options('fitted', {
    teacher: modelTeacher(saved, { threads: 1 }),
    student: startOf(model),
    data: { train: read(table), evaluation: read(wordTable('dev', 8, { seed: 2 })) },
    controls: ['no-teacher', 'linear'],
    fit: {},
  });
  const measured: RunOptions[] = [];
  const plan = await planDistillation(asked, { isTimed: true, measure: fakeMeasure(measured) });
  expect(measured).toEqual([]);
  expect(stepsOf(plan)).toEqual([
    ['hinton', 2, 0],
    ['no-teacher', 2, 0],
    ['linear', 2, 0],
  ]);
  // By the letters of its texts, as the baseline.
  const [own, , baseline] = plan.arms.map(({ seconds = Number.NaN }) => seconds);
  expect(own).toBeGreaterThan(0);
  expect(own).toBeCloseTo(baseline as number, 1);
  expect(plan.peakRssBytes).toBeUndefined();
  expect(isWorthTiming(plan)).toBe(false);
});

// What is compiled takes long on a machine that does other work.
describe('planDistillation', () => {
  // Of a million rows it takes most of a second, and --dry_run is to answer at once.
  test('does not wait for the hash of the data, which what is compared on resuming does', async () => {
    const hashed: string[] = [];
    const watched = (data: Dataset): Dataset => {
      const { text } = data;
      if (text === undefined) return data;
      const { ids } = text.table;
      const table = Object.defineProperty({ ...text.table }, 'ids', {
        enumerable: true,
        get: () => {
          hashed.push(data.name);
          return ids;
        },
      });
      return { ...data, text: { ...text, table } };
    };
    const asked = options('watched', { data: { train: watched(data.train), evaluation: watched(data.evaluation) } });
    await planDistillation(asked, { isTimed: false });
    expect(hashed).toEqual([]);
    await distillationSettings(asked);
    expect(hashed).toEqual(['train', 'dev']);
  });

  test('steps, runs, time, memory and disk, of arms that cost the same once; no folder is made', async () => {
    const measured: RunOptions[] = [];
    const plan = await planDistillation(options('plain'), { isTimed: true, measure: fakeMeasure(measured) });
    expect(stepsOf(plan)).toEqual([
      ['hinton', 2, 12],
      ['no-teacher', 2, 12],
      ['hard-labels', 2, 12],
      ['shuffled-teacher', 2, 12],
    ]);
    // The outputs are there: no loss on them takes longer than another.
    expect(measured.map(({ method }) => method.name)).toEqual(['hinton']);
    expect([plan.runs, plan.steps, plan.peakRssBytes]).toEqual([8, 96, 1e8]);
    const [method, noTeacher] = plan.arms.map(({ stages }) => stages[0]?.seconds);
    // A small model is written in no time.
    expect(noTeacher).toBeCloseTo(RUN_SECONDS - 2.25, 2);
    expect(method).toBeCloseTo(RUN_SECONDS - 2.25 + LOOK_SECONDS, 2);
    expect(plan.arms[1]?.seconds).toBeGreaterThanOrEqual(RUN_SECONDS);
    const runs = plan.arms.reduce((sum, arm) => sum + arm.runs * (arm.seconds ?? 0), 0);
    const outputs = plan.labelling.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
    expect(outputs).toBeGreaterThan(0);
    // The two students of the report are scored once more.
    expect(plan.seconds).toBeGreaterThanOrEqual(runs + outputs + 2 * 2.25);
    expect(plan.labelling.map(({ rows, unanswered }) => [rows, unanswered])).toEqual([
      [32, 32],
      [16, 16],
    ]);
    const parameters = student.model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    expect(plan.parameters).toBe(parameters);
    const files = [...words.files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    // Two students stay, of method and no-teacher; a state has Adam's two slots more, and lies there twice.
    expect(plan.disk.modelBytes).toBe(2 * (4 * parameters + files));
    // A header of 80 and a checksum of 32 bytes (answer-shard.ts), 16 a key, 4 a logit of two classes.
    expect(plan.disk.answerBytes).toBe(2 * (48 + 32) + 48 * (16 + 8));
    const { modelBytes, answerBytes, logBytes, mostBytes } = plan.disk;
    const underWay = 2 * (3 * 4 * parameters + files) + (4 * parameters + files);
    expect(mostBytes).toBe(modelBytes + answerBytes + logBytes + underWay);
    expect(existsSync(join(scratch, 'plain'))).toBe(false);
  });

  test('a shuffled teacher within the step costs what the method does, on the tokens of two rows', async () => {
    const measured: RunOptions[] = [];
    const traced = options('traced', { method: patientKd(), student: startOf(smallBert(2)) });
    const byToken = { ...COSTS, step: { fixed: 0, perWork: 0.001, largest: Number.POSITIVE_INFINITY } };
    const measure = async (run: RunOptions) => {
      measured.push(run);
      return byToken;
    };
    const plan = await planDistillation(traced, { isTimed: true, measure });
    expect(measured.map(({ method }) => method.name)).toEqual(['pkd', 'supervised']);
    const [method, , , shuffled] = plan.arms.map(({ stages }) => stages[0]?.secondsPerStep ?? 0);
    expect(shuffled).toBeGreaterThan(method as number);
    // hard-labels asks for the training rows, though the method does not.
    expect(plan.labelling.map(({ rows }) => rows)).toEqual([32, 16]);
  });

  test('really measured, with what each stage of tinybert learns from', async () => {
    const real = options('tinybert', { method: tinyBert({ intermediateShare: 0.5 }), controls: ['shuffled-teacher'] });
    const plan = await planDistillation(real, { isTimed: true });
    for (const { stages } of plan.arms) {
      expect(stages.map(({ name }) => name)).toEqual(['intermediate', 'prediction']);
      for (const { secondsPerStep, seconds } of stages) {
        expect(secondsPerStep).toBeGreaterThan(0);
        expect(seconds).toBeGreaterThan(0);
      }
    }
    expect(plan.seconds).toBeGreaterThan(0);
    expect(existsSync(join(scratch, 'tinybert'))).toBe(false);
  });

  test('a teacher that is trained first is a part of all figures', async () => {
    // Nothing but what is given here is timed: neither the outputs of the teacher nor the reading of weights.
    const asked = options('taught', { controls: [], teacher: { ...teacherOf(4), remembers: true } });
    const run: RunOptions = {
      model: smallBert(4),
      method: supervised(),
      data: { train: data.train, evaluation: data.evaluation },
      ...{ optimizer: adam({ learningRate: 0.01 }), epochs: 50, batchSize: 8, seed: 1, outputDir: 'nowhere' },
    };
    const how = { isTimed: true, measure: fakeMeasure(), now: () => 0 };
    const [alone, taught] = [
      await planDistillation(asked, how),
      await planDistillation(asked, { ...how, teacherRun: run }),
    ];
    // By hand: 50 epochs of 4 steps, each evaluated; epochs of 4.4 s have their state saved, of a size written in no time.
    expect(taught.teacher?.seconds).toBeCloseTo(1.25 + 200 * 0.6 + 50 * 2, 1);
    expect(taught.seconds).toBeGreaterThan(taught.teacher?.seconds ?? 0);
    expect((taught.seconds ?? 0) - (alone.seconds ?? 0)).toBeGreaterThan(200);
    expect(taught.disk.modelBytes - alone.disk.modelBytes).toBe(taught.teacher?.disk.modelBytes);
    expect(isWorthTiming(taught)).toBe(true);
    expect(isWorthTiming(alone)).toBe(false);
    const folds = await planDistillation(asked, { ...how, teacherRun: run, teacherRuns: 5 });
    const teacher = taught.teacher ?? { seconds: 0, disk: { modelBytes: 0 } };
    expect((folds.seconds ?? 0) - (taught.seconds ?? 0)).toBeCloseTo(4 * (teacher.seconds ?? 0), 1);
    expect(folds.disk.modelBytes - taught.disk.modelBytes).toBe(4 * teacher.disk.modelBytes);
    const untimed = await planDistillation(asked, { isTimed: false, teacherRun: run });
    expect([untimed.teacher?.steps, untimed.seconds]).toEqual([200, undefined]);
  });

  test('takd: assistant and student, each with its own size', async () => {
    const chain = options('takd', {
      method: takd(),
      teacher: teacherOf(8),
      assistants: [startOf(smallBert(4))],
      student: startOf(smallBert(2)),
      controls: [],
    });
    const plan = await planDistillation(chain, { isTimed: true });
    const count = (model: Model) => model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    expect(plan.arms[0]?.stages.map(({ name, parameters, steps }) => [name, parameters, steps])).toEqual([
      ['assistant-1', count(smallBert(4)), 12],
      ['student', count(smallBert(2)), 12],
    ]);
  });

  test('untimed it has no times, and answers that are kept and runs that are finished are left out', async () => {
    const begun = options('begun', { seeds: 1, controls: ['no-teacher'] });
    const cold = await planDistillation(begun, { isTimed: false });
    expect([cold.seconds, cold.peakRssBytes]).toEqual([undefined, undefined]);
    expect(isWorthTiming(cold)).toBe(false);
    expect([199, 200].map((steps) => isWorthTiming({ steps }))).toEqual([false, true]);
    await runDistillation(begun);
    const before = readFileSync(join(scratch, 'begun', 'results.jsonl'), 'utf8');
    const measured: RunOptions[] = [];
    const more = { ...begun, seeds: 2, resume: true, controls: ['no-teacher', 'hard-labels'] as const };
    const plan = await planDistillation(more, { isTimed: true, measure: fakeMeasure(measured) });
    expect(plan.arms.map(({ runs, finished }) => [runs, finished])).toEqual([
      [1, 1],
      [1, 1],
      [2, 0],
    ]);
    expect(plan.labelling.map(({ unanswered, seconds, bytes }) => [unanswered, seconds, bytes])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    // The students of the first seed are there.
    expect(plan.disk.modelBytes).toBe(0);
    const over = await planDistillation({ ...begun, resume: true }, { isTimed: true, measure: fakeMeasure() });
    expect([over.runs, over.steps, over.seconds]).toEqual([0, 0, undefined]);
    expect(readFileSync(join(scratch, 'begun', 'results.jsonl'), 'utf8')).toBe(before);
  });

  test('a plan before the work changes no bit of it', async () => {
    const one = options('unplanned', { seeds: 1 });
    await runDistillation(one);
    const other = options('planned', { seeds: 1 });
    await planDistillation(other, { isTimed: true });
    await runDistillation(other);
    for (const file of ['runs/hinton-1/last.ckpt/model.safetensors', 'runs/no-teacher-1/last.ckpt/model.safetensors']) {
      expect(readFileSync(join(scratch, 'planned', file))).toEqual(readFileSync(join(scratch, 'unplanned', file)));
    }
    const answers = (name: string) => readdirSync(join(scratch, name, 'answers'), { recursive: true }).sort();
    expect(answers('planned')).toEqual(answers('unplanned'));
  });
});

describe('a plan of labelling', () => {
  test('an endpoint is not asked: rows and cost by its prices, and nothing is written', async () => {
    const log = join(scratch, 'endpoint', 'log.jsonl');
    const endpoint = endpointTeacher({
      // Nobody listens there: a request would fail.
      url: 'http://127.0.0.1:9/v1',
      model: 'm',
      labelNames: train.labelNames,
      prompt: '{text}',
      prices: { input: 1000, output: 10_000 },
      log,
    });
    const timed = { isTimed: true, measure: fakeMeasure() };
    const plan = await planDistillation(
      options('asked', { teacher: endpoint, method: hinton({ temperature: 1 }) }),
      timed,
    );
    const texts = [...new Set(wordTable('train', 32).texts)];
    const of = plan.labelling[0];
    expect([of?.rows, of?.unanswered, of?.seconds]).toEqual([texts.length, texts.length, undefined]);
    // A token is four bytes, a message has four more, an answer eight at most.
    const tokens = texts.reduce((sum, text) => sum + Math.ceil(Buffer.byteLength(text) / 4) + 4, 0);
    expect(of?.cost).toBeCloseTo((tokens * 1000 + texts.length * 8 * 10_000) / 1e6, 9);
    expect(plan.cost).toBeGreaterThan(of?.cost ?? 0);
    expect(existsSync(join(scratch, 'endpoint'))).toBe(false);
    const limited = endpointTeacher({
      url: 'http://127.0.0.1:9/v1',
      model: 'm',
      labelNames: train.labelNames,
      requestsPerMinute: 30,
      log,
    });
    const minutes = await limited.plan?.(train, { signals: ['logits'], isTimed: true });
    expect(minutes?.seconds).toBe(2 * texts.length);
  });

  test('answers that are tried are not kept; those that are kept are found', async () => {
    const folder = join(scratch, 'cache');
    const teacher = cachedTeacher(teacherOf(2), { folder });
    const request = { signals: ['logits'], isTimed: true } as const;
    const cold = await teacher.plan?.(train, request);
    expect(cold?.unanswered).toBe(cold?.rows);
    expect(cold?.seconds).toBeGreaterThan(0);
    expect(existsSync(folder)).toBe(false);
    await teacher.answer(train, ['logits']);
    expect(await teacher.plan?.(train, request)).toMatchObject({ unanswered: 0, seconds: 0, bytes: 0 });
  });
});
