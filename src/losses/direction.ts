import { cast, equal } from '../autograd/ops/compare.js';
import { abs, add, div, maximum, mul, sqrt, stopGradient } from '../autograd/ops/elementwise.js';
import { reduceMax, sum } from '../autograd/ops/reduce.js';
import type { Value } from '../autograd/value.js';

/**
 * x / ‖x‖ over the last axis; 0 for the zero vector. The vector is first divided by its largest magnitude, a constant:
 * squares then neither over- nor underflow, and since directions don't depend on length the gradient is the true one.
 */
export function direction(x: Value): Value {
  const largest = stopGradient(reduceMax(abs(x), { axes: [-1], keepDims: true }));
  const scaled = div(x, add(largest, cast(equal(largest, 0), { to: x.dtype })));
  const square = sum(mul(scaled, scaled), { axes: [-1], keepDims: true });
  // 1 or more, but for the zero vector, whose root would have an infinite slope.
  return div(scaled, sqrt(maximum(square, 0.5)));
}
