import { where } from '../autograd/ops/compare.js';
import { mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { mean, sum } from '../autograd/ops/reduce.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { present } from './operands.js';
import { asMask, type RowLoss, rowLoss } from './row-loss.js';

export type MseOptions = {
  /** How the last axis is reduced: `mean` as PyTorch's `mse_loss`, or `sum`. Default: mean. */
  readonly features?: 'mean' | 'sum';
  /** What counts, above 0: [B] or [B, S]. Default: all. */
  readonly mask?: Value | undefined;
};

/**
 * Squared error (x − target)², over the features of a row or token.
 * @param x [B, C], or [B, S, H] for tokens.
 * @param target of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B].
 * @throws ShapeError if the shapes differ: a target that broadcasts would train silently wrong.
 */
export function mse(x: Value | undefined, target: Value | undefined, options: MseOptions = {}): RowLoss {
  const { features = 'mean' } = options;
  const ours = present(x, 'mse');
  const theirs = present(target, 'mse');
  if (ours.shape.length < 2 || !sameShape(ours.shape, theirs.shape)) {
    throw new ShapeError({
      where: 'mse',
      wanted: 'x and target of one shape, [B, C] or [B, S, H]',
      got: `${formatShape(ours.shape)} and ${formatShape(theirs.shape)}`,
      fix: 'project the student to the width of the teacher',
    });
  }
  const mask = options.mask && asMask(options.mask);
  const difference = sub(ours, stopGradient(theirs));
  // Masked before it is squared: what padding holds may overflow.
  const visible = mask ? where(unsqueeze(mask, -1), difference, 0) : difference;
  const reduce = features === 'mean' ? mean : sum;
  return rowLoss(reduce(mul(visible, visible), { axes: [-1] }), mask); // [B, S, H] -> [B, S]
}
