/** @file Random masks from a counter: no state, the same bits in any runtime and on any thread count. */
import { DtypeError, OptionError, ShapeError } from '../../errors/failures.js';
import { formatShape, isStatic, type Shape, sizeOf } from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { defineVariadic, type Emitter, type VariadicOp } from '../op.js';
import { constant, type Value } from '../value.js';
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

/** The same for an int64 vector of one length that the graph knows; `axis` is that of the inserted 1. */
function countersUpTo(emitter: Emitter, length: string, axis: 0 | 1): string {
  const number = (value: number) => emitter.constant(fromNumbers('int64', [], [value]));
  const end = emitter.node('Squeeze', [length]);
  const range = emitter.node('Range', [number(0), ...end, number(1)]);
  const bits = emitter.node('Cast', range, { to: { kind: 'int', value: UINT32 } });
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
  return xorShift(times(xorShift(times(xorShift(x, 16), 0x7feb352d), 15), 0x846ca68b), 16);
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
  return [countersUpTo(emitter, rows, 1), countersUpTo(emitter, columns, 0), lengths];
}

const randomBitsOp: VariadicOp = defineVariadic({
  name: 'randomBits',
  onnx: {
    emit: (emitter, [key, like], _attributes, [, signature]) => {
      const [rows, columns, target] = placesOf(emitter, signature?.shape ?? [], like as string);
      const rowKeys = emitHash(emitter, emitter.node('BitwiseXor', [rows, key as string])[0] as string);
      const bits = emitHash(emitter, emitter.node('BitwiseXor', [rowKeys, columns])[0] as string);
      return emitter.node('Reshape', [bits, target]);
    },
  },
  dtype: ([key], _attributes, where) => {
    if (key === 'uint32') return key;
    throw new DtypeError({ where, wanted: 'a uint32 key', got: String(key), fix: 'make it with streamKey()' });
  },
  shape: ([key, like], _attributes, where) => {
    if ((key as Shape).length === 0 && !(like as Shape).includes(0)) return like as Shape;
    throw new ShapeError({ where, wanted: 'a key of rank 0', got: formatShape(key as Shape) });
  },
  vjp: { notDifferentiable: 'integer output' },
  samples: () => [{ inputs: [fromNumbers('uint32', [], [12345]), fromNumbers('float32', [2, 3], [0, 0, 0, 0, 0, 0])] }],
});

/**
 * 32 random bits for each element of `like`, whose values don't matter, a pure function of (key, element):
 * `hashedBits` of `tensor/random.ts` in the graph. Rows are hashed first, so that the counters stay small.
 */
export function randomBits(key: Value, like: Value): Value {
  return randomBitsOp([key, like]);
}
randomBits.op = randomBitsOp.op;

/**
 * Inverted dropout: each element of x is zeroed with probability `rate`, the rest are scaled by 1 / (1 − rate).
 * @param key uint32 scalar, `streamKey(seed, site, step)`: the whole state of the mask.
 * @throws OptionError if the rate is not in [0, 1).
 */
export function dropout(x: Value, key: Value, rate: number): Value {
  if (!(rate >= 0 && rate < 1)) {
    throw new OptionError({ where: 'dropout', wanted: 'a rate from 0 up to, but not, 1', got: String(rate) });
  }
  const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
  if (threshold === 0) return x;
  const bits = randomBits(key, x);
  const kept = cast(less(constant(fromNumbers('uint32', [], [threshold - 1])), bits), { to: x.dtype });
  return mul(x, mul(kept, 1 / (1 - rate)));
}
