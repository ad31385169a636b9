/** @file What a plan takes where several processes share its runs and its labelling. */
import type { DistillationPlan } from '../distillation/plan.js';

/**
 * In seconds, where each process has the speed of the one that was timed: labelling is divided evenly, runs one by one, and
 * what is left is done once. Absent where nothing was timed.
 */
export function secondsWith(
  workers: number,
  { seconds, arms, labelling }: Pick<DistillationPlan, 'seconds' | 'arms' | 'labelling'>,
): number | undefined {
  if (seconds === undefined) return undefined;
  const runs = arms.flatMap((arm) => Array<number>(arm.runs).fill(arm.seconds ?? 0));
  const inRuns = runs.reduce((sum, one) => sum + one, 0);
  const toLabel = labelling.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  // Whoever is free first takes the next.
  const until = Array<number>(workers).fill(0);
  for (const run of runs) until[until.indexOf(Math.min(...until))] = Math.min(...until) + run;
  return seconds - inRuns - toLabel + toLabel / workers + Math.max(...until);
}
