import { mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { sum } from '../autograd/ops/reduce.js';
import type { Value } from '../autograd/value.js';
import { direction } from './direction.js';
import { expectSameShape } from './operands.js';
import { asMask, type RowLoss, rowLoss } from './row-loss.js';

export type CosineOptions = {
  /** What counts, above 0: [B] or [B, S]. Default: all. */
  readonly mask?: Value | undefined;
};

/**
 * 1 − cos(x, target), as `torch.nn.CosineEmbeddingLoss` for pairs that belong together (DistilBERT's hidden-state loss).
 * @param x [B, H], or [B, S, H] for tokens.
 * @param target of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B].
 * @throws ShapeError if the shapes differ.
 */
export function cosineDistance(x: Value | undefined, target: Value | undefined, options: CosineOptions = {}): RowLoss {
  const wanted = 'x and target of one shape, [B, H] or [B, S, H]';
  const [ours, theirs] = expectSameShape(x, target, 'cosineDistance', { wanted, ranks: [2, Infinity] });
  const mask = options.mask && asMask(options.mask);
  const cosine = sum(mul(direction(ours), direction(stopGradient(theirs))), { axes: [-1] });
  return rowLoss(sub(1, cosine), mask); // [B, S, H] -> [B, S]
}
