/**
 * @file Dropout masks drawn on the host by a WebAssembly kernel: those that the graph would draw from the same keys, to the
 * bit. ONNX Runtime hashes in a dozen passes over memory, which was a tenth of a step; this is one.
 */
import { OptionError } from '../../errors/failures.js';
import type { MaskRequest } from '../../nn/context.js';
import {
  type Code,
  createMemory,
  f32x4,
  get,
  i32,
  i32x4,
  instantiate,
  MAX_MEMORY_BYTES,
  set,
  type WasmExport,
  WasmFunction,
} from '../../optim/wasm-assembler.js';
import { lastDropped, writeLowbias32 } from '../../tensor/random.js';
import { type StaticShape, sizeOf } from '../../tensor/shape.js';

const FLOAT_BYTES = 4;
const LANES = 4;
/** Vectors that are hashed at once: their multiplications take turns. */
const UNROLL = 2;
/** A row is written in whole blocks, into the next one, which is written after it; the last into this. */
const BLOCK = LANES * UNROLL;

/** The operations of `lowbias32`, on one integer or on four. */
type Hashed = {
  readonly type: 'i32' | 'v128';
  readonly ops: Pick<typeof i32, 'xor' | 'mul' | 'shiftRightUnsigned'>;
  constant(value: number): Code;
};
const ONE: Hashed = { type: 'i32', ops: i32, constant: i32.constant };
const FOUR: Hashed = { type: 'v128', ops: i32x4, constant: (value) => i32x4.constant([value, value, value, value]) };

/** `lowbias32` of `tensor/random.ts`. */
function hash(built: WasmFunction, { type, ops, constant }: Hashed, x: Code): Code {
  const keep = (code: Code) => built.keep(type, code);
  const xorShift = (value: Code, bits: number) =>
    keep(ops.xor(value, ops.shiftRightUnsigned(value, i32.constant(bits))));
  const times = (value: Code, factor: number) => keep(ops.mul(value, constant(factor | 0)));
  return writeLowbias32({ xorShift, times }, keep(x));
}

/** Parameters: rows, columns, rowStride, key, last dropped bits, scale, target. */
function maskFunction(): WasmFunction {
  const built = new WasmFunction(['i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'i32']);
  const [rows, columns, rowStride, key, last, scale, target] = [0, 1, 2, 3, 4, 5, 6];
  const row = built.local('i32');
  const column = built.local('i32');
  const numbers = built.local('v128');
  const place = built.local('i32');
  const lastOfAll = built.keep('v128', i32x4.splat(get(last)));
  const scaleOfAll = built.keep('v128', f32x4.splat(get(scale)));
  built.while(get(rows), () => {
    const rowKey = hash(built, ONE, i32.xor(get(row), get(key)));
    const rowKeys = built.keep('v128', i32x4.splat(rowKey));
    built.emit(set(place, get(target)), set(numbers, i32x4.constant([0, 1, 2, 3])), set(column, i32.constant(0)));
    built.while(i32.lessUnsigned(get(column), get(columns)), () => {
      for (let i = 0; i < UNROLL; i++) {
        const bits = hash(built, FOUR, i32x4.xor(get(numbers), rowKeys));
        const mask = i32x4.and(i32x4.greaterUnsigned(bits, lastOfAll), scaleOfAll);
        built.emit(f32x4.store(get(place), mask, i * LANES * FLOAT_BYTES));
        built.emit(set(numbers, i32x4.add(get(numbers), FOUR.constant(LANES))));
      }
      built.emit(set(column, i32.add(get(column), i32.constant(BLOCK))));
      built.emit(set(place, i32.add(get(place), i32.constant(BLOCK * FLOAT_BYTES))));
    });
    built.emit(set(target, i32.add(get(target), i32.mul(get(columns), i32.constant(FLOAT_BYTES)))));
    built.emit(set(row, i32.add(get(row), get(rowStride))));
    built.emit(set(rows, i32.sub(get(rows), i32.constant(1))));
  });
  return built;
}

/** A mask to be drawn: its lengths known, and the key of its bits. */
export type MaskDraw = Pick<MaskRequest, 'rate'> & {
  readonly shape: StaticShape;
  readonly rowStride: number;
  /** `streamKey(seed, stream, step)`. */
  readonly key: number;
};

/** Draws masks into one memory, which grows to the largest set asked for. */
export class DropoutMasks {
  #capacity = 0;
  #heap = new Float32Array();
  #draw: WasmExport | undefined;

  /**
   * 0, or 1 / (1 − rate) where an element is kept. The arrays hold until the next call.
   * @throws OptionError for more masks than 4 GiB.
   */
  draw(masks: readonly MaskDraw[]): Float32Array[] {
    const places: number[] = [];
    let floats = 0;
    for (const { shape } of masks) {
      places.push(floats);
      floats += Math.ceil((sizeOf(shape) + BLOCK) / BLOCK) * BLOCK;
    }
    this.#reserve(floats);
    return masks.map(({ shape, rate, rowStride, key }, i) => {
      const size = sizeOf(shape);
      const columns = shape.at(-1) ?? 1;
      const place = places[i] as number;
      // A mask is asked for only where it drops something.
      const last = lastDropped(rate) as number;
      this.#draw?.(size / columns, columns, rowStride, key, last, 1 / (1 - rate), place * FLOAT_BYTES);
      return this.#heap.subarray(place, place + size);
    });
  }

  #reserve(floats: number): void {
    if (floats <= this.#capacity) return;
    const most = MAX_MEMORY_BYTES / FLOAT_BYTES;
    if (floats > most) {
      throw new OptionError({
        where: 'dropout',
        wanted: 'at most 4 GiB of masks per micro-batch',
        got: `${((floats * FLOAT_BYTES) / 2 ** 30).toFixed(1)} GiB`,
        fix: 'use smaller micro-batches (tokensPerRun), or train without dropout',
      });
    }
    // Texts come in all lengths: with room for twice as many, few of them grow it. Pages that are not written cost nothing.
    this.#capacity = Math.min(2 * floats, most);
    const memory = createMemory(this.#capacity * FLOAT_BYTES);
    this.#heap = new Float32Array(memory.buffer);
    this.#draw = instantiate({ draw: maskFunction() }, memory).draw;
  }
}
