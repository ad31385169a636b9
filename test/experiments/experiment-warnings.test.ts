import { describe, expect, test } from 'vitest';
import { gatheredWarnings } from '../../src/experiments/experiment-warnings.js';

const warning = (name: string, text = name) => ({ name, text, fix: 'mend it' });
const run = (arm: string, seed: number, ...names: string[]) => ({
  arm,
  seed,
  seconds: 1,
  peakRssBytes: 1,
  result: { score: 0.5, parameters: 1, warnings: names.map((name) => warning(name, `${name}, seed ${seed}`)) },
});
const arms = [
  {
    arm: { name: 'kd' },
    runs: [run('kd', 1, 'truncation'), run('kd', 2, 'truncation', 'one-class')],
    scores: [50, 50],
  },
  { arm: { name: 'alone' }, runs: [run('alone', 1, 'one-class'), run('alone', 2, 'one-class')], scores: [50, 50] },
];

describe('gatheredWarnings', () => {
  test('tells what is so of all runs once, and of an arm what its runs found, with the seeds', () => {
    expect(gatheredWarnings([warning('truncation')], { arms })).toEqual([
      warning('truncation'),
      { ...warning('one-class', 'one-class, seed 2'), arm: 'kd', seeds: [2] },
      { ...warning('one-class', 'one-class, seed 1'), arm: 'alone', seeds: [1, 2] },
    ]);
  });

  test('runs without warnings, and those of older versions, have none to tell', () => {
    const plain = {
      arm: { name: 'kd' },
      runs: [{ ...run('kd', 1), result: { score: 1, parameters: 1 } }],
      scores: [100],
    };
    expect(gatheredWarnings([], { arms: [plain] })).toEqual([]);
  });
});
