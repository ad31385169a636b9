import { describe, expect, test } from 'vitest';
import { supervised } from '../../../src/methods/supervised.js';
import { mlp } from '../../../src/models/mlp.js';
import { knownCosts, timingSeconds } from '../../../src/training/estimate/known-costs.js';
import type { RunCosts } from '../../../src/training/estimate/measure-run.js';
import { CLASSES, PIXELS } from '../blobs.js';
import { BLOB_RUN } from './blob-run.js';

const run = BLOB_RUN;

describe('knownCosts', () => {
  test('measures alike runs once, and shares the time that is left among the kinds to come', async () => {
    let ms = 0;
    const asked: number[] = [];
    const costs = knownCosts({
      seconds: 4,
      now: () => ms,
      measure: async (_run, { seconds }) => {
        asked.push(seconds);
        ms += 1000;
        return {} as RunCosts;
      },
    });
    const other = { ...run, model: mlp({ inputs: PIXELS, hidden: [8], classes: CLASSES }) };
    const smoothed = { ...run, method: supervised({ labelSmoothing: 0.1 }), epochs: 7 };
    for (const each of [run, smoothed, other]) costs.expect(each);
    await costs.of(run);
    await costs.of(smoothed);
    await costs.of(other);
    // 4 s for two kinds, then the 3 s that are left for one.
    expect(asked).toEqual([2, 3]);
    expect(costs.left()).toBe(2);
  });

  test('what is left is never below zero', async () => {
    let ms = 0;
    const costs = knownCosts({ seconds: 1, now: () => ms, measure: async () => ({}) as RunCosts });
    ms = 5000;
    expect(costs.left()).toBe(0);
  });
});

describe('timingSeconds', () => {
  test('is what reading left of a plan’s time, and never nothing', () => {
    expect([timingSeconds(1), timingSeconds(60)]).toEqual([2.3, 0.5]);
  });
});
