/** @file Whether a model of texts is fitted by a convex solver or trained by steps, and which settings then mean nothing. */
import { OptionError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import type { Model, Weights } from '../../models/model.js';
import type { AnySettings } from '../../options/setting.js';
import { expectFit, whyNoFit } from '../run/convex-fit.js';
import type { RunOptions } from '../run/run-options.js';
import { TEXT_SETTINGS, type TextSettings } from './text-settings.js';

export type SolvedRun = {
  readonly model: Model;
  /** What it starts from: only new weights, all zero, are as good as none to a solver. */
  readonly weights: Weights;
  readonly method: Method;
  readonly teacherForm?: RunOptions['teacherForm'];
  /** Whether settings of every model have another one to be read by: a teacher that is trained first. */
  readonly isBeside?: boolean;
};

/**
 * The fit of a run, where a convex solver finds its weights: asked for, or possible for a new model.
 * @throws OptionError for a solver that is not possible, or settings that it does not read.
 */
export function fitOf(settings: TextSettings, run: SolvedRun): Pick<RunOptions, 'fit'> {
  const { solver, strength } = settings;
  if (solver === 'convex') expectFit(run, 'solver convex');
  const isUsual = solver === undefined && whyNoFit(run) === undefined && isNew(run.weights);
  if (solver !== 'convex' && !isUsual) {
    if (strength === undefined) return {};
    const got = solver === undefined ? (whyNoFit(run) ?? 'a model that was trained before') : 'solver steps';
    throw new OptionError({ where: 'strength', wanted: 'solver convex', got, fix: 'leave it out' });
  }
  const idle = idleSetting(settings, run);
  if (idle === undefined) return { fit: { ...(strength !== undefined && { strength }) } };
  throw new OptionError({
    where: idle,
    wanted: 'solver steps',
    got: `solver convex${isUsual ? ', the default of n-grams without a layer' : ''}, which takes no steps`,
    fix: 'leave it out, or choose solver steps',
  });
}

/** A setting of steps that was given another value than its default. */
function idleSetting(settings: object, { isBeside = false }: SolvedRun): string | undefined {
  const given = new Map(Object.entries(settings));
  const table: AnySettings = TEXT_SETTINGS;
  return Object.entries(table).find(([name, { ofSteps, ofEveryModel, ...spec }]) => {
    const value: unknown = given.get(name);
    if (!ofSteps || value === undefined || (isBeside && ofEveryModel)) return false;
    return JSON.stringify(value) !== JSON.stringify(spec.default);
  })?.[0];
}

function isNew(weights: Weights): boolean {
  return Object.values(weights).every(({ data }) => data.every((value) => value === 0));
}
