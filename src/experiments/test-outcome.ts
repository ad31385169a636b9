/** @file The outcome of an experiment on its test split: what is reported of arms that were chosen without it. */
import { inPoints } from '../metrics/points.js';
import type { Arm } from './arm-run.js';
import type { ExperimentOutcome } from './experiment.js';

/** The same runs with what they score on the test split in the place of the validation split; undefined where one has none. */
export function testOutcome<A extends Arm>(outcome: ExperimentOutcome<A>): ExperimentOutcome<A> | undefined {
  const arms = outcome.arms.map(({ arm, runs }) => {
    const tested = runs.flatMap(({ result: { test, parameters }, ...run }) =>
      test === undefined ? [] : [{ ...run, result: { ...test, parameters } }],
    );
    return {
      arm,
      runs: tested,
      scores: tested.map(({ result }) => inPoints(result.score)),
      isWhole: tested.length === runs.length,
    };
  });
  if (!arms.every(({ isWhole }) => isWhole)) return undefined;
  return { ...outcome, arms: arms.map(({ isWhole: _, ...arm }) => arm) };
}
