import { describe, expect, test } from 'vitest';
import { adam } from '../../src/optim/adam.js';
import { adamw } from '../../src/optim/adamw.js';
import { sgd } from '../../src/optim/sgd.js';
import {
  asJson,
  describeData,
  describeOptimizer,
  expectSameOptions,
  firstDifference,
} from '../../src/training/run-options.js';
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

describe('expectSameOptions', () => {
  const then = asJson({ model: { config: { hidden: [4, 2] } }, seed: 1, maxSteps: undefined });

  test('equal options pass, whatever the order of their keys', () => {
    expect(() =>
      expectSameOptions('out', then, asJson({ seed: 1, model: { config: { hidden: [4, 2] } } })),
    ).not.toThrow();
  });

  test.each([
    [
      { model: { config: { hidden: [4, 3] } }, seed: 1 },
      'model.config.hidden: wanted [4,2], as the run was started with, got [4,3]',
    ],
    [{ model: { config: { hidden: [4, 2] } }, seed: 2 }, 'seed: wanted 1, as the run was started with, got 2'],
    [
      { model: { config: { hidden: [4, 2] } }, seed: 1, maxSteps: 5 },
      'maxSteps: wanted none, as the run was started with, got 5',
    ],
    [{ model: { config: {} }, seed: 1 }, 'model.config.hidden: wanted [4,2], as the run was started with, got none'],
  ])('%j is refused by name', (now, message) => {
    expect(() => expectSameOptions('out', then, asJson(now))).toThrow(`out: resuming with another ${message}`);
  });

  test('the first difference of equal values is none', () => {
    expect(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBeUndefined();
  });
});
