import { describe, expect, test } from 'vitest';
import { deepMutualLearning } from '../../../src/methods/deep-mutual-learning.js';
import { supervised } from '../../../src/methods/supervised.js';
import { type CountedRun, estimateStage, secondsOfRun } from '../../../src/training/estimate/run-estimate.js';
import { CLASSES, PIXELS } from '../blobs.js';
import { BLOB_RUN } from './blob-run.js';

const run = BLOB_RUN;

describe('estimateStage', () => {
  // The state of a method's own parameters was once left out.
  test('the state holds peers and their moments, the model that stays does not', async () => {
    const [alone, three] = await Promise.all(
      [supervised(), deepMutualLearning({ peers: 3 })].map((method) => estimateStage({ run: { ...run, method } })),
    );
    // Two layers with their biases, in float32; Adam keeps two moments of each number.
    const bytes = 4 * (PIXELS * 4 + 4 + 4 * CLASSES + CLASSES);
    expect(alone?.disk).toMatchObject({ modelBytes: bytes, stateBytes: 3 * bytes });
    expect(three?.disk).toMatchObject({ modelBytes: bytes, stateBytes: 3 * 3 * bytes });
  });
});

describe('secondsOfRun', () => {
  const costs = { secondsToOpen: 1, secondsToOpenEvaluation: 0.25, secondsToRead: 0, secondsPerCheck: 0.5 };
  const counted: CountedRun = {
    ...{ steps: 10, epochs: 3, stepsPerEpoch: 4, secondsPerStep: 0.5, secondsPerEvaluation: 0.1 },
    ...{ looks: false, keeps: false, slots: 2, modelBytes: 0 },
  };

  test('counts opening, the steps of each epoch, evaluations and the last save', () => {
    // By hand, of three epochs of 4, 4 and 2 steps: 1.25 + 10 · 0.5 + 3 · 0.1.
    expect(secondsOfRun(costs, counted)).toBeCloseTo(6.55, 9);
    // 40 MB are written in 0.1 s, once; kept after each epoch, three times more.
    expect(secondsOfRun(costs, { ...counted, modelBytes: 4e7, slots: -1 })).toBeCloseTo(6.65, 9);
    expect(secondsOfRun(costs, { ...counted, modelBytes: 4e7, slots: -1, keeps: true })).toBeCloseTo(6.95, 9);
  });

  test('looks at gradients are opened, taken before the first step and after the first epoch', () => {
    expect(secondsOfRun(costs, { ...counted, looks: true })).toBeCloseTo(6.55 + 1 + 2 * 0.5, 9);
  });

  test('the state is saved every 20 s, and after epochs, but in no more than a twentieth of the time', () => {
    // Three numbers for each of a model of 40 MB: 0.3 s a save, which 6 s have to earn. The last model: 0.1 s.
    const long = { ...counted, steps: 12, modelBytes: 4e7 };
    const without = (perStep: number) => 1.25 + 12 * perStep + 3 * 0.1 + 0.1;
    expect(secondsOfRun(costs, long)).toBeCloseTo(without(0.5), 9);
    // Epochs of 8.1 s, after the first and the second; of 20.1 s, within each of the three.
    expect(secondsOfRun(costs, { ...long, secondsPerStep: 2 })).toBeCloseTo(without(2) + 2 * 0.3, 9);
    expect(secondsOfRun(costs, { ...long, secondsPerStep: 5 })).toBeCloseTo(without(5) + 3 * 0.3, 9);
  });
});
