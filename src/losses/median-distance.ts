import { greater, where } from '../autograd/ops/compare.js';
import { add, mul, sqrt, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { linearProduct } from '../autograd/ops/matmul.js';
import { largest, mean, sum } from '../autograd/ops/reduce.js';
import { reshape, unsqueeze } from '../autograd/ops/shaping.js';
import { slice } from '../autograd/ops/slicing.js';
import type { Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { formatShape } from '../tensor/shape.js';

/** All pairs are sorted in every step; this many rows are half a million pairs. */
const MOST_ROWS = 1000;

/**
 * The median distance between two rows of a table; 1 where it is 0. A constant.
 * @param rows [C, H]
 * @throws ShapeError for fewer than two rows; OptionError for more than 1000.
 */
export function medianDistance(rows: Value): Value {
  const [count] = rows.shape;
  if (rows.shape.length !== 2 || typeof count !== 'number' || count < 2) {
    throw new ShapeError({ where: 'medianDistance', wanted: 'at least 2 rows, [C, H]', got: formatShape(rows.shape) });
  }
  if (count > MOST_ROWS) {
    throw new OptionError({
      where: 'the median distance between classes',
      wanted: `at most ${MOST_ROWS} classes`,
      got: String(count),
      fix: 'give the scale of distances yourself',
    });
  }
  const table = stopGradient(rows);
  const squares = sum(mul(table, table), { axes: [1] }); // [C, H] -> [C]
  const products = linearProduct(table, table); // [C, H] x [C, H] -> [C, C]
  const squared = sub(add(unsqueeze(squares, 1), squares), mul(products, 2));
  // ‖a − b‖² from products may round below 0.
  const distances = sqrt(where(greater(squared, 0), squared, 0)); // [C, C]
  // Every pair stands there twice, and the diagonal is smallest: of C² numbers these two are the middle of the pairs.
  const pairs = (count * (count - 1)) / 2;
  const falling = largest(reshape(distances, [count * count]), { k: pairs + 1 });
  const median = mean(slice(falling, { axis: 0, start: pairs - 1, end: pairs + 1 }));
  return where(greater(median, 0), median, 1);
}
