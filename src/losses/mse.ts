import { equal, where } from '../autograd/ops/compare.js';
import { mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { mean, sum } from '../autograd/ops/reduce.js';
import { reshape, unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { formatShape } from '../tensor/shape.js';
import { expectSameShape } from './operands.js';
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
  const wanted = 'x and target of one shape, [B, C] or [B, S, H]';
  const [ours, theirs] = expectSameShape(x, target, 'mse', { wanted, ranks: [2, Infinity] });
  const mask = options.mask && asMask(options.mask);
  const difference = sub(ours, stopGradient(theirs));
  // Masked before it is squared: what padding holds may overflow.
  const visible = mask ? where(unsqueeze(mask, -1), difference, 0) : difference;
  const reduce = features === 'mean' ? mean : sum;
  return rowLoss(reduce(mul(visible, visible), { axes: [-1] }), mask); // [B, S, H] -> [B, S]
}

/**
 * Squared error of a regression, (z − s)², as `torch.nn.functional.mse_loss`; rows without a score count nothing.
 * @param logits [B, 1]
 * @param scores [B]; NaN where a row has none.
 * @returns sum and count [B].
 * @throws ShapeError for other shapes: scores that broadcast would train silently wrong.
 */
export function mseOfScores(logits: Value, scores: Value): RowLoss {
  const [rows, width] = logits.shape;
  if (rows === undefined || width !== 1 || logits.shape.length !== 2 || formatShape(scores.shape) !== `[${rows}]`) {
    throw new ShapeError({
      where: 'mseOfScores',
      wanted: 'logits [B, 1] and scores [B]',
      got: `${formatShape(logits.shape)} and ${formatShape(scores.shape)}`,
      fix: 'give the model one label: num_labels 1',
    });
  }
  const hasScore = equal(scores, scores); // false for NaN alone
  // NaN has to go before it is subtracted: 0 times NaN is NaN in the backward pass.
  const target = stopGradient(where(hasScore, scores, 0));
  const difference = sub(reshape(logits, [rows]), target); // [B, 1] -> [B]
  return rowLoss(mul(difference, difference), hasScore);
}
