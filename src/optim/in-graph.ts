/**
 * @file An optimiser as part of a traced graph: for tiny models, many steps in one run, and the browser. The same
 * rules, scalars and clip factor as on the host.
 */
import { cast } from '../autograd/ops/compare.js';
import { add, div, minimum, mul, sqrt, sub } from '../autograd/ops/elementwise.js';
import { sum } from '../autograd/ops/reduce.js';
import { scalar, type Value } from '../autograd/value.js';
import { CLIP_EPSILON, NO_CLIPPING } from './clip.js';
import type { Arithmetic, Optimizer, UpdateResult } from './optimizer.js';

const ops: Arithmetic<Value> = { add, sub, mul, div, sqrt };

/** 2-norm of all gradients together, summed in float64: float64[]. */
export function tracedGradientNorm(gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => {
    const wide = cast(gradient, { to: 'float64' });
    return sum(mul(wide, wide));
  });
  return sqrt(squares.reduce((total, square) => add(total, square), scalar(0, 'float64')));
}

/**
 * The factor on all gradients: float32[]. It depends on every gradient also where there is no clipping, so that
 * parameters may be updated in place: no update can run before the last gradient is known.
 */
export function tracedClipFactor(norm: Value, maxNorm: number = NO_CLIPPING): Value {
  return cast(minimum(div(maxNorm, add(norm, CLIP_EPSILON)), 1), { to: 'float32' });
}

export type TracedState = {
  readonly parameter: Value;
  readonly gradient: Value;
  readonly slots: Readonly<Record<string, Value>>;
  /** Of the parameter's group, by the names of the rule's `scalarNames`. */
  readonly scalars: Readonly<Record<string, Value>>;
  /** Whether the group has a weight decay other than 0. */
  readonly decays: boolean;
  /** From `tracedClipFactor`; left out where nothing is clipped and parameters are not updated in place. */
  readonly clipFactor?: Value;
};

/** One step of one parameter. */
export function tracedUpdate(optimizer: Optimizer, state: TracedState): UpdateResult<Value, string> {
  const { gradient, clipFactor } = state;
  return optimizer.update({ ...state, gradient: clipFactor === undefined ? gradient : mul(gradient, clipFactor) }, ops);
}
