/** @file Random masks from a counter: no state, the same bits in any runtime and on any thread count. */
import { DtypeError, ShapeError } from '../../errors/failures.js';
import { lastDropped, writeLowbias32 } from '../../tensor/random.js';
import { type Dim, dimProduct, formatShape, isStatic, type Shape, sizeOf } from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { defineVariadic, type VariadicOp } from '../op.js';
import { constant, type Emitter, type Value } from '../value.js';
import { cast, less } from './compare.js';
import { mul } from './elementwise.js';

function uint32(emitter: Emitter, shape: readonly number[], values: ArrayLike<number>): string {
  return emitter.constant(fromNumbers('uint32', shape, values));
}

/** 0 … length − 1 as uint32, of the shape [length, 1] or [1, length]. */
function counters(emitter: Emitter, shape: readonly number[]): string {
  return uint32(
    emitter,
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => i),
  );
}

/** The same for a length that an int64 vector of one element tells when the graph runs; `axis` is that of the inserted 1. */
function countersUpTo(emitter: Emitter, dim: Dim, length: string, axis: 0 | 1): string {
  const number = (value: number) => emitter.constant(fromNumbers('int64', [], [value]));
  const end = emitter.node('Squeeze', [length]);
  const [range] = emitter.node('Range', [number(0), ...end, number(1)]) as [string];
  emitter.declare(range, { dtype: 'int64', shape: [dim] });
  const bits = emitter.node('Cast', [range], { to: { kind: 'int', value: UINT32 } });
  const place = emitter.constant(fromNumbers('int64', [1], [axis]));
  return emitter.node('Unsqueeze', [...bits, place])[0] as string;
}

/** ONNX's number of the type. */
const UINT32 = 12;

/** `lowbias32` of `tensor/random.ts`, as ONNX nodes. */
function emitHash(emitter: Emitter, x: string): string {
  const xorShift = (value: string, bits: number): string => {
    const shifted = emitter.node('BitShift', [value, uint32(emitter, [], [bits])], {
      direction: { kind: 'string', value: 'RIGHT' },
    });
    return emitter.node('BitwiseXor', [value, ...shifted])[0] as string;
  };
  const times = (value: string, factor: number): string =>
    emitter.node('Mul', [value, uint32(emitter, [], [factor])])[0] as string;
  return writeLowbias32({ xorShift, times }, x);
}

/** Numbers of rows [R, 1] and columns [1, C] of `like`, all axes but the last being rows; and its shape. */
function placesOf(
  emitter: Emitter,
  shape: Shape,
  like: string,
): readonly [rows: string, columns: string, target: string] {
  if (isStatic(shape)) {
    const columns = shape.at(-1) ?? 1;
    const target = emitter.constant(fromNumbers('int64', [shape.length], shape));
    return [counters(emitter, [sizeOf(shape) / columns, 1]), counters(emitter, [1, columns]), target];
  }
  const [lengths] = emitter.node('Shape', [like]) as [string];
  const last = emitter.constant(fromNumbers('int64', [1], [shape.length - 1]));
  const columns = emitter.node('Gather', [lengths, last])[0] as string;
  const rows = emitter.node('Div', [...emitter.node('Size', [like]), columns])[0] as string;
  return [
    countersUpTo(emitter, dimProduct(shape.slice(0, -1)), rows, 1),
    countersUpTo(emitter, shape.at(-1) as Dim, columns, 0),
    lengths,
  ];
}

/** How far apart the first rows of each group of a tensor are, uint32: the length of its last axis but one. */
function rowsInGroup(emitter: Emitter, whole: string, shape: Shape): string {
  const length = shape.at(-2);
  if (typeof length === 'number') return uint32(emitter, [], [length]);
  const at = emitter.constant(fromNumbers('int64', [], [shape.length - 2]));
  const read = emitter.node('Gather', [...emitter.node('Shape', [whole]), at]);
  return emitter.node('Cast', read, { to: { kind: 'int', value: UINT32 } })[0] as string;
}

const randomBitsOp: VariadicOp = defineVariadic({
  name: 'randomBits',
  onnx: {
    emit: (emitter, [key, like, whole], _attributes, [, signature, wholeSignature]) => {
      const [places, columns, target] = placesOf(emitter, signature?.shape ?? [], like as string);
      const rows =
        whole === undefined
          ? places
          : (emitter.node('Mul', [places, rowsInGroup(emitter, whole, wholeSignature?.shape ?? [])])[0] as string);
      const rowKeys = emitHash(emitter, emitter.node('BitwiseXor', [rows, key as string])[0] as string);
      const bits = emitHash(emitter, emitter.node('BitwiseXor', [rowKeys, columns])[0] as string);
      return emitter.node('Reshape', [bits, target]);
    },
  },
  dtype: ([key], _attributes, where) => {
    if (key === 'uint32') return key;
    throw new DtypeError({ where, wanted: 'a uint32 key', got: String(key), fix: 'make it with streamKey()' });
  },
  shape: ([key, like, whole], _attributes, where) => {
    if ((key as Shape).length > 0 || (like as Shape).includes(0)) {
      throw new ShapeError({ where, wanted: 'a key of rank 0', got: formatShape(key as Shape) });
    }
    if (whole === undefined || (whole.length > 1 && (like as Shape).at(-2) === 1)) return like as Shape;
    throw new ShapeError({
      where,
      wanted: 'first rows [.., 1, C] of a whole [.., R, C]',
      got: `${formatShape(like as Shape)} of ${formatShape(whole)}`,
    });
  },
  vjp: { notDifferentiable: 'integer output' },
  samples: () => {
    const key = fromNumbers('uint32', [], [12345]);
    const zeros = (...shape: number[]) => fromNumbers('float32', shape, new Float32Array(sizeOf(shape)));
    return [{ inputs: [key, zeros(2, 3)] }, { about: 'first rows', inputs: [key, zeros(2, 1, 3), zeros(2, 4, 3)] }];
  },
});

/**
 * 32 random bits for each element of `like`, whose values don't matter, a pure function of (key, element):
 * `hashedBits` of `tensor/random.ts` in the graph. Rows are hashed first, so that the counters stay small.
 * @param whole where `like` [.., 1, C] is the first row of each group of a tensor [.., R, C], any value with R in that
 *   place: the bits are then those that the whole tensor's first rows have.
 */
export function randomBits(key: Value, like: Value, whole?: Value): Value {
  return randomBitsOp(whole === undefined ? [key, like] : [key, like, whole]);
}
randomBits.op = randomBitsOp.op;

/**
 * Inverted dropout: each element of x is zeroed with probability `rate`, the rest are scaled by 1 / (1 − rate).
 * @param key uint32 scalar, `streamKey(seed, site, step)`: the whole state of the mask.
 * @param whole what x has the first rows of, as for `randomBits`: their mask is that of the whole.
 * @throws OptionError if the rate is not in [0, 1).
 */
export function dropout(x: Value, key: Value, rate: number, whole?: Value): Value {
  const last = lastDropped(rate);
  if (last === undefined) return x;
  const bits = randomBits(key, x, whole);
  const kept = cast(less(constant(fromNumbers('uint32', [], [last])), bits), { to: x.dtype });
  return mul(x, mul(kept, 1 / (1 - rate)));
}
