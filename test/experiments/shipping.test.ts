import { describe, expect, test } from 'vitest';
import type { ExperimentOutcome } from '../../src/experiments/experiment.js';
import { shippedStudent } from '../../src/experiments/shipping.js';

/** Accuracies in percent, by arm, on seeds 7, 8, 9 … */
function outcome(arms: Readonly<Record<string, readonly number[]>>): ExperimentOutcome {
  return {
    name: 'e',
    metric: 'accuracy',
    seeds: Object.values(arms)[0]?.map((_, i) => 7 + i) ?? [],
    settings: {},
    arms: Object.entries(arms).map(([name, scores]) => ({
      arm: { name },
      scores,
      runs: scores.map((score, i) => ({
        ...{ arm: name, seed: 7 + i, seconds: 1, peakRssBytes: 1 },
        result: { score: score / 100, parameters: 1 },
      })),
    })),
    seconds: 1,
    peakRssBytes: 1,
  };
}
const CHEAPEST_FIRST = ['no-teacher', 'hard-labels', 'kd'];
const shipped = (arms: Readonly<Record<string, readonly number[]>>) => shippedStudent(outcome(arms), CHEAPEST_FIRST);

describe('shippedStudent', () => {
  test('a teacher that did not help is not shipped: the higher mean is, though it is the control', () => {
    const found = shipped({ kd: [70.1, 70.2, 70.3], 'no-teacher': [75.1, 75.2, 75.3] });
    expect(found).toMatchObject({ arm: 'no-teacher', seed: 7, why: 'the highest mean' });
    expect(found?.mean).toBeCloseTo(75.2, 9);
  });

  test('a gain that cannot be told from luck ships the cheaper one', () => {
    expect(shipped({ kd: [80, 76, 78], 'no-teacher': [76, 79, 76] })).toMatchObject({
      arm: 'no-teacher',
      why: 'cheaper to make than kd, whose gain over it is not shown',
    });
  });

  test("with one seed nothing is shown, so that the cheapest is shipped, and its score is the arm's mean", () => {
    expect(shipped({ kd: [80], 'no-teacher': [60] })).toMatchObject({ arm: 'no-teacher', mean: 60 });
  });

  test('an arm that may not be shipped is not, and one that was not run is not missed', () => {
    expect(shipped({ 'shuffled-teacher': [90, 90], kd: [80, 81] })).toMatchObject({ arm: 'kd' });
    expect(shipped({ 'shuffled-teacher': [90, 90] })).toBeUndefined();
  });
});
