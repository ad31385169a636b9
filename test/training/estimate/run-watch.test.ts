import { describe, expect, test } from 'vitest';
import { runWatch } from '../../../src/training/estimate/run-watch.js';
import type { StepInput, TrainingStep } from '../../../src/training/step/step.js';

const input: StepInput = { step: 1, learningRate: 0.1, batches: [], scalars: {} };

/** A step of 10 ms, after a first one of 500, on a clock that stands still in between. */
function steps(clock: { ms: number }): TrainingStep {
  let isWarm = false;
  return {
    stepsPerRun: 8,
    run: async (inputs) => {
      clock.ms += 10 * inputs.length + (isWarm ? 0 : 490);
      isWarm = true;
      return inputs.map(() => ({ loss: 1, losses: {}, gradientNorm: 1, isApplied: true }));
    },
    parameters: () => ({}),
    state: () => ({}),
    load: () => {},
    release: async () => {},
  };
}

describe('runWatch', () => {
  // The first epoch was once cut where half of the runs were, though a training starts with short ones.
  test('knows the epochs apart by their steps, however many runs they take', async () => {
    const clock = { ms: 0 };
    const watch = runWatch(
      {
        openEvaluator: async () => ({
          evaluate: async () => {
            clock.ms += 2000;
            return { metrics: {}, rows: 1 };
          },
          release: async () => {},
        }),
      },
      () => clock.ms,
    );
    const step = watch.watchStep(steps(clock));
    const evaluator = await watch.openEvaluator({} as Parameters<typeof watch.openEvaluator>[0]);
    const runOf = (count: number) => step.run(new Array<StepInput>(count).fill(input));
    await runOf(1);
    clock.ms += 5;
    await runOf(3);
    await runOf(2);
    clock.ms += 30;
    await evaluator.evaluate({});
    await runOf(4);
    clock.ms += 12;
    await runOf(2);
    clock.ms += 40;
    await evaluator.evaluate({});
    const found = watch.found(2);
    // By hand: six steps each, of 10 ms in the second epoch, 12 ms between its two runs.
    expect(found.epochs.map((times) => times.length)).toEqual([6, 6]);
    for (const seconds of found.epochs[1] ?? []) expect(seconds).toBeCloseTo(0.01, 9);
    expect(found.betweenSteps).toBeCloseTo(0.012 / 6, 9);
    expect(found.afterFirstEpoch).toBeCloseTo(0.03, 9);
    expect(found.toFinish).toBeCloseTo(0.04, 9);
  });
});
