import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import type { DistillOptions } from '../../src/experiments/distillation/distill-options.js';
import { distillationSettings } from '../../src/experiments/distillation/distillation-design.js';
import type { AssistantStart } from '../../src/experiments/distillation/train-arm.js';
import { takd } from '../../src/methods/takd.js';
import { mlp } from '../../src/models/mlp.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { usualThreads } from '../../src/runtime/threads.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import {
  describeData,
  describeOptimizer,
  describeRates,
  describeWeights,
} from '../../src/training/run/described-run.js';
import { blobs, CLASSES, PIXELS } from '../training/blobs.js';

const start = { model: mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES }), weights: () => ({}), start: 'new' };
const train = blobs('train', 200);
const dev = blobs('dev', 200);

/** The same rows, but for a pixel of one. */
function changedAt(data: Dataset, row: number): Dataset {
  return {
    ...data,
    batch: (rows, ...rest) => {
      const batch = data.batch(rows, ...rest);
      const at = Array.from(rows).indexOf(row);
      const { pixels } = batch.inputs;
      if (at >= 0 && pixels !== undefined) pixels.data[at * PIXELS] = (Number(pixels.data[at * PIXELS]) + 1) % 256;
      return batch;
    },
  };
}

const teacher: Teacher = {
  name: 'teacher',
  provides: ['logits'],
  classes: CLASSES,
  labelNames: ['a', 'b', 'c'],
  contentHash: 'teacher',
  answer: async () => ({ signals: {}, batch: () => ({}) }),
};
const settingsWith = (training: AssistantStart['training'], more: Partial<DistillOptions> = {}) =>
  distillationSettings({
    teacher,
    student: start,
    assistants: [{ ...start, ...(training && { training }) }],
    data: { train: blobs('train', 12), evaluation: blobs('dev', 12) },
    method: takd(),
    optimizer: adam({ learningRate: 0.01 }),
    epochs: 1,
    batchSize: 4,
    outputDir: 'nowhere',
    ...more,
  });

describe('distillationSettings', () => {
  // One that is left out is one over which experiments get mixed.
  test('are all of them, with their defaults', async () => {
    const optimizer = adam({ learningRate: 0.01 });
    const training = { optimizer, epochs: 2, batchSize: 4, groups: [{ match: () => true, weightDecay: 0 }] };
    const started = {
      model: { kind: 'mlp', config: start.model.config },
      weights: describeWeights({}),
      start: 'new',
    };
    const [rows, others] = [blobs('train', 12), blobs('dev', 12)];
    const plain = {
      ...{ epochs: 1, batchSize: 4, schedule: 'constant', warmupSteps: 0, threads: usualThreads() },
      metrics: ['accuracy'],
      student: started,
      teacher: 'teacher',
      train: describeData(rows),
      evaluation: describeData(others),
      optimizer: describeOptimizer(optimizer),
    };
    expect(await settingsWith(undefined, { assistants: undefined } as object)).toEqual(plain);
    const slower = [{ match: (name: string) => name.endsWith('bias'), learningRateFactor: 0.1 }];
    const given: Partial<DistillOptions> = {
      ...{ schedule: 'linear', warmupSteps: 3, threads: 7, metrics: ['f1'], seeds: [2], controls: ['no-teacher'] },
      ...{ data: { train: rows, evaluation: others, transfer: others }, groups: slower, settings: { maxLength: 128 } },
    };
    expect(await settingsWith(training, given)).toEqual({
      ...plain,
      ...{ schedule: 'linear', warmupSteps: 3, threads: 7, metrics: ['f1'], maxLength: 128 },
      assistants: [
        {
          ...started,
          training: { epochs: 2, batchSize: 4, optimizer: describeRates(start.model, training) },
        },
      ],
      transfer: describeData(others),
      optimizer: describeRates(start.model, { optimizer, groups: slower }),
    });
  });

  // Runs with an assistant that was trained otherwise were once taken for the same experiment.
  test('tell how an assistant is trained from how another one is', async () => {
    const quick = { optimizer: adam({ learningRate: 0.01 }), epochs: 1, batchSize: 4 };
    const slow = { ...quick, optimizer: adam({ learningRate: 0.01, betas: [0.5, 0.999] }) };
    const asQuick = await settingsWith(quick);
    expect(await settingsWith({ ...quick })).toEqual(asQuick);
    expect(await settingsWith({ ...quick, epochs: 2 })).not.toEqual(asQuick);
    expect(await settingsWith(slow)).not.toEqual(asQuick);
    expect(await settingsWith(undefined)).not.toEqual(asQuick);
  });

  test('tell betas apart, and rates of their own for some parameters', async () => {
    const plain = await settingsWith(undefined);
    const betas = { optimizer: adam({ learningRate: 0.01, betas: [0.5, 0.999] }) };
    expect(await settingsWith(undefined, betas)).not.toEqual(plain);
    const slower = [{ match: (name: string) => name.endsWith('bias'), learningRateFactor: 0.1 }];
    const asSlower = await settingsWith(undefined, { groups: slower });
    expect(asSlower).not.toEqual(plain);
    expect(await settingsWith(undefined, { groups: [...slower] })).toEqual(asSlower);
  });

  // The form of the teacher was left out once, and only 32 rows at either end of a set counted.
  test.each<[string, Partial<DistillOptions>]>([
    ['an option that was forgotten once', { teacherForm: 'traced' }],
    ['an option that nobody thinks of', { madeUp: 1 } as object],
    ['another number of threads', { threads: usualThreads() + 1 }],
    ['other rows in the middle', { data: { train: changedAt(blobs('train', 200), 100), evaluation: dev } }],
    ['other evaluation rows in the middle', { data: { train, evaluation: changedAt(dev, 100) } }],
    ['a pool', { data: { train, evaluation: dev, transfer: dev } }],
    [
      'a start of other weights',
      { student: { ...start, weights: () => initialiseParameters(start.model.parameters, 2) } },
    ],
  ])('%s is another experiment', async (_, more) => {
    const data = { train, evaluation: dev };
    expect(await settingsWith(undefined, { data, ...more })).not.toEqual(await settingsWith(undefined, { data }));
  });

  test('where it lies, what is asked of the outcome, more seeds and arms are no others', async () => {
    const plain = await settingsWith(undefined);
    const more = {
      threads: usualThreads(),
      outputDir: 'elsewhere',
      smallestEffect: 1,
      seeds: 9,
      controls: [],
      command: 'retort',
      resume: true,
    };
    expect(await settingsWith(undefined, more)).toEqual(plain);
  });
});
