import { where } from '../autograd/ops/compare.js';
import { add, mul, neg, stopGradient } from '../autograd/ops/elementwise.js';
import { gather, pick } from '../autograd/ops/indexing.js';
import { logSoftmax } from '../autograd/ops/normalise.js';
import { sum } from '../autograd/ops/reduce.js';
import { constant, type Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { fromNumbers } from '../tensor/tensor.js';
import { expectClasses, expectFraction, expectSameLogits } from './operands.js';
import { asMask, isLabelled, type RowLoss, rowLoss } from './row-loss.js';

export type CrossEntropyOptions = {
  /** ε: the target is (1 − ε) · label + ε / C for every class, PyTorch's convention (some divide by C − 1). Default: 0. */
  readonly labelSmoothing?: number;
  /** The label of an element that does not count. Default: −100. */
  readonly ignoreIndex?: number;
  /** [C]; an element counts for the weight of its label, as in PyTorch's weighted mean. Default: all 1. */
  readonly classWeights?: readonly number[];
  /** What else must be above 0 for an element to count; of the labels' shape. */
  readonly mask?: Value | undefined;
};

/** The weights of the classes as a constant [C]. @throws OptionError if they are not one a class, 0 or more. */
function classWeightsValue(weights: readonly number[], classes: number, logits: Value): Value {
  if (weights.length !== classes || !weights.every((weight) => weight >= 0 && Number.isFinite(weight))) {
    throw new OptionError({
      where: 'classWeights',
      wanted: `${classes} numbers ≥ 0, one per class`,
      got: `[${weights.join(', ')}]`,
    });
  }
  return constant(fromNumbers(logits.dtype, [classes], weights));
}

/**
 * Cross-entropy of hard labels, −log softmax(logits)[label], as `torch.nn.functional.cross_entropy`.
 * @param logits [B, C], or [B, S, C] for tokens.
 * @param labels int64 [B] or [B, S], in 0 … C − 1 or `ignoreIndex`.
 * @returns sum and count [B]; the count is the number (with class weights: the weight) of what is labelled.
 * @throws ShapeError, OptionError
 */
export function crossEntropy(logits: Value, labels: Value, options: CrossEntropyOptions = {}): RowLoss {
  const { labelSmoothing = 0, ignoreIndex = NO_LABEL, classWeights, mask } = options;
  const classes = expectClasses(logits, 'crossEntropy');
  expectFraction(labelSmoothing, 'labelSmoothing');
  if (!sameShape(labels.shape, logits.shape.slice(0, -1))) {
    throw new ShapeError({
      where: 'crossEntropy',
      wanted: `labels ${formatShape(logits.shape.slice(0, -1))} for logits ${formatShape(logits.shape)}`,
      got: formatShape(labels.shape),
    });
  }
  const valid = isLabelled(labels, ignoreIndex, mask);
  const index = where(valid, labels, 0);
  const weights = classWeights === undefined ? undefined : classWeightsValue(classWeights, classes, logits);
  const labelWeights = weights === undefined ? undefined : gather(weights, index);
  const logProbs = logSoftmax(logits, { axis: -1 });
  const picked = neg(pick(logProbs, index)); // [B, C] -> [B]
  const hard = labelWeights === undefined ? picked : mul(picked, labelWeights);
  if (labelSmoothing === 0) return rowLoss(hard, valid, labelWeights);
  const all = sum(weights === undefined ? logProbs : mul(logProbs, weights), { axes: [-1] }); // [B, C] -> [B]
  const smoothed = add(mul(hard, 1 - labelSmoothing), mul(all, -labelSmoothing / classes));
  return rowLoss(smoothed, valid, labelWeights);
}

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
