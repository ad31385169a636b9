import {
  type Arithmetic,
  type Optimizer,
  requireNumber,
  type StepPoint,
  type UpdateArguments,
  type UpdateResult,
} from './optimizer.js';

export type AdamOptions = {
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
};

export const adamDefaults: AdamOptions = { learningRate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 };

/** What Adam and AdamW carry from step to step. */
export const MOMENTS = ['exp_avg', 'exp_avg_sq'] as const;
export type Moment = (typeof MOMENTS)[number];

/** @throws OptionError for an option out of range. */
export function checkAdamOptions(name: string, { learningRate, betas, epsilon, weightDecay }: AdamOptions): void {
  requireNumber(`${name} learningRate`, learningRate, 'a number ≥ 0', learningRate >= 0);
  for (const beta of betas) requireNumber(`${name} betas`, beta, 'numbers ≥ 0 and < 1', beta >= 0 && beta < 1);
  // PyTorch takes 0, and then divides 0 by 0 at every weight that has had no gradient yet.
  requireNumber(`${name} epsilon`, epsilon, 'a number > 0', epsilon > 0);
  requireNumber(`${name} weightDecay`, weightDecay, 'a number ≥ 0', weightDecay >= 0);
}

/**
 * learningRate m̂ / (√v̂ + epsilon), with the bias corrections m̂ = m / (1 − β1^t) and v̂ = v / (1 − β2^t), is
 * stepSize m / (√v + scaledEpsilon): one division for each element instead of three.
 */
export function adamScalars({ step, learningRate }: StepPoint, { betas: [beta1, beta2], epsilon }: AdamOptions) {
  const root = Math.sqrt(1 - beta2 ** step);
  return { stepSize: (learningRate * root) / (1 - beta1 ** step), scaledEpsilon: epsilon * root };
}

/** The new moments, and the parameter moved along them. */
export function moveAlongMoments<T>(
  { parameter, gradient, slots, scalars }: Omit<UpdateArguments<T, Moment, 'stepSize' | 'scaledEpsilon'>, 'decays'>,
  { add, sub, mul, div, sqrt }: Arithmetic<T>,
  [beta1, beta2]: readonly [number, number],
): UpdateResult<T, Moment> {
  const mean = add(mul(beta1, slots.exp_avg), mul(1 - beta1, gradient));
  const square = add(mul(beta2, slots.exp_avg_sq), mul(1 - beta2, mul(gradient, gradient)));
  const move = div(mean, add(sqrt(square), scalars.scaledEpsilon));
  return { parameter: sub(parameter, mul(scalars.stepSize, move)), slots: { exp_avg: mean, exp_avg_sq: square } };
}

/**
 * Adam. Kingma & Ba 2014, arXiv:1412.6980, algorithm 1; weight decay is added to the gradient (L2), as
 * `torch.optim.Adam` does.
 * @throws OptionError for an option out of range.
 */
export function adam(options: Partial<AdamOptions> = {}): Optimizer {
  const settings = { ...adamDefaults, ...options };
  checkAdamOptions('adam', settings);
  const rule: Optimizer<Moment, 'weightDecay' | 'stepSize' | 'scaledEpsilon'> = {
    name: 'adam',
    learningRate: settings.learningRate,
    weightDecay: settings.weightDecay,
    slots: MOMENTS,
    scalarNames: ['weightDecay', 'stepSize', 'scaledEpsilon'],
    scalars: (at) => ({ weightDecay: at.weightDecay, ...adamScalars(at, settings) }),
    update(values, arithmetic) {
      const { add, mul } = arithmetic;
      const { parameter, scalars, decays } = values;
      const gradient = decays ? add(values.gradient, mul(scalars.weightDecay, parameter)) : values.gradient;
      return moveAlongMoments({ ...values, gradient }, arithmetic, settings.betas);
    },
  };
  return rule;
}
