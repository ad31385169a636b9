import { equal, where } from '../autograd/ops/compare.js';
import { mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { reshape } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { formatShape } from '../tensor/shape.js';
import { type RowLoss, rowLoss } from './row-loss.js';

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
