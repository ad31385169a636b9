/** @file The contract of every loss term: two values a row. */
import { and, cast, equal, greater, greaterOrEqual, not, where } from '../autograd/ops/compare.js';
import { add, div, mul } from '../autograd/ops/elementwise.js';
import { sum } from '../autograd/ops/reduce.js';
import { expandLike } from '../autograd/ops/shaping.js';
import { slice } from '../autograd/ops/slicing.js';
import { constant, type Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { isStatic, sizeOf } from '../tensor/shape.js';
import { fromNumbers } from '../tensor/tensor.js';

/**
 * A loss term of a batch, kept apart by row: `sum` [B] and `count` [B] (1 for a row loss, the number of valid tokens for
 * a token loss, 0 where the row has no label). The trainer divides Σ weight · sum by Σ weight · count over the whole
 * optimisation batch, so row weights, missing labels, accumulation and short batches are handled once, there.
 */
export type RowLoss = { readonly sum: Value; readonly count: Value };

/** The term times a weight, which may be a traced scalar. The count is the divisor and stays. */
export function scale(weight: number | Value, loss: RowLoss): RowLoss {
  return { sum: mul(loss.sum, weight), count: loss.count };
}

/**
 * Several losses of the same rows and tokens as one term: their means add up. Their counts must be equal.
 * @throws ShapeError if there is none.
 */
export function totalOf([first, ...more]: readonly RowLoss[]): RowLoss {
  if (first === undefined) {
    throw new ShapeError({ where: 'totalOf', wanted: 'at least one loss', got: 'none' });
  }
  return { sum: more.reduce((total, loss) => add(total, loss.sum), first.sum), count: first.count };
}

/**
 * Σ weight · sum / Σ weight · count, a scalar; 0 where nothing counts. A row of weight 0 has no part in it, whatever it
 * holds.
 * @param weights [B]; default: all 1.
 */
export function meanOf(loss: RowLoss, weights?: Value): Value {
  const weighted = (rows: Value): Value =>
    sum(weights === undefined ? rows : where(greater(weights, 0), mul(rows, weights), 0));
  const count = weighted(loss.count);
  return div(weighted(loss.sum), where(greater(count, 0), count, 1));
}

/**
 * A term from what each element of a batch loses.
 * @param losses [B], or [B, S] for tokens.
 * @param valid bool of that shape: what counts; default: all. The others lose nothing and get no cotangent.
 * @param weights of that shape: what an element counts for; default: 1. `losses` must hold them already.
 */
export function rowLoss(losses: Value, valid?: Value, weights?: Value): RowLoss {
  const { dtype } = losses;
  const axes = losses.shape.flatMap((_, axis) => (axis === 0 ? [] : [axis])); // [B, ..] -> [B]
  const perRow = (elements: Value): Value => (axes.length === 0 ? elements : sum(elements, { axes }));
  if (valid === undefined && weights === undefined) {
    const total = perRow(losses);
    return { sum: total, count: expandLike(sizeOfRow(losses), total) };
  }
  const kept = (elements: Value): Value => (valid === undefined ? elements : where(valid, elements, 0));
  const counts = weights === undefined ? cast(valid as Value, { to: dtype }) : kept(weights);
  return { sum: perRow(kept(losses)), count: perRow(counts) };
}

/** Elements of a row of [B, ..], a scalar; lengths that are names are counted by the graph. */
function sizeOfRow(losses: Value): Value {
  const shape = losses.shape.slice(1);
  if (isStatic(shape)) return constant(fromNumbers(losses.dtype, [], [sizeOf(shape)]));
  const first = slice(losses, { axis: 0, start: 0, end: 1 });
  return sum(expandLike(constant(fromNumbers(losses.dtype, [], [1])), first));
}

/** A mask of any type as bool: what is above 0. */
export function asMask(mask: Value): Value {
  return mask.dtype === 'bool' ? mask : greater(mask, 0);
}

/**
 * A mask under which all tokens count, padding too. Better than none: counts of named lengths are then made from the mask
 * alone, and a step can divide by them before it has run the student.
 */
export function everyToken(mask: Value): Value {
  return greaterOrEqual(mask, 0);
}

/** What has a label and is not masked, as bool. */
export function isLabelled(labels: Value, ignoreIndex: number, mask?: Value): Value {
  const hasLabel = not(equal(labels, ignoreIndex));
  return mask === undefined ? hasLabel : and(hasLabel, asMask(mask));
}
