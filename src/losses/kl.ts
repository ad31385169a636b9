import { greater, where } from '../autograd/ops/compare.js';
import { exp, mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { logSoftmax } from '../autograd/ops/normalise.js';
import { sum } from '../autograd/ops/reduce.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { expectClasses, expectSameLogits, expectTemperature, squaredTemperature, tempered } from './operands.js';
import { asMask, type RowLoss, rowLoss, scale } from './row-loss.js';

export type KlOptions = {
  /** T > 0: divides the logits of both sides. Default: 1. */
  readonly temperature?: number | Value;
  /** forward: KL(teacher ‖ student); reverse: KL(student ‖ teacher), which seeks one mode. Default: forward. */
  readonly direction?: 'forward' | 'reverse';
  /** Whether the loss is multiplied by T², so that its gradient keeps its size as T grows. Default: true. */
  readonly isTimesSquaredTemperature?: boolean;
  /** What counts, above 0: [B] or [B, S]. Default: all. */
  readonly mask?: Value | undefined;
};

/** Far below any that training meets, and small enough that the sum over the classes stays finite in float32. */
const LEAST_LOG_PROB = -1e30;

/**
 * Kullback-Leibler divergence of softened distributions, summed over the classes:
 *   T² · Σ_c p_c (log p_c − log q_c),  p = softmax(teacher / T), q = softmax(student / T)   (swapped if reverse)
 * From log-softmax on both sides. The gradient is finite for any finite logits.
 * @param studentLogits [B, C], or [B, S, C] for tokens.
 * @param teacherLogits of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B]. Their mean is PyTorch's `kl_div` with `batchmean`; its default, `mean`, also divides by C.
 * @throws ShapeError, OptionError
 */
export function kl(studentLogits: Value, teacherLogits: Value, options: KlOptions = {}): RowLoss {
  const { temperature = 1, direction = 'forward', isTimesSquaredTemperature = true } = options;
  expectClasses(studentLogits, 'kl');
  expectSameLogits(studentLogits, teacherLogits, 'kl');
  expectTemperature(temperature, 'kl');
  const mask = options.mask && asMask(options.mask);
  // Reverse KL multiplies by differences of log-probabilities, which may be infinite where padding holds huge values, or a
  // row of weight 0 does: the cotangent of what does not count is 0, and 0 times infinity is NaN.
  const finite = (logProb: Value): Value =>
    direction === 'forward' ? logProb : where(greater(logProb, LEAST_LOG_PROB), logProb, LEAST_LOG_PROB);
  const visible = (logits: Value): Value => (mask ? where(unsqueeze(mask, -1), logits, 0) : logits);
  const logProbs = (logits: Value): Value => finite(logSoftmax(tempered(visible(logits), temperature), { axis: -1 }));
  const student = logProbs(studentLogits); // [B, C]
  const teacher = logProbs(stopGradient(teacherLogits)); // [B, C]
  const [p, q] = direction === 'forward' ? [teacher, student] : [student, teacher];
  const divergence = rowLoss(sum(mul(exp(p), sub(p, q)), { axes: [-1] }), mask); // [B, C] -> [B]
  if (!isTimesSquaredTemperature || temperature === 1) return divergence;
  return scale(squaredTemperature(temperature, studentLogits), divergence);
}
