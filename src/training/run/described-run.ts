/** @file Data and optimisers as plain JSON, for the fingerprint of a run. */
import { contentHash } from '../../data/content-hash.js';
import type { Dataset } from '../../data/dataset.js';
import { comparable, type Fingerprint } from '../../files/fingerprint.js';
import type { Method } from '../../methods/method.js';
import type { Model, Weights } from '../../models/model.js';
import { weightsHash } from '../../models/saved-model.js';
import { type ParameterGroup, resolveGroups } from '../../optim/groups.js';
import type { Arithmetic, Optimizer } from '../../optim/optimizer.js';
import type { ScheduleName } from '../../optim/schedules.js';
import { usualThreads } from '../../runtime/threads.js';

/** Name, size and contents, so that other data are another run, or experiment; the length at which texts are cut shows in the hash too, which names nothing. */
export function describeData(data: Dataset): Fingerprint {
  const maxLength = data.text?.cut.maxLength;
  return { name: data.name, rows: data.size, ...(maxLength !== undefined && { maxLength }), hash: contentHash(data) };
}

type DescribedOptions = {
  readonly model: Model;
  readonly method: Method;
  readonly optimizer: Optimizer;
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly schedule?: ScheduleName | undefined;
  readonly warmupSteps?: number | undefined;
  readonly threads?: number | undefined;
};

/** Plain numbers, in float64. */
const NUMBERS: Arithmetic<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: Math.sqrt,
};

/** An optimiser's name and rates, and what it makes of one number: constants such as betas show in that. */
export function describeOptimizer(optimizer: Optimizer): Fingerprint {
  const { name, learningRate, weightDecay, slots } = optimizer;
  const probe = optimizer.update(
    {
      parameter: 1,
      gradient: 0.3,
      slots: Object.fromEntries(slots.map((slot, i) => [slot, 0.5 + i])),
      scalars: optimizer.scalars({ step: 2, learningRate: 0.1, weightDecay: 0.2 }),
      decays: true,
    },
    NUMBERS,
  );
  return { name, learningRate, weightDecay, settings: [probe.parameter, ...Object.values(probe.slots)] };
}

/** With the rate of each parameter where they are not all the optimiser's. */
export function describeRates(
  { parameters }: Pick<Model, 'parameters'>,
  { optimizer, groups = [] }: Pick<DescribedOptions, 'optimizer' | 'groups'>,
): Fingerprint {
  if (groups.length === 0) return describeOptimizer(optimizer);
  const names = parameters.map(({ name }) => name);
  return { ...describeOptimizer(optimizer), rates: Object.fromEntries(resolveGroups(names, optimizer, groups)) };
}

/**
 * What is no plain value in the options of every run, or has a default there: for `fingerprint`.
 * @param trained all that the step trains, whose rates are told.
 */
export function describedRun(options: DescribedOptions, trained: Pick<Model, 'parameters'>) {
  const { model, method, schedule = 'constant', warmupSteps = 0, threads = usualThreads() } = options;
  return {
    model: { kind: model.kind, config: model.config },
    method: { name: method.name, options: method.options },
    ...{ schedule, warmupSteps, threads },
    optimizer: describeRates(trained, options),
    groups: undefined,
    // Told by what they are before the first step.
    weights: undefined,
  };
}

/** Of a model that is trained on the way, with settings of its own. */
export function describeTraining(
  model: Pick<Model, 'parameters'>,
  training: Pick<DescribedOptions, 'optimizer' | 'groups'>,
): Fingerprint {
  return comparable(training, { optimizer: describeRates(model, training), groups: undefined });
}

export function describeWeights(weights: Weights): string {
  return weightsHash(weights).slice(0, 16);
}
