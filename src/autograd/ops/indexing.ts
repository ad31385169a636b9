/** @file Reading and adding by index. Indices are int64 and have no derivative. */
import { DtypeError, ShapeError } from '../../errors/failures.js';
import type { Dtype } from '../../tensor/dtype.js';
import { NGRAM_HASH } from '../../tensor/ngram-buckets.js';
import { type Dim, formatShape, resolveAxis, type Shape, sameShape, staticShape } from '../../tensor/shape.js';
import { fromNumbers, type Tensor } from '../../tensor/tensor.js';
import { defineUnary, defineVariadic, type UnaryOp, type VariadicOp } from '../op.js';
import { constant, type Value } from '../value.js';
import { cast, equal } from './compare.js';
import { mul } from './elementwise.js';
import { indices, uniform } from './samples.js';
import { int64, unsqueeze } from './shaping.js';

function valuesAndIndices([values, index]: readonly (Dtype | undefined)[], where: string): Dtype {
  if (values !== undefined && (index === 'int64' || index === 'int32')) return values;
  throw new DtypeError({ where, wanted: 'int64 indices', got: String(index), fix: 'cast them' });
}

/** Rows of a table by number: [V, ..] and indices [..I] -> [..I, ..]. The gradient adds rows up. */
const gatherOp: VariadicOp = defineVariadic({
  name: 'gather',
  onnx: { type: 'Gather', since: 13, attributes: () => ({ axis: { kind: 'int', value: 0 } }) },
  dtype: (dtypes, _attributes, where) => valuesAndIndices(dtypes, where),
  shape: ([table, index], _attributes, where) => {
    if ((table as Shape).length > 0) return [...(index as Shape), ...(table as Shape).slice(1)];
    throw new ShapeError({ where, wanted: 'a table with rows', got: formatShape(table as Shape) });
  },
  vjp: (g, [table, index]) => [scatterRows(g, index as Value, (table as Value).shape), null],
  samples: (random) => [
    { about: 'repeated rows', inputs: [uniform(random, [3, 4], -2, 2), fromNumbers('int64', [5], [2, 0, 2, 2, 1])] },
    { about: 'batch of rows', inputs: [uniform(random, [4, 2], -2, 2), indices(random, [2, 3], 4)] },
    { about: 'rank 1 table', inputs: [uniform(random, [4], 0.5, 2), indices(random, [1, 2], 4)] },
  ],
});

/**
 * Rows of a table by number: table [V, ..], indices int64 [..I] -> [..I, ..].
 * @throws DtypeError if the indices are not integers.
 */
export function gather(table: Value, index: Value): Value {
  return gatherOp([table, index]);
}
gather.op = gatherOp.op;

/**
 * The sum, by row number, of rows: rows [..I, ..], indices [..I] -> [V, ..]. Written with ScatterElements,
 * because ONNX Runtime's ScatterND(add) loses updates where indices repeat and threads are two or more.
 */
const scatterRowsOp: VariadicOp<{ readonly shape: Shape }> = defineVariadic({
  name: 'scatterRows',
  onnx: {
    emit: (emitter, [rows, index], { shape }, _signatures, [output]) => {
      const table = staticShape(shape, 'scatterRows');
      const width = table.slice(1).reduce((n, dim) => n * dim, 1);
      const ints = (values: number[]) => emitter.constant(fromNumbers('int64', [values.length], values));
      const zero = emitter.constant(fromNumbers(output?.dtype ?? 'float32', [1], [0]));
      const empty = emitter.node('Expand', [zero, ints([table[0] as number, width])]);
      const flat = emitter.node('Reshape', [rows as string, ints([-1, width])]);
      const column = emitter.node('Reshape', [index as string, ints([-1, 1])]);
      const wide = emitter.node('Expand', [...column, ints([1, width])]);
      const added = emitter.node('ScatterElements', [...empty, ...wide, ...flat], {
        axis: { kind: 'int', value: 0 },
        reduction: { kind: 'string', value: 'add' },
      });
      return emitter.node('Reshape', [...added, ints([...table])]);
    },
  },
  dtype: (dtypes, _attributes, where) => valuesAndIndices(dtypes, where),
  shape: ([rows, index], { shape }, where) => {
    if (sameShape(rows as Shape, [...(index as Shape), ...shape.slice(1)])) return shape;
    throw new ShapeError({
      where,
      wanted: `rows ${formatShape([...(index as Shape), ...shape.slice(1)])}`,
      got: formatShape(rows as Shape),
    });
  },
  vjp: (g, [, index]) => [gather(g, index as Value), null],
  samples: (random) => [
    {
      about: 'repeated rows',
      inputs: [uniform(random, [4, 2], -2, 2), fromNumbers('int64', [4], [1, 1, 0, 1])],
      attributes: { shape: [3, 2] },
    },
    {
      about: 'batch of rows',
      inputs: [uniform(random, [2, 2, 3], -2, 2), indices(random, [2, 2], 2)],
      attributes: { shape: [2, 3] },
    },
    {
      about: 'rows of length 1',
      inputs: [uniform(random, [3, 1], -2, 2), indices(random, [3], 2)],
      attributes: { shape: [2, 1] },
    },
  ],
});

/** Adds rows [..I, ..] into zeros of `shape` [V, ..] at the row numbers [..I]. */
export function scatterRows(rows: Value, index: Value, shape: Shape): Value {
  return scatterRowsOp([rows, index], { shape });
}
scatterRows.op = scatterRowsOp.op;

function upTo(length: number): Tensor {
  return fromNumbers(
    'int64',
    [length],
    Float64Array.from({ length }, (_, i) => i),
  );
}

const positionsOp: UnaryOp<{ readonly axis: number }> = defineUnary({
  name: 'positions',
  onnx: {
    emit: (emitter, [x], { axis }, [signature]) => {
      const at = resolveAxis(axis, signature?.shape.length ?? 0, 'positions');
      const number = (value: number) => emitter.constant(fromNumbers('int64', [], [value]));
      const lengths = emitter.node('Shape', [x as string]);
      const end = emitter.node('Gather', [...lengths, number(at)]);
      return emitter.node('Range', [number(0), ...end, number(1)]);
    },
  },
  dtype: () => 'int64',
  shape: ([x], { axis }, where) => [(x as Shape)[resolveAxis(axis, (x as Shape).length, where)] as Dim],
  vjp: { notDifferentiable: 'integer output' },
  samples: (random) => [{ inputs: [uniform(random, [2, 3], -2, 2)], attributes: { axis: 1 } }],
});

/** 0, 1, … along an axis of x, as int64: the numbers of its columns. The length may be a name. */
export function positions(x: Value, attributes: { readonly axis: number }): Value {
  const traced = positionsOp(x, attributes);
  const [length] = traced.shape;
  return typeof length === 'number' ? constant(upTo(length)) : traced;
}
positions.op = positionsOp.op;

/** 1 at the index, 0 elsewhere: indices int64 [..I] -> [..I, depth]. An index outside 0 … depth − 1 gives zeros. */
export function oneHot(index: Value, depth: number, dtype: Dtype): Value {
  const numbers = constant(
    fromNumbers(
      'int64',
      [depth],
      Float64Array.from({ length: depth }, (_, i) => i),
    ),
  );
  return cast(equal(unsqueeze(index, index.shape.length), numbers), { to: dtype });
}

export type NgramBucketsAttributes = {
  /** Ids of an n-gram. */
  readonly n: number;
  readonly buckets: number;
};

const ngramBucketsOp: VariadicOp<NgramBucketsAttributes> = defineVariadic({
  name: 'ngramBuckets',
  onnx: {
    emit: (emitter, [ids, mask], { n, buckets }) => {
      const one = (type: string, ...inputs: readonly string[]) => emitter.node(type, inputs)[0] as string;
      const axis = int64(emitter, [1]);
      /** x[:, k:], with zeros after its end; 2 ** 31 is behind any end. */
      const from = (x: string, k: number) =>
        one('Slice', x, int64(emitter, [k]), int64(emitter, [k === n - 1 ? 2 ** 31 : k - (n - 1)]), axis);
      const padded = (x: string) => one('Pad', x, int64(emitter, [0, n - 1]), '', axis);
      const number = (value: number) => emitter.constant(fromNumbers('int64', [], [value]));
      const [allIds, allMask] = [padded(ids as string), padded(mask as string)];
      const hashed = (next: string) => one('Mod', one('Add', next, number(1)), number(NGRAM_HASH.prime));
      let hash = hashed(from(allIds, 0));
      let isWhole = from(allMask, 0);
      for (let k = 1; k < n; k++) {
        hash = hashed(one('Add', one('Mul', hash, number(NGRAM_HASH.multiplier)), from(allIds, k)));
        isWhole = one('Mul', isWhole, from(allMask, k));
      }
      return emitter.node('Mul', [isWhole, one('Add', one('Mod', hash, number(buckets)), number(1))]);
    },
  },
  dtype: ([ids, mask], _attributes, where) => {
    if (ids === 'int64' && mask === 'int64') return 'int64';
    throw new DtypeError({ where, wanted: 'int64 ids and mask', got: `${ids}, ${mask}`, fix: 'cast them' });
  },
  shape: ([ids, mask], { n, buckets }, where) => {
    const isFine = [n, buckets].every((count) => Number.isInteger(count) && count >= 1);
    if (isFine && ids?.length === 2 && mask !== undefined && sameShape(ids, mask)) return ids;
    throw new ShapeError({
      where,
      wanted: 'ids and mask [B, S] alike, n ≥ 1 and buckets ≥ 1',
      got: `${formatShape(ids as Shape)} and ${formatShape(mask as Shape)}, n ${n}, buckets ${buckets}`,
    });
  },
  vjp: { notDifferentiable: 'integer output' },
  samples: (random) => [
    {
      inputs: [indices(random, [2, 4], 9), fromNumbers('int64', [2, 4], [1, 1, 1, 1, 1, 1, 0, 0])],
      attributes: { n: 2, buckets: 7 },
    },
    {
      about: 'rows shorter than an n-gram',
      inputs: [indices(random, [2, 1], 9), fromNumbers('int64', [2, 1], [1, 1])],
      attributes: { n: 3, buckets: 7 },
    },
  ],
});

/**
 * Buckets of the n-grams that begin at each token (`ngramBucket`): ids and mask int64 [B, S] -> int64 [B, S], from 1 to
 * `buckets`; 0 where a token of the n-gram is masked or behind the end.
 */
export function ngramBuckets(ids: Value, mask: Value, attributes: NgramBucketsAttributes): Value {
  return ngramBucketsOp([ids, mask], attributes);
}
ngramBuckets.op = ngramBucketsOp.op;

/** One element of each row: x [.., C], index int64 [..] -> [..]. */
const pickOp: VariadicOp = defineVariadic({
  name: 'pick',
  onnx: {
    emit: (emitter, [x, index], _attributes, [, signature]) => {
      const rank = signature?.shape.length ?? 0;
      const axis = emitter.constant(fromNumbers('int64', [1], [rank]));
      const column = emitter.node('Unsqueeze', [index as string, axis]);
      const picked = emitter.node('GatherElements', [x as string, ...column], { axis: { kind: 'int', value: rank } });
      return emitter.node('Squeeze', [...picked, axis]);
    },
  },
  dtype: (dtypes, _attributes, where) => valuesAndIndices(dtypes, where),
  shape: ([x, index], _attributes, where) => {
    if (sameShape((x as Shape).slice(0, -1), index as Shape) && (x as Shape).length > 0) return index as Shape;
    throw new ShapeError({
      where,
      wanted: 'x [.., C] and an index [..]',
      got: `${formatShape(x as Shape)} and ${formatShape(index as Shape)}`,
    });
  },
  vjp: (g, [x, index]) => {
    const value = x as Value;
    const depth = staticShape([value.shape.at(-1) as Dim], 'gradient of pick')[0] as number;
    return [mul(unsqueeze(g, g.shape.length), oneHot(index as Value, depth, value.dtype)), null];
  },
  samples: (random) => [
    { inputs: [uniform(random, [3, 4], -2, 2), indices(random, [3], 4)] },
    { about: 'tokens', inputs: [uniform(random, [2, 3, 2], -2, 2), indices(random, [2, 3], 2)] },
    { about: 'one column', inputs: [uniform(random, [3, 1], -2, 2), indices(random, [3], 1)] },
  ],
});

/** One element of each row: x [.., C], index int64 in 0 … C − 1 [..] -> [..]. */
export function pick(x: Value, index: Value): Value {
  return pickOp([x, index]);
}
pick.op = pickOp.op;

const gateRowsOp: VariadicOp = defineVariadic({
  name: 'gateRows',
  onnx: { emit: (_emitter, [x]) => [x as string] },
  // Once gradients are written it has done its work.
  simplify: ([x]) => x,
  dtype: ([x, isOpen], _attributes, where) => {
    if (x !== undefined && isOpen === 'bool') return x;
    throw new DtypeError({ where, wanted: 'a bool for each row', got: String(isOpen), fix: 'compare first' });
  },
  shape: ([x, isOpen], _attributes, where) => {
    if (sameShape((x as Shape).slice(0, -1), isOpen as Shape)) return x as Shape;
    throw new ShapeError({
      where,
      wanted: 'x [.., H] and a bool [..]',
      got: `${formatShape(x as Shape)} and ${formatShape(isOpen as Shape)}`,
    });
  },
  vjp: (g, [x, isOpen]) => {
    const mask = cast(isOpen as Value, { to: (x as Value).dtype });
    return [mul(g, unsqueeze(mask, mask.shape.length)), null];
  },
  // With all rows open it is the identity, which finite differences can see.
  samples: (random) => [{ inputs: [uniform(random, [2, 1, 3], -2, 2), fromNumbers('bool', [2, 1], [1, 1])] }],
});

/** x [.., H] itself, but no gradient flows into rows where the bool [..] is false. Costs nothing on the way forward. */
export function gateRows(x: Value, isOpen: Value): Value {
  return gateRowsOp([x, isOpen]);
}
gateRows.op = gateRowsOp.op;
