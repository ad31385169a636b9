/** @file Methods of several stages in whole runs on texts: what each phase learns, and resuming within each. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { bornAgain } from '../../../src/methods/born-again.js';
import { hinton } from '../../../src/methods/hinton.js';
import type { Method, Phase } from '../../../src/methods/method.js';
import { miniLm } from '../../../src/methods/minilm.js';
import { phased } from '../../../src/methods/phased.js';
import { selfKd } from '../../../src/methods/self-kd.js';
import { supervised } from '../../../src/methods/supervised.js';
import { takd } from '../../../src/methods/takd.js';
import { tinyBert } from '../../../src/methods/tinybert.js';
import type { Model, Weights } from '../../../src/models/model.js';
import { loadModel } from '../../../src/models/saved-model.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adamw } from '../../../src/optim/adamw.js';
import { modelTeacher } from '../../../src/teachers/model-teacher.js';
import type { Assistant, PhasedRunOptions } from '../../../src/training/phases/phase-options.js';
import { runPhases } from '../../../src/training/phases/phased-run.js';
import type { TrainingEvent } from '../../../src/training/run/events.js';
import { runTraining } from '../../../src/training/run/run.js';
import type { RunOptions, RunResult } from '../../../src/training/run/run-options.js';
import { readRunRecord } from '../../../src/training/run/run-record.js';
import { smallBert } from '../../data/small-bert.js';
import { words, wordTable } from '../../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-phases-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sized = (layers: number, hidden_size: number): Model => smallBert(layers, { hidden_size });
const student = sized(1, 4);
const drawn = (model: Model, seed: number): Weights => initialiseParameters(model.parameters, seed);
const data = {
  train: textDataset(wordTable('train', 40), words, { model: student }),
  evaluation: textDataset(wordTable('dev', 20, { seed: 2 }), words, { model: student }),
};
const teacherModel = sized(4, 6);
const teacher = modelTeacher({
  path: 'teacher.ckpt',
  model: teacherModel,
  weights: drawn(teacherModel, 7),
  labelNames: ['negative', 'positive'],
  contentHash: 'teacher',
});

const options = (name: string, method: Method, more: Partial<PhasedRunOptions> = {}): PhasedRunOptions => ({
  model: student,
  weights: drawn(student, 3),
  method,
  ...(method.needs.length > 0 && { teacher }),
  data,
  optimizer: adamw({ learningRate: 0.01 }),
  schedule: 'linear',
  warmupSteps: 4,
  epochs: 4,
  batchSize: 8,
  seed: 5,
  threads: 1,
  outputDir: join(scratch, name),
  ...more,
});

/** The same as a run of one stage, by hand. */
const byHand = (name: string, method: Method, more: Partial<RunOptions>): Promise<RunResult> => {
  const { weights: _weights, teacher: _teacher, assistants: _assistants, ...common } = options(name, method);
  return runTraining({ ...common, data, ...more });
};

describe('runPhases', () => {
  let whole: RunResult;
  const events: TrainingEvent[] = [];
  beforeAll(async () => {
    whole = await runPhases(options('tinybert', tinyBert(), { onEvent: (event) => events.push(event) }));
  });

  test('tinybert ends with the weights of its two stages run by hand', async () => {
    const { train } = data;
    const layers = await byHand('layers', tinyBert({ stage: 'intermediate' }), {
      data: { train },
      ...{ weights: drawn(student, 3), teacher, epochs: 3, schedule: 'constant', warmupSteps: 0 },
    });
    const logits = await byHand('logits', tinyBert({ stage: 'prediction' }), {
      ...{ weights: layers.weights as Weights, teacher, epochs: 1, warmupSteps: 1 },
    });
    expect(whole.weights).toEqual(logits.weights);
    expect(whole.record.epochs.map(({ losses }) => losses)).toEqual(logits.record.epochs.map(({ losses }) => losses));
    expect(whole.record.metrics).toEqual(logits.record.metrics);
  });

  test('what is left is the last phase’s model and record, with the phases listed', async () => {
    const { outputDir } = options('tinybert', tinyBert());
    const record = await readRunRecord(join(outputDir, 'metrics.json'));
    expect(record).toEqual(whole.record);
    // 40 rows in batches of 8: 5 steps an epoch.
    expect(record.phases?.map(({ name, folder, steps }) => [name, folder, steps])).toEqual([
      ['intermediate', 'phase-1-intermediate', 15],
      ['prediction', 'phase-2-prediction', 5],
    ]);
    expect(record.steps).toBe(20);
    expect(Object.keys(record.epochs[0]?.losses ?? {})).toEqual(['soft']);
    const saved = await loadModel(outputDir);
    expect(saved.weights).toEqual(whole.weights);
    expect(saved.method).toMatchObject({ name: 'tinybert', options: { stage: 'both' } });
    expect(readdirSync(join(outputDir, 'phase-2-prediction')).sort()).toEqual(['log.jsonl', 'metrics.json']);
  });

  test('events name their phase, and the end is told once the model is there', () => {
    const marks = events.flatMap((event) => (event.type === 'start' ? [event.phase] : []));
    expect(marks).toEqual([
      { name: 'intermediate', number: 1, of: 2 },
      { name: 'prediction', number: 2, of: 2 },
    ]);
    // The stage whose head is not trained is not scored.
    const scored = events.flatMap((event) => (event.type === 'evaluation' ? [event.phase?.name] : []));
    expect(scored).toEqual(['prediction']);
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['checkpoint', 'end']);
    expect(events.at(-2)).toMatchObject({ path: join(scratch, 'tinybert', 'last.ckpt') });
  });

  test('killed at any moment of any phase and resumed, it ends in the same bytes', async () => {
    const killed = options('killed', tinyBert(), { stateSeconds: 0 });
    const left: string[] = [];
    // A folder as a kill would leave it, at each save, and at the start and end of each phase.
    const copy = ({ type }: TrainingEvent) => {
      if (!['start', 'checkpoint', 'end'].includes(type)) return;
      const moment = `moment-${left.length}`;
      cpSync(killed.outputDir, join(scratch, moment), { recursive: true, filter: (path) => !path.endsWith('.lock') });
      left.push(moment);
    };
    await runPhases({ ...killed, onEvent: copy });
    expect(left.length).toBeGreaterThan(8);
    const begun = (moment: string, phase: string) => existsSync(join(scratch, moment, phase, 'resume'));
    expect(left.some((moment) => begun(moment, 'phase-1-intermediate'))).toBe(true);
    expect(left.some((moment) => begun(moment, 'phase-2-prediction'))).toBe(true);
    // The first ones, the last ones, and some between: each is a run of its own.
    const looked = left.filter((_moment, i) => i < 3 || i >= left.length - 4 || i % 4 === 0);
    for (const moment of looked) {
      const { weights, record } = await runPhases({ ...killed, outputDir: join(scratch, moment), resume: true });
      expect(weights, moment).toEqual(whole.weights);
      expect(record.epochs.map(({ losses }) => losses)).toEqual(whole.record.epochs.map(({ losses }) => losses));
      expect(record.phases?.map(({ steps }) => steps)).toEqual([15, 5]);
    }
  });

  test('phases that have ended are not run again; without the record the last one is', async () => {
    const folder = join(scratch, 'unrecorded');
    cpSync(join(scratch, 'tinybert'), folder, { recursive: true });
    rmSync(join(folder, 'metrics.json'));
    const begun: (string | undefined)[] = [];
    const onEvent = (event: TrainingEvent) => event.type === 'start' && begun.push(event.phase?.name);
    const again = await runPhases(options('unrecorded', tinyBert(), { resume: true, onEvent }));
    expect(begun).toEqual(['prediction']);
    expect(again.weights).toEqual(whole.weights);
  });

  test('a finished run is said to be, and one of other options is not taken for it', async () => {
    const resumed = await runPhases(options('tinybert', tinyBert(), { resume: true }));
    expect(resumed).toMatchObject({ status: 'already-finished', record: whole.record });
    expect(resumed.weights).toEqual(whole.weights);
    const madeUp = { resume: true, madeUp: 1 } as object;
    await expect(runPhases(options('tinybert', tinyBert(), madeUp))).rejects.toThrow('another madeUp: wanted none');
    const other = options('tinybert', tinyBert({ intermediateShare: 0.5 }), { resume: true });
    await expect(runPhases(other)).rejects.toThrow('resuming with another method.options.intermediateShare');
    await expect(runPhases(options('tinybert', tinyBert()))).rejects.toThrow('wanted a new or empty output folder');
    const anew = await runPhases(options('tinybert', tinyBert(), { overwrite: true }));
    expect(anew.weights).toEqual(whole.weights);
  });

  test('a method of one stage runs as with runTraining', async () => {
    const one = await runPhases(options('one', hinton(), { weights: (seed) => drawn(student, seed) }));
    const hand = await byHand('one-by-hand', hinton(), { weights: drawn(student, 5), teacher });
    expect(one.weights).toEqual(hand.weights);
    expect(readdirSync(join(scratch, 'one'))).not.toContain('phase-1-hinton');
  });
});

describe('phases', () => {
  test('self-kd: the snapshot after the warm-up teaches on, over the rest of the epochs', async () => {
    const { weights } = await runPhases(options('self-kd', selfKd({ warmupEpochs: 3, alpha: 0.5 })));
    const warm = await byHand('warm-up', supervised(), { weights: drawn(student, 3), epochs: 3, warmupSteps: 3 });
    const own = modelTeacher({ ...(await loadModel(warm.lastPath as string)), path: 'own' });
    const on = { weights: warm.weights as Weights, teacher: own, epochs: 1, warmupSteps: 1 };
    expect(weights).toEqual((await byHand('snapshot', hinton({ alpha: 0.5 }), on)).weights);
  });

  test('minilm: relations, then the labels, from those weights', async () => {
    const { record } = await runPhases(
      options('minilm', miniLm(), { model: sized(2, 4), weights: (seed) => drawn(sized(2, 4), seed) }),
    );
    expect(record.phases?.map(({ name, steps }) => [name, steps])).toEqual([
      ['distillation', 10],
      ['fine-tuning', 10],
    ]);
    const first = await readRunRecord(join(scratch, 'minilm', 'phase-1-distillation', 'metrics.json'));
    expect(Object.keys(first.epochs[0]?.losses ?? {})).toEqual(['queries', 'keys', 'values']);
    expect(Object.keys(record.epochs[0]?.losses ?? {})).toEqual(['hard']);
  });

  test('born-again: each generation starts anew, from another draw, and learns from the one before', async () => {
    const draws: number[] = [];
    const weights = (seed: number) => {
      draws.push(seed);
      return drawn(student, seed);
    };
    const { record, weights: last } = await runPhases(
      options('again', bornAgain({ generations: 3 }), { weights, epochs: 1 }),
    );
    expect([...new Set(draws)]).toEqual([5, 1_000_005, 2_000_005]);
    expect(record.phases?.map(({ name, steps }) => [name, steps])).toEqual([
      ['generation-1', 5],
      ['generation-2', 5],
      ['generation-3', 5],
    ]);
    // The student's own: those of the other generations are not in its weights.
    expect(record.steps).toBe(5);
    // The run's, by which runs of several arms are paired; the last generation's was once written down instead.
    expect(record.seed).toBe(5);
    const second = modelTeacher({
      ...(await loadModel(join(scratch, 'again', 'phase-2-generation-2'))),
      path: 'second',
    });
    const third = await byHand('third', bornAgain(), {
      ...{ weights: drawn(student, 2_000_005), teacher: second, seed: 2_000_005, epochs: 1 },
    });
    expect(last).toEqual(third.weights);
  });

  test('takd: each learns from the one before; an assistant may be trained, and read rows, in its own way', async () => {
    const middle = sized(2, 4);
    const asked: string[] = [];
    const assistant: Assistant = {
      model: middle,
      weights: drawn(middle, 11),
      reads: (rows) => {
        asked.push(rows.name);
        return rows;
      },
      training: { optimizer: adamw({ learningRate: 0.02 }), epochs: 2, batchSize: 10 },
    };
    const { record, weights } = await runPhases(options('takd', takd(), { assistants: [assistant], warmupSteps: 0 }));
    expect(record.phases?.map(({ name, steps }) => [name, steps])).toEqual([
      ['assistant-1', 8],
      ['student', 20],
    ]);
    expect([...new Set(asked)]).toEqual(['train', 'dev']);
    const own = { optimizer: adamw({ learningRate: 0.02 }), epochs: 2, batchSize: 10, warmupSteps: 0 };
    const hop = await byHand('hop', hinton(), { ...own, model: middle, weights: drawn(middle, 11), teacher });
    const taught = modelTeacher({ ...(await loadModel(hop.lastPath as string)), path: 'assistant' });
    const last = { weights: drawn(student, 3), teacher: taught, warmupSteps: 0 };
    expect(weights).toEqual((await byHand('last hop', hinton(), last)).weights);
  });

  // The student's start was once taken for the assistant's too.
  test('an assistant of new weights is warned of, beside a student that is pre-trained', async () => {
    const assistant: Assistant = { model: sized(2, 4), weights: drawn(sized(2, 4), 11), startsAtRandom: true };
    const started = { epochs: 1, warmupSteps: 0, startsAtRandom: false };
    const named = async (folder: string, one: Assistant) => {
      const { record } = await runPhases(options(folder, takd(), { ...started, assistants: [one] }));
      return record.warnings.map(({ name }) => name);
    };
    expect(await named('random-assistant', assistant)).toContain('random-start');
    expect(await named('trained-assistant', { ...assistant, startsAtRandom: false })).not.toContain('random-start');
  });

  test('the pool is for the phases that a teacher answers, the labels’ phase sees labelled rows alone', async () => {
    const rows = (count: number) => textDataset(wordTable('train', count), words, { model: student });
    const stages: readonly [Phase, Phase] = [
      { name: 'distil', method: hinton({ alpha: 1 }), share: 0.5 },
      { name: 'fine-tune', method: supervised(), share: 0.5, from: 'previous' },
    ];
    const method = phased({ name: 'own', options: {}, stages });
    const pooled = { ...data, train: rows(16), transfer: rows(40) };
    const { record } = await runPhases(options('pool', method, { data: pooled, warmupSteps: 0 }));
    expect(record.phases?.map(({ steps }) => steps)).toEqual([10, 4]);
  });
});

describe('before any phase', () => {
  const own = (...stages: readonly [Phase, ...Phase[]]) => phased({ name: 'own', options: {}, stages });
  test.each<[string, Method, Partial<PhasedRunOptions>, RegExp]>([
    ['no assistants', takd(), {}, /^path all of method 'takd': wanted at least one assistant, got none; give models/],
    [
      'a second phase whose layers do not match',
      takd({ hop: 'pkd', path: 'a1' }),
      { assistants: [{ model: sized(3, 4) }], model: sized(2, 4), weights: drawn(sized(2, 4), 1) },
      /^layerMap of method 'pkd'/,
    ],
    [
      'two names alike',
      own({ name: 'a', method: hinton() }, { name: 'a', method: hinton() }),
      {},
      /wanted different names .*, got 'a'/,
    ],
    ['a name that is no folder', own({ name: '../a', method: hinton() }), {}, /different names of lower-case letters/],
    ['a stage of several', own({ name: 'a', method: tinyBert() }), {}, /wanted one phase, got method 'tinybert'/],
    [
      'a teacher that is yet to come',
      own({ name: 'a', method: hinton(), teacher: { phase: 'b' } }, { name: 'b', method: hinton() }),
      {},
      /own', a: wanted an earlier phase to continue from/,
    ],
    [
      'a teacher without the signals of the first phase',
      tinyBert(),
      { teacher: { ...teacher, provides: ['logits'] } },
      /^method 'tinybert' with teacher teacher.ckpt: wanted the signals embeddings, hiddenStates, attentionScores/,
    ],
    ['a teacher that nothing asks', selfKd(), { teacher }, /^method 'self-kd': wanted no teacher/],
  ])('%s is refused, and no folder is made', async (name, method, more, message) => {
    const outputDir = join(scratch, `refused ${name}`);
    await expect(runPhases({ ...options('', method, more), outputDir })).rejects.toThrow(message);
    expect(existsSync(outputDir)).toBe(false);
  });

  test('runTraining takes one stage, and says what takes several', async () => {
    const run = byHand('stages', tinyBert(), { weights: drawn(student, 3), teacher });
    await expect(run).rejects.toThrow(/wanted a method of one phase, got one of several; train it with runPhases/);
  });
});
