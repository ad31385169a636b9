import { OptionError } from '../errors/failures.js';
import { type Optimizer, requireNumber } from './optimizer.js';

export type SgdOptions = {
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
};

export const sgdDefaults: SgdOptions = {
  learningRate: 1e-3,
  momentum: 0,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
};

/**
 * Stochastic gradient descent with momentum, as `torch.optim.SGD` has it:
 *   g = gradient + weightDecay p;  b = momentum b + (1 − dampening) g;  p = p − learningRate (nesterov ? g + momentum b : b)
 * The first b is g itself: dampening begins with the second step.
 * @throws OptionError for an option out of range.
 */
export function sgd(options: Partial<SgdOptions> = {}): Optimizer {
  const { learningRate, momentum, dampening, nesterov, weightDecay } = { ...sgdDefaults, ...options };
  requireNumber('sgd learningRate', learningRate, 'a number ≥ 0', learningRate >= 0);
  requireNumber('sgd momentum', momentum, 'a number ≥ 0 and < 1', momentum >= 0 && momentum < 1);
  requireNumber('sgd dampening', dampening, 'a number from 0 to 1', dampening >= 0 && dampening <= 1);
  requireNumber('sgd weightDecay', weightDecay, 'a number ≥ 0', weightDecay >= 0);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new OptionError({
      where: 'sgd nesterov',
      wanted: 'momentum above 0 and no dampening',
      got: `momentum ${momentum}, dampening ${dampening}`,
      fix: 'set momentum (for example 0.9) and leave dampening out, or set nesterov to false',
    });
  }

  const rule: Optimizer<'momentum_buffer', 'learningRate' | 'weightDecay' | 'gradientWeight'> = {
    name: 'sgd',
    learningRate,
    weightDecay,
    slots: momentum === 0 ? [] : ['momentum_buffer'],
    scalarNames: ['learningRate', 'weightDecay', 'gradientWeight'],
    scalars: (at) => ({
      learningRate: at.learningRate,
      weightDecay: at.weightDecay,
      gradientWeight: at.step === 1 ? 1 : 1 - dampening,
    }),
    update({ parameter, gradient, slots, scalars, decays }, { add, sub, mul }) {
      const direction = decays ? add(gradient, mul(scalars.weightDecay, parameter)) : gradient;
      if (momentum === 0) return { parameter: sub(parameter, mul(scalars.learningRate, direction)), slots };
      const buffer = add(mul(momentum, slots.momentum_buffer), mul(scalars.gradientWeight, direction));
      const move = nesterov ? add(direction, mul(momentum, buffer)) : buffer;
      return { parameter: sub(parameter, mul(scalars.learningRate, move)), slots: { momentum_buffer: buffer } };
    },
  };
  return rule;
}
