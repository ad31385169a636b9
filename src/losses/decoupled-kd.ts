import { not, where } from '../autograd/ops/compare.js';
import { add, exp, mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { oneHot, pick } from '../autograd/ops/indexing.js';
import { logSoftmax, logSumExp } from '../autograd/ops/normalise.js';
import { sum } from '../autograd/ops/reduce.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { kl } from './kl.js';
import {
  expectClasses,
  expectSameLogits,
  expectTemperature,
  NEVER,
  scalarLike,
  squaredTemperature,
  tempered,
} from './operands.js';
import { asMask, isLabelled, type RowLoss, rowLoss, scale } from './row-loss.js';

export type DecoupledKdOptions = {
  /** The paper's α: weight of the divergence between label and all the rest. Default: 1. */
  readonly targetWeight?: number | Value;
  /** The paper's β: weight of the divergence among the classes that are not the label; a scalar or [B]. Default: 1. */
  readonly nonTargetWeight?: number | Value;
  /** T > 0. Default: 1. */
  readonly temperature?: number | Value;
  /** The label of what has none. Default: −100. */
  readonly ignoreIndex?: number;
};

/**
 * Decoupled distillation: T² (α · TCKD + β · NCKD). Zhao et al. 2022, arXiv:2203.08679, equation 7.
 * KL itself is TCKD + (1 − p_t[label]) · NCKD. With two classes NCKD is 0. Rows without a label have T² · KL.
 * @param studentLogits [B, C]
 * @param teacherLogits of the same shape; a constant, no gradient flows into it.
 * @param labels int64 [B]
 * @returns sum and count [B], the count 1.
 * @throws ShapeError, OptionError
 */
export function decoupledKd(
  studentLogits: Value,
  teacherLogits: Value,
  labels: Value,
  options: DecoupledKdOptions = {},
): RowLoss {
  const { targetWeight = 1, nonTargetWeight = 1, temperature = 1, ignoreIndex = NO_LABEL } = options;
  const classes = expectClasses(studentLogits, 'decoupledKd');
  expectSameLogits(studentLogits, teacherLogits, 'decoupledKd');
  expectTemperature(temperature, 'decoupledKd');
  if (!sameShape(labels.shape, studentLogits.shape.slice(0, -1)) || labels.shape.length !== 1) {
    const wanted = 'logits [B, C] and labels [B]';
    const got = `${formatShape(studentLogits.shape)} and ${formatShape(labels.shape)}`;
    throw new ShapeError({ where: 'decoupledKd', wanted, got });
  }
  const valid = isLabelled(labels, ignoreIndex);
  const index = where(valid, labels, 0);
  const isOther = not(asMask(oneHot(index, classes, studentLogits.dtype))); // [B, C]
  const parts = (logits: Value) => {
    const softened = tempered(logits, temperature);
    const others = where(isOther, softened, NEVER);
    const all = logSumExp(softened, { axis: -1 }); // [B]
    return {
      target: sub(pick(softened, index), all), // log p[label]
      rest: sub(logSumExp(others, { axis: -1 }), all), // log (1 − p[label])
      others: logSoftmax(others, { axis: -1 }), // [B, C]
    };
  };
  const q = parts(studentLogits);
  const p = parts(stopGradient(teacherLogits));
  const divergence = (a: Value, b: Value): Value => mul(exp(a), sub(a, b));
  const target = add(divergence(p.target, q.target), divergence(p.rest, q.rest)); // [B]
  const nonTarget = sum(divergence(p.others, q.others), { axes: [-1] }); // [B, C] -> [B]
  const like = (weight: number | Value) => scalarLike(weight, studentLogits);
  const decoupled = add(mul(target, like(targetWeight)), mul(nonTarget, like(nonTargetWeight)));
  const whole = kl(studentLogits, teacherLogits, { temperature, isTimesSquaredTemperature: false }).sum;
  const loss = rowLoss(where(valid, decoupled, whole));
  return scale(squaredTemperature(temperature, studentLogits), loss);
}
