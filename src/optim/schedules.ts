import { OptionError } from '../errors/failures.js';

/** Lengths in optimiser steps. */
export type ScheduleOptions = { readonly warmupSteps: number; readonly totalSteps: number };

/** The factor on the learning rate at a step that counts from 0. */
export type Schedule = (step: number, options: ScheduleOptions) => number;

function warmup(step: number, { warmupSteps }: ScheduleOptions): number | undefined {
  return step < warmupSteps ? step / warmupSteps : undefined;
}

/** Number of steps after warm-up, over which the factor falls to 0. */
function decaySteps({ warmupSteps, totalSteps }: ScheduleOptions): number {
  return Math.max(1, totalSteps - warmupSteps);
}

const constant: Schedule = () => 1;
const constantWithWarmup: Schedule = (step, options) => warmup(step, options) ?? 1;
const linear: Schedule = (step, options) =>
  warmup(step, options) ?? Math.max(0, (options.totalSteps - step) / decaySteps(options));
const cosine: Schedule = (step, options) =>
  warmup(step, options) ??
  Math.max(0, 0.5 * (1 + Math.cos(Math.PI * ((step - options.warmupSteps) / decaySteps(options)))));

/** Names and formulas of transformers' `get_scheduler`. */
export const SCHEDULES = {
  constant,
  constant_with_warmup: constantWithWarmup,
  linear,
  cosine,
} as const satisfies Record<string, Schedule>;
export type ScheduleName = keyof typeof SCHEDULES;

/**
 * A schedule with its lengths filled in.
 * @throws OptionError for lengths that make no sense, or a warm-up the schedule would ignore.
 */
export function scheduleFor(name: ScheduleName, options: ScheduleOptions): (step: number) => number {
  const { warmupSteps, totalSteps } = options;
  if (!Number.isInteger(totalSteps) || totalSteps < 0) {
    throw new OptionError({ where: 'schedule totalSteps', wanted: 'an integer ≥ 0', got: String(totalSteps) });
  }
  if (!Number.isInteger(warmupSteps) || warmupSteps < 0 || warmupSteps > totalSteps) {
    throw new OptionError({
      where: 'schedule warmupSteps',
      wanted: `an integer from 0 to the ${totalSteps} training steps`,
      got: String(warmupSteps),
      fix: 'warm up for fewer steps or train longer',
    });
  }
  if (name === 'constant' && warmupSteps > 0) {
    throw new OptionError({
      where: 'schedule warmupSteps',
      wanted: 'no warm-up with the constant schedule',
      got: String(warmupSteps),
      fix: "use 'constant_with_warmup', or warmupSteps 0",
    });
  }
  const schedule = SCHEDULES[name];
  return (step) => schedule(step, options);
}
