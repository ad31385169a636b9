import { OptionError } from '../errors/failures.js';
import type { Optimizer } from './optimizer.js';

/** Parameters that are trained with rates of their own. The first group that matches a name has it. */
export type ParameterGroup = {
  readonly match: readonly string[] | ((name: string) => boolean);
  /** Default: the optimiser's. */
  readonly weightDecay?: number;
  /** Multiplies the learning rate of every step. Default: 1. */
  readonly learningRateFactor?: number;
};

export type GroupRates = { readonly weightDecay: number; readonly learningRateFactor: number };

/** The usual list of parameters without weight decay, biases and norms: the names transformers' `Trainer` leaves out. */
export function isUsuallyUndecayed(name: string): boolean {
  return /bias|layernorm|rmsnorm|(^|\.)norm(\.|$)|_norm(\.|$)/i.test(name);
}

/**
 * The rates of each parameter. Parameters with the same rates share one object.
 * @throws OptionError for a rate out of range, or a group that holds no parameter.
 */
export function resolveGroups(
  names: readonly string[],
  optimizer: Optimizer,
  groups: readonly ParameterGroup[],
): Map<string, GroupRates> {
  const ungrouped: GroupRates = { weightDecay: optimizer.weightDecay, learningRateFactor: 1 };
  const all = groups.map(({ match, weightDecay = optimizer.weightDecay, learningRateFactor = 1 }, index) => {
    const where = `parameter group ${index}`;
    for (const rate of [weightDecay, learningRateFactor]) {
      if (Number.isFinite(rate) && rate >= 0) continue;
      throw new OptionError({ where, wanted: 'weightDecay and learningRateFactor ≥ 0', got: String(rate) });
    }
    const holds = typeof match === 'function' ? match : (name: string) => match.includes(name);
    const unknown = typeof match === 'function' ? [] : match.filter((name) => !names.includes(name));
    if (unknown.length > 0 || !names.some(holds)) {
      throw new OptionError({
        where,
        wanted: 'names of parameters that are trained',
        got: unknown.length > 0 ? unknown.join(', ') : 'a condition that matches none',
        fix: `the parameters are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`,
      });
    }
    return { holds, rates: { weightDecay, learningRateFactor } };
  });
  return new Map(names.map((name) => [name, all.find(({ holds }) => holds(name))?.rates ?? ungrouped]));
}
