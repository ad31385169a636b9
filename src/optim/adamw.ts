import {
  type AdamOptions,
  adamDefaults,
  adamScalars,
  checkAdamOptions,
  MOMENTS,
  type Moment,
  moveAlongMoments,
} from './adam.js';
import type { Optimizer } from './optimizer.js';

export type AdamwOptions = AdamOptions;

export const adamwDefaults: AdamwOptions = { ...adamDefaults, weightDecay: 1e-2 };

/**
 * AdamW. Loshchilov & Hutter 2017, arXiv:1711.05101, algorithm 2, in the form of `torch.optim.AdamW`: the weights
 * are multiplied by 1 − learningRate weightDecay, then Adam moves them.
 * @throws OptionError for an option out of range.
 */
export function adamw(options: Partial<AdamwOptions> = {}): Optimizer {
  const settings = { ...adamwDefaults, ...options };
  checkAdamOptions('adamw', settings);
  const rule: Optimizer<Moment, 'shrink' | 'stepSize' | 'scaledEpsilon'> = {
    name: 'adamw',
    learningRate: settings.learningRate,
    weightDecay: settings.weightDecay,
    slots: MOMENTS,
    scalarNames: ['shrink', 'stepSize', 'scaledEpsilon'],
    scalars: (at) => ({ shrink: 1 - at.learningRate * at.weightDecay, ...adamScalars(at, settings) }),
    update(values, arithmetic) {
      const { parameter, scalars, decays } = values;
      const shrunk = decays ? arithmetic.mul(scalars.shrink, parameter) : parameter;
      return moveAlongMoments({ ...values, parameter: shrunk }, arithmetic, settings.betas);
    },
  };
  return rule;
}
