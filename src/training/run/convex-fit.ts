/** @file Which runs a convex solver can do, and what of their options it does not read. */
import { OptionError } from '../../errors/failures.js';
import type { RunOptions } from './run-options.js';

/** Options of steps, of which a fit has none. */
export const STEPS_ALONE = {
  optimizer: undefined,
  groups: undefined,
  maxGradNorm: undefined,
  schedule: undefined,
  warmupSteps: undefined,
  epochs: undefined,
  maxSteps: undefined,
  batchSize: undefined,
  gradientAccumulationSteps: undefined,
  tokensPerRun: undefined,
  limitTrainBatches: undefined,
  earlyStopping: undefined,
  restoreBest: undefined,
} as const satisfies { readonly [K in keyof RunOptions]?: undefined };

type Fitted = Pick<RunOptions, 'model' | 'method' | 'teacherForm' | 'perturbation'>;

/** Whether a solver finds the last layer alone, on an encoder that stays as it is: its features are the mean over tokens. */
export function isFrozenBelow({ config }: Pick<RunOptions['model'], 'config'>): boolean {
  return config.head === 'mean';
}

/** Why the weights of such a run cannot be found by a convex solver; undefined where they can. */
export function whyNoFit({ model, method, teacherForm, perturbation }: Fitted): string | undefined {
  const { kind, config } = model;
  if (kind !== 'ngram' && !isFrozenBelow(model)) return `model ${kind}, which is not linear in its features`;
  if (kind === 'ngram' && config.hidden_size !== 0)
    return `model ngram with a hidden layer of ${config.hidden_size}, which is not convex`;
  if (method.rowTargets === undefined) {
    return `method '${method.name}', whose loss with these options is not that of one target per row`;
  }
  if (perturbation !== undefined) return `perturbation '${perturbation.name}', which changes rows in each epoch`;
  return teacherForm === 'traced' ? "teacherForm 'traced', a part of each step" : undefined;
}

/** @throws OptionError for a run that a convex solver cannot do. */
export function expectFit(run: Fitted, where = 'fit'): void {
  const got = whyNoFit(run);
  if (got === undefined) return;
  const wanted =
    'a linear model of n-grams or an encoder with a head on the mean over its tokens, and a method that gives each row one target';
  throw new OptionError({ where, wanted, got, fix: 'train by steps' });
}
