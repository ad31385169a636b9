import { describe, expect, test } from 'vitest';
import { supervised } from '../../src/methods/supervised.js';
import { mlp } from '../../src/models/mlp.js';
import { adam } from '../../src/optim/adam.js';
import { adamw } from '../../src/optim/adamw.js';
import { sgd } from '../../src/optim/sgd.js';
import { usualThreads } from '../../src/runtime/threads.js';
import { describeData, describedRun, describeOptimizer } from '../../src/training/run-options.js';
import { blobs } from './blobs.js';

describe('describeOptimizer', () => {
  test('tells optimisers apart by any of their options', () => {
    const all = [
      adam(),
      adam({ learningRate: 1e-4 }),
      adam({ weightDecay: 0.1 }),
      adam({ betas: [0.8, 0.999] }),
      adam({ betas: [0.9, 0.99] }),
      adam({ epsilon: 1e-6 }),
      adamw({ weightDecay: 0 }),
      sgd({ learningRate: 1e-3 }),
      sgd({ learningRate: 1e-3, momentum: 0.9 }),
    ].map((optimizer) => JSON.stringify(describeOptimizer(optimizer)));
    expect(new Set(all).size).toBe(all.length);
    expect(JSON.stringify(describeOptimizer(adam()))).toBe(all[0]);
  });
});

test('a run that is not told has the usual threads, by their number', () => {
  const model = mlp({ inputs: 2, hidden: [2], classes: 2 });
  const run = { model, method: supervised(), optimizer: adam() };
  expect(describedRun(run, model).threads).toBe(usualThreads());
  expect(describedRun({ ...run, threads: 7 }, model).threads).toBe(7);
});

describe('describeData', () => {
  test('tells data sets apart by size, contents and labels', () => {
    const all = [
      blobs('a', 100),
      blobs('a', 101),
      blobs('a', 100, { seed: 2 }),
      blobs('a', 100, { isLabelled: false }),
    ].map((data) => JSON.stringify(describeData(data)));
    expect(new Set(all).size).toBe(4);
    expect(JSON.stringify(describeData(blobs('a', 100)))).toBe(all[0]);
  });
});
