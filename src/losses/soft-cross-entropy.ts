import { add, mul, neg, stopGradient } from '../autograd/ops/elementwise.js';
import { logSoftmax } from '../autograd/ops/normalise.js';
import { sum } from '../autograd/ops/reduce.js';
import type { Value } from '../autograd/value.js';
import { classWeightsValue } from './cross-entropy.js';
import { expectClasses, expectFraction, expectSameLogits } from './operands.js';
import { asMask, type RowLoss, rowLoss } from './row-loss.js';

export type SoftCrossEntropyOptions = {
  /** ε: the target becomes (1 − ε) · target + ε / C. Default: 0. */
  readonly labelSmoothing?: number;
  /** [C]; multiplies the classes' terms, not the count, as in PyTorch. Default: all 1. */
  readonly classWeights?: readonly number[];
  /** What counts, above 0: [B] or [B, S]. Default: all. */
  readonly mask?: Value | undefined;
};

/**
 * Cross-entropy of target probabilities, −Σ_c target_c · log softmax(logits)_c, as
 * `torch.nn.functional.cross_entropy` with probabilities. It is KL(target ‖ softmax(logits)) plus the target's entropy,
 * so both have one gradient and two values.
 * @param logits [B, C], or [B, S, C] for tokens.
 * @param targetProbs of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B].
 * @throws ShapeError, OptionError
 */
export function softCrossEntropy(logits: Value, targetProbs: Value, options: SoftCrossEntropyOptions = {}): RowLoss {
  const { labelSmoothing = 0, classWeights, mask } = options;
  const classes = expectClasses(logits, 'softCrossEntropy');
  expectSameLogits(logits, targetProbs, 'softCrossEntropy');
  expectFraction(labelSmoothing, 'labelSmoothing');
  const fixed = stopGradient(targetProbs);
  const smoothed = labelSmoothing === 0 ? fixed : add(mul(fixed, 1 - labelSmoothing), labelSmoothing / classes);
  const target =
    classWeights === undefined ? smoothed : mul(smoothed, classWeightsValue(classWeights, classes, logits));
  const losses = neg(sum(mul(target, logSoftmax(logits, { axis: -1 })), { axes: [-1] })); // [B, C] -> [B]
  return rowLoss(losses, mask && asMask(mask));
}
