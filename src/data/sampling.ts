/** @file How often each of several tasks gets a batch. Names alone, so that `--help` loads no data. */
import { OptionError } from '../errors/failures.js';

/** Of a task's size. */
const EXPONENTS = { proportional: 1, 'size^0.75': 0.75, uniform: 0 } as const;
export type Sampling = keyof typeof EXPONENTS;
export const SAMPLINGS = Object.keys(EXPONENTS) as Sampling[]; // of the table by construction

/** The probability that a batch is of each task. @throws OptionError for a sampling of another name. */
export function taskProbabilities(sizes: readonly number[], sampling: Sampling): number[] {
  if (!SAMPLINGS.includes(sampling)) {
    throw new OptionError({ where: 'sampling', wanted: SAMPLINGS.join(', '), got: String(sampling) });
  }
  const shares = sizes.map((size) => size ** EXPONENTS[sampling]);
  const all = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / all);
}
