import { describe, expect, test } from 'vitest';
import type { DistillOptions } from '../../src/experiments/distillation/distill.js';
import { distillationSettings } from '../../src/experiments/distillation/distillation-settings.js';
import type { AssistantStart } from '../../src/experiments/distillation/train-arm.js';
import { takd } from '../../src/methods/takd.js';
import { mlp } from '../../src/models/mlp.js';
import { adam } from '../../src/optim/adam.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { blobs, CLASSES, PIXELS } from '../training/blobs.js';

const start = { model: mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES }), weights: () => ({}), start: 'new' };
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
  // Runs with an assistant that was trained otherwise were once taken for the same experiment.
  test('tell how an assistant is trained from how another one is', () => {
    const quick = { optimizer: adam({ learningRate: 0.01 }), epochs: 1, batchSize: 4 };
    const slow = { ...quick, optimizer: adam({ learningRate: 0.01, betas: [0.5, 0.999] }) };
    expect(settingsWith(quick)).toEqual(settingsWith({ ...quick }));
    expect(settingsWith(quick)).not.toEqual(settingsWith({ ...quick, epochs: 2 }));
    expect(settingsWith(quick)).not.toEqual(settingsWith(slow));
    expect(settingsWith(quick)).not.toEqual(settingsWith(undefined));
  });

  test('tell betas apart, and rates of their own for some parameters', () => {
    const plain = settingsWith(undefined);
    const betas = { optimizer: adam({ learningRate: 0.01, betas: [0.5, 0.999] }) };
    expect(settingsWith(undefined, betas)).not.toEqual(plain);
    const slower = [{ match: (name: string) => name.endsWith('bias'), learningRateFactor: 0.1 }];
    expect(settingsWith(undefined, { groups: slower })).not.toEqual(plain);
    expect(settingsWith(undefined, { groups: slower })).toEqual(settingsWith(undefined, { groups: [...slower] }));
  });
});
