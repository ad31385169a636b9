import { describe, expect, test } from 'vitest';
import type { FinishedRun } from '../../src/experiments/results-file.js';
import { gainSoFar, secondsLeft } from '../../src/experiments/so-far.js';

const run = (arm: string, seed: number, score: number, seconds: number): FinishedRun => ({
  ...{ arm, seed, seconds, peakRssBytes: 0 },
  result: { score, parameters: 1 },
});

describe('secondsLeft', () => {
  test('an open run takes what those of its arm took, an arm without any what runs took in the mean', () => {
    const done = [run('kd', 1, 0.8, 10), run('kd', 2, 0.8, 20), run('plain', 1, 0.7, 6)];
    expect(secondsLeft([{ arm: 'plain' }, { arm: 'kd' }, { arm: 'hard' }], done, 1)).toBeCloseTo(6 + 15 + 12);
    expect(secondsLeft([], done, 1)).toBe(0);
  });

  test('runs at the same time share it, as many as there are', () => {
    const open = [{ arm: 'kd' }, { arm: 'kd' }];
    expect(secondsLeft(open, [run('kd', 1, 0.8, 10)], 2)).toBe(10);
    expect(secondsLeft(open, [run('kd', 1, 0.8, 10)], 8)).toBe(10);
  });
});

describe('gainSoFar', () => {
  const done = [run('kd', 1, 0.8, 1), run('kd', 2, 0.82, 1), run('kd', 3, 0.9, 1), run('plain', 1, 0.79, 1)];

  test('pairs seeds that both have; one seed has no interval', () => {
    expect(gainSoFar('kd', 'plain', done)).toEqual({ arm: 'kd', over: 'plain', seeds: 1, mean: expect.closeTo(1, 9) });
    expect(gainSoFar('kd', 'hard', done)).toBeUndefined();
  });

  test('the interval is that of Student’s t over the seeds', () => {
    // Gains 1 and 3: mean 2, sd √2, t(1) = 12.706: 2 ± 12.706.
    const gain = gainSoFar('kd', 'plain', [...done, run('plain', 2, 0.79, 1)]);
    expect(gain).toMatchObject({ seeds: 2, mean: expect.closeTo(2, 9) });
    expect(gain?.interval?.[0]).toBeCloseTo(2 - 12.706, 3);
    expect(gain?.interval?.[1]).toBeCloseTo(2 + 12.706, 3);
  });
});
