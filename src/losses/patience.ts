import { mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { mean, sum } from '../autograd/ops/reduce.js';
import type { Value } from '../autograd/value.js';
import { direction } from './direction.js';
import { expectSameShape } from './operands.js';
import { type RowLoss, rowLoss, scale, totalOf } from './row-loss.js';

export type PatienceOptions = {
  /** Whether vectors are compared by their directions alone. Default: true. */
  readonly isNormalised?: boolean;
  /**
   * `sum`: the paper's, over pairs and features. `mean`: the released code's, smaller by M · H. A weight is only
   * meaningful with its scale. Default: `mean`.
   */
  readonly scale?: 'mean' | 'sum';
};

/**
 * PKD's patience: squared distances between matched first-token vectors, Sun et al. 2019, arXiv:1908.09355, equation 7.
 * A zero vector has no direction and stays zero.
 * @param pairs M of student and teacher [B, H]; the teacher is a constant, no gradient flows into it.
 * @returns sum and count [B].
 * @throws ShapeError for no pairs, or a pair of different shapes.
 */
export function patience(
  pairs: readonly (readonly [student: Value | undefined, teacher: Value | undefined])[],
  options: PatienceOptions = {},
): RowLoss {
  const { isNormalised = true, scale: by = 'mean' } = options;
  const placed = (x: Value): Value => (isNormalised ? direction(x) : x);
  const distances = pairs.map((pair) => {
    const wanted = 'student and teacher of one shape [B, H]';
    const [student, teacher] = expectSameShape(...pair, 'patience', { wanted, ranks: [2, 2] });
    const difference = sub(placed(student), placed(stopGradient(teacher)));
    const reduce = by === 'mean' ? mean : sum;
    return rowLoss(reduce(mul(difference, difference), { axes: [-1] })); // [B, H] -> [B]
  });
  const total = totalOf(distances);
  return by === 'mean' ? scale(1 / pairs.length, total) : total;
}
