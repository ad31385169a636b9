/** @file The warnings of an experiment: those that were known before its runs, and those of the runs, by arm. */
import type { StoredWarning } from './arm-result.js';
import type { ExperimentOutcome } from './experiment.js';

export type ExperimentWarning = StoredWarning & {
  /** Absent for what is so of all runs. */
  readonly arm?: string;
  /** Those of the arm's seeds on which it was found; `text` is that of the first. */
  readonly seeds?: number[];
};

/** What is so of all runs is found in each of them again, and told once. */
export function gatheredWarnings(
  before: readonly StoredWarning[],
  { arms }: Pick<ExperimentOutcome, 'arms'>,
): ExperimentWarning[] {
  const known = new Set(before.map(({ name }) => name));
  const byArm = new Map<string, ExperimentWarning & { readonly seeds: number[] }>();
  for (const { arm, runs } of arms) {
    for (const { seed, result } of runs) {
      for (const { name, text, fix } of result.warnings ?? []) {
        if (known.has(name)) continue;
        const key = `${arm.name}\n${name}`;
        const same = byArm.get(key);
        if (same === undefined) byArm.set(key, { name, text, fix, arm: arm.name, seeds: [seed] });
        else same.seeds.push(seed);
      }
    }
  }
  return [...before.map(({ name, text, fix }) => ({ name, text, fix })), ...byArm.values()];
}
