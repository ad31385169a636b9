/** @file Distillation from a teacher that names its likeliest classes and leaves the rest as one sum. */
import { cast, greater, where } from '../autograd/ops/compare.js';
import { add, exp, mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { logSoftmax, logSumExp } from '../autograd/ops/normalise.js';
import { sum } from '../autograd/ops/reduce.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { kl } from './kl.js';
import { expectClasses, expectSameLogits, NEVER } from './operands.js';
import { asMask, type RowLoss, rowLoss } from './row-loss.js';

export type TopKOptions = {
  /**
   * What becomes of the classes that the teacher did not name. `bucket`: one class with the rest of the mass.
   * `renormalise`: probability 0, the named ones stretched to a sum of 1 (DistillKit's `zero`), which teaches that the
   * rest is impossible. `ignore`: as they stand; no divergence, it can fall below 0. Default: `bucket`.
   */
  readonly rest?: 'bucket' | 'renormalise' | 'ignore';
  /** What counts, above 0: [B] or [B, S]. Default: all. */
  readonly mask?: Value | undefined;
};

/**
 * The divergence over the K classes that a teacher named and one bucket of the others:
 *   Σ_{i∈K} p_i (log p_i − log q_i) + r (log r − log Σ_{j∉K} q_j),  r = 1 − Σ_{i∈K} p_i,  q = softmax(student)
 * It is never above the divergence over all classes. Inside the bucket the gradient keeps the student's proportions.
 * @param studentLogits [B, C], or [B, S, C] for tokens.
 * @param teacherLogits of the same shape: log-probabilities, those of the others anything with the sum r.
 * @param remainder of the same shape: above 0 for the classes in the bucket.
 * @returns sum and count [B].
 * @throws ShapeError
 */
export function topKBucket(
  studentLogits: Value,
  teacherLogits: Value,
  remainder: Value,
  { rest = 'bucket', mask }: TopKOptions = {},
): RowLoss {
  if (rest === 'bucket')
    return kl(studentLogits, withRemainderSpread(studentLogits, teacherLogits, remainder), { mask });
  const isOther = checkedRemainder(studentLogits, teacherLogits, remainder);
  if (rest === 'renormalise') return kl(studentLogits, where(isOther, NEVER, teacherLogits), { mask });
  const teacher = logSoftmax(stopGradient(teacherLogits), { axis: -1 }); // [B, C]
  const terms = mul(exp(teacher), sub(teacher, logSoftmax(studentLogits, { axis: -1 })));
  return rowLoss(sum(where(isOther, 0, terms), { axes: [-1] }), mask && asMask(mask)); // [B, C] -> [B]
}

/**
 * Teacher logits in which the mass of the bucket is spread as the student spreads its own: a constant to the student.
 * A divergence from these is that of `topKBucket`, in value and gradient, so that any loss on logits at temperature 1 can
 * learn from a teacher that names only some classes. Rows without a bucket stay as they are. Of a row in which all is bucket
 * nothing is known: it becomes what the student says, at any temperature; so does a score.
 * @returns [B, C], or [B, S, C]; of rows with a bucket log-probabilities.
 * @throws ShapeError
 */
export function withRemainderSpread(studentLogits: Value, teacherLogits: Value, remainder: Value): Value {
  expectSameLogits(studentLogits, teacherLogits, 'topKBucket');
  expectSameLogits(studentLogits, remainder, 'topKBucket, remainder');
  const isOther = asMask(remainder);
  const classes = Number(studentLogits.shape.at(-1));
  const others = unsqueeze(sum(cast(isOther, { to: studentLogits.dtype }), { axes: [-1] }), -1); // [B, C] -> [B, 1]
  const orStudent = (known: Value) => stopGradient(where(greater(others, classes - 0.5), studentLogits, known));
  if (classes === 1) return orStudent(teacherLogits);
  const student = logSoftmax(stopGradient(studentLogits), { axis: -1 }); // [B, C]
  const teacher = logSoftmax(stopGradient(teacherLogits), { axis: -1 }); // [B, C]
  const massOf = (logProbs: Value): Value => unsqueeze(logSumExp(where(isOther, logProbs, NEVER), { axis: -1 }), -1); // [B, C] -> [B, 1]
  const spread = add(student, sub(massOf(teacher), massOf(student)));
  return orStudent(where(greater(others, 0), where(isOther, spread, teacher), teacherLogits));
}

function checkedRemainder(studentLogits: Value, teacherLogits: Value, remainder: Value): Value {
  expectClasses(studentLogits, 'topKBucket');
  expectSameLogits(studentLogits, teacherLogits, 'topKBucket');
  expectSameLogits(studentLogits, remainder, 'topKBucket, remainder');
  return asMask(remainder);
}
