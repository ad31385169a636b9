import { and } from '../autograd/ops/compare.js';
import { add, mul, sub } from '../autograd/ops/elementwise.js';
import type { Value } from '../autograd/value.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { crossEntropy } from './cross-entropy.js';
import { scalarLike } from './operands.js';
import { isLabelled, type RowLoss } from './row-loss.js';

/**
 * Cross-entropy on a mixed input, lambda · CE(y_i) + (1 − lambda) · CE(y_j): MixKD's soft-mix term (Liang et al. 2021,
 * arXiv:2011.00593), mixup's own (Zhang et al. 2018, arXiv:1710.09412). A pair of which one row has no label does not
 * count.
 * @param logits of the mixed rows, [B, C].
 * @param labels int64 [B] of the rows themselves, and of their partners.
 * @param lambda share of the row itself: a number, a scalar or [B].
 * @returns sum and count [B].
 * @throws ShapeError
 */
export function mixupCrossEntropy(logits: Value, labels: Value, partnerLabels: Value, lambda: number | Value): RowLoss {
  const isPair = and(isLabelled(labels, NO_LABEL), isLabelled(partnerLabels, NO_LABEL));
  const own = crossEntropy(logits, labels, { mask: isPair });
  const partner = crossEntropy(logits, partnerLabels, { mask: isPair });
  const share = scalarLike(lambda, logits);
  const rest = typeof share === 'number' ? 1 - share : sub(1, share);
  return { sum: add(mul(own.sum, share), mul(partner.sum, rest)), count: own.count };
}
