/** @file Random masks from a counter: no state, the same bits in any runtime and on any thread count. */
import { DtypeError, OptionError, ShapeError } from '../../errors/failures.js';
import { formatShape, type Shape, sizeOf, staticShape } from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { defineUnary, type Emitter, type UnaryOp } from '../op.js';
import { constant, type Value } from '../value.js';
import { cast, less } from './compare.js';
import { mul } from './elementwise.js';

function uint32(emitter: Emitter, shape: readonly number[], values: ArrayLike<number>): string {
  return emitter.constant(fromNumbers('uint32', shape, values));
}

function counters(emitter: Emitter, shape: readonly number[]): string {
  return uint32(
    emitter,
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => i),
  );
}

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

/**
 * 32 random bits an element, a pure function of (key, element): `hashedBits` of `tensor/random.ts` in the graph.
 * Rows are hashed first, so that the counters stay small.
 */
export const randomBits: UnaryOp<{ readonly shape: Shape }> = defineUnary<{ readonly shape: Shape }>({
  name: 'randomBits',
  onnx: {
    emit: (emitter, [key], { shape }) => {
      const lengths = staticShape(shape, 'randomBits');
      const columns = lengths.at(-1) ?? 1;
      const rows = sizeOf(lengths) / columns;
      const rowKeys = emitHash(
        emitter,
        emitter.node('BitwiseXor', [counters(emitter, [rows, 1]), key as string])[0] as string,
      );
      const bits = emitHash(
        emitter,
        emitter.node('BitwiseXor', [rowKeys, counters(emitter, [1, columns])])[0] as string,
      );
      const target = emitter.constant(fromNumbers('int64', [lengths.length], lengths));
      return emitter.node('Reshape', [bits, target]);
    },
  },
  dtype: ([key], _attributes, where) => {
    if (key === 'uint32') return key;
    throw new DtypeError({ where, wanted: 'a uint32 key', got: String(key), fix: 'make it with streamKey()' });
  },
  shape: ([key], { shape }, where) => {
    if ((key as Shape).length === 0 && sizeOf(staticShape(shape, where)) > 0) return shape;
    throw new ShapeError({ where, wanted: 'a key of rank 0', got: formatShape(key as Shape) });
  },
  vjp: { notDifferentiable: 'integer output' },
  samples: () => [{ inputs: [fromNumbers('uint32', [], [12345])], attributes: { shape: [2, 3] } }],
});

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
  const bits = randomBits(key, { shape: x.shape });
  const kept = cast(less(constant(fromNumbers('uint32', [], [threshold - 1])), bits), { to: x.dtype });
  return mul(x, mul(kept, 1 / (1 - rate)));
}
