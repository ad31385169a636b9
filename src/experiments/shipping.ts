/** @file Which student of an experiment to use: every experiment ends with one, also when the teacher did not help. */

import { mean } from '../metrics/statistics.js';
import { runFolder } from './arm-run.js';
import type { ExperimentOutcome } from './experiment.js';
import { compareArms } from './experiment-record.js';
import type { ExperimentRecord } from './experiment-record.schema.js';
import { testOutcome } from './test-outcome.js';

/**
 * The arm with the highest mean; or the cheapest to make of those that it cannot be told from, since a teacher that did not
 * show a gain need not be run again: all of it on the validation split. Its run is that of the first seed, chosen before any score was seen: what to expect of
 * it is the arm's mean, and not its own score, which luck has a part in.
 * @param arms that may be shipped, the cheapest to make first
 */
export function shippedStudent(
  outcome: ExperimentOutcome,
  arms: readonly string[],
  smallestEffect?: number,
): ExperimentRecord['ship'] {
  const candidates = arms.flatMap((name) => {
    const found = outcome.arms.find(({ arm }) => arm.name === name);
    return found === undefined ? [] : [{ name, mean: mean(found.scores) }];
  });
  const [seed] = outcome.seeds;
  const highest = Math.max(...candidates.map((candidate) => candidate.mean));
  const best = candidates.find((candidate) => candidate.mean === highest);
  if (best === undefined || seed === undefined) return undefined;
  const cheaper = candidates.slice(0, candidates.indexOf(best)).find(({ name }) => {
    const { verdict } = compareArms(outcome, best.name, name, smallestEffect);
    return verdict === "CAN'T TELL" || verdict === 'NO VERDICT';
  });
  const shipped = cheaper ?? best;
  const isAlone = candidates.length === 1;
  const reached = isAlone ? 'the only student to choose from' : 'the highest mean';
  const test = testOutcome(outcome)?.arms.find(({ arm }) => arm.name === shipped.name);
  const onTest = test && { test: mean(test.scores) };
  const why = cheaper ? `cheaper to make than ${best.name}, whose gain over it is not shown` : reached;
  return { arm: shipped.name, seed, mean: shipped.mean, ...onTest, path: runFolder(shipped.name, seed), why };
}
