import { cast, equal } from '../autograd/ops/compare.js';
import { abs, add, div, maximum, mul, sqrt, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { reduceMax, sum } from '../autograd/ops/reduce.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { present } from './operands.js';
import { asMask, type RowLoss, rowLoss } from './row-loss.js';

export type CosineOptions = {
  /** What counts, above 0: [B] or [B, S]. Default: all. */
  readonly mask?: Value | undefined;
};

/**
 * x / ‖x‖ over the last axis; 0 for the zero vector. The vector is first divided by its largest magnitude, a constant:
 * squares then neither over- nor underflow, and since directions don't depend on length the gradient is the true one.
 */
function direction(x: Value): Value {
  const largest = stopGradient(reduceMax(abs(x), { axes: [-1], keepDims: true }));
  const scaled = div(x, add(largest, cast(equal(largest, 0), { to: x.dtype })));
  const square = sum(mul(scaled, scaled), { axes: [-1], keepDims: true });
  // 1 or more, but for the zero vector, whose root would have an infinite slope.
  return div(scaled, sqrt(maximum(square, 0.5)));
}

/**
 * 1 − cos(x, target), as `torch.nn.CosineEmbeddingLoss` for pairs that belong together (DistilBERT's hidden-state loss).
 * @param x [B, H], or [B, S, H] for tokens.
 * @param target of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B].
 * @throws ShapeError if the shapes differ.
 */
export function cosineDistance(x: Value | undefined, target: Value | undefined, options: CosineOptions = {}): RowLoss {
  const ours = present(x, 'cosineDistance');
  const theirs = present(target, 'cosineDistance');
  if (ours.shape.length < 2 || !sameShape(ours.shape, theirs.shape)) {
    throw new ShapeError({
      where: 'cosineDistance',
      wanted: 'x and target of one shape, [B, H] or [B, S, H]',
      got: `${formatShape(ours.shape)} and ${formatShape(theirs.shape)}`,
      fix: 'project the student to the width of the teacher',
    });
  }
  const mask = options.mask && asMask(options.mask);
  const cosine = sum(mul(direction(ours), direction(stopGradient(theirs))), { axes: [-1] });
  return rowLoss(sub(1, cosine), mask); // [B, S, H] -> [B, S]
}
