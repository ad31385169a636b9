/** @file The WebAssembly module of a BiLSTM in one file: what `LstmKernels` does, in vectors of 128 bits. */
import {
  assemble,
  type Code,
  f32x4,
  get,
  i16x8,
  i32,
  i32x4,
  set,
  v128,
  WasmFunction,
  type WasmType,
} from '../optim/wasm-assembler.js';
import { INPUTS, ROWS } from '../standalone/lstm-kernels.js';

const FLOAT_BYTES = 4;
const SHORT_BYTES = 2;
const VECTOR_BYTES = f32x4.lanes * FLOAT_BYTES;
/** Of rows, each by two inputs. */
const VECTORS = ROWS / f32x4.lanes;

/** @returns bytes of a module that exports what `LstmKernels` has and works on the memory it imports as `host.memory` */
export function lstmModule(): Uint8Array<ArrayBuffer> {
  return assemble({ whole: product(false), halves: product(true), cell: cell() });
}

const addTo = (variable: number, amount: number): Code => set(variable, i32.add(get(variable), i32.constant(amount)));

function product(hasLow: boolean): WasmFunction {
  const [out, weights, x, scales, biases, blocks, inputs, factor] = [0, 1, 2, 3, 4, 5, 6, 7];
  const built = new WasmFunction([...new Array<WasmType>(7).fill('i32'), 'f32']);
  const [at, left] = [built.local('i32'), built.local('i32')];
  const low = built.keep('i32', i32.mul(get(inputs), i32.constant(SHORT_BYTES)));
  const halves = hasLow ? ['high', 'low'] : ['high'];
  const sums = halves.map(() => Array.from({ length: VECTORS }, () => built.local('v128')));
  const pairs = halves.map(() => built.local('v128'));
  const weight = built.local('v128');
  built.while(get(blocks), () => {
    for (const sum of sums.flat()) built.emit(set(sum, i32x4.constant([0, 0, 0, 0])));
    built.emit(set(at, get(x)), set(left, get(inputs)));
    built.while(get(left), () => {
      for (let i = 0; i < INPUTS; i += 2) {
        for (const [half, pair] of pairs.entries()) {
          const from = half === 0 ? get(at) : i32.add(get(at), low);
          built.emit(set(pair, f32x4.loadSplat(from, i * SHORT_BYTES)));
        }
        for (let v = 0; v < VECTORS; v++) {
          built.emit(set(weight, v128.load(get(weights), ((i / 2) * VECTORS + v) * VECTOR_BYTES)));
          for (const [half, pair] of pairs.entries()) {
            const sum = sums[half]?.[v] as number;
            built.emit(set(sum, i32x4.add(get(sum), i16x8.dot(get(weight), get(pair)))));
          }
        }
      }
      built.emit(addTo(weights, INPUTS * ROWS * SHORT_BYTES), addTo(at, INPUTS * SHORT_BYTES), addTo(left, -INPUTS));
    });
    for (let v = 0; v < VECTORS; v++) {
      const [high, last] = sums.map((sum) => f32x4.fromIntegers(get(sum[v] as number)));
      const scaled = (sum: Code): Code => f32x4.mul(sum, f32x4.splat(get(factor)));
      const sum = last === undefined ? scaled(high as Code) : f32x4.add(high as Code, scaled(last));
      const offset = v * VECTOR_BYTES;
      const product = f32x4.mul(f32x4.load(get(scales), offset), sum);
      built.emit(f32x4.store(get(out), f32x4.add(f32x4.load(get(biases), offset), product), offset));
    }
    for (const pointer of [out, scales, biases]) built.emit(addTo(pointer, ROWS * FLOAT_BYTES));
    built.emit(addTo(blocks, -1));
  });
  return built;
}

/**
 * One loop after the other, of few instructions each: what a round of them computes waits for itself, and a processor looks
 * ahead as far as a few hundred instructions for rounds that do not.
 */
function cell(): WasmFunction {
  const [gates, c, h, x, width, unit] = [0, 1, 2, 3, 4, 5];
  const built = new WasmFunction([...new Array<WasmType>(5).fill('i32'), 'f32']);
  const keep = (value: Code): Code => built.keep('v128', value);
  const units = keep(f32x4.splat(get(unit)));
  const bytes = built.keep('i32', i32.mul(get(width), i32.constant(FLOAT_BYTES)));
  // Gates stand `bytes` behind each other.
  const [input, forget, candidate, output] = [0, 1, 2, 3].map((times) =>
    built.keep('i32', i32.add(get(gates), i32.mul(bytes, i32.constant(times)))),
  ) as [Code, Code, Code, Code];
  const at = built.local('i32');
  const overVectors = (body: (from: (start: Code) => Code) => void): void => {
    built.emit(set(at, i32.constant(0)));
    built.while(i32.lessUnsigned(get(at), bytes), () => {
      body((start) => i32.add(start, get(at)));
      built.emit(addTo(at, VECTOR_BYTES));
    });
  };
  overVectors((from) => {
    const load = (start: Code): Code => keep(f32x4.load(from(start)));
    const kept = f32x4.div(load(get(c)), onePlus(exponential(keep, negative(load(forget)))));
    built.emit(f32x4.store(from(get(c)), f32x4.add(kept, gated(keep, load(input), load(candidate)))));
  });
  overVectors((from) => {
    const state = gated(keep, keep(f32x4.load(from(output))), keep(f32x4.load(from(get(c)))));
    built.emit(f32x4.store(from(get(h)), state));
  });
  overVectors((from) => {
    let rest = f32x4.mul(f32x4.load(from(get(h))), units);
    for (const start of [get(at), from(bytes)]) {
      const inUnits = keep(f32x4.smaller(rest, LARGEST_SHORT));
      const biased = keep(f32x4.add(inUnits, WHOLE));
      const to = i32.add(get(x), i32.shiftRightUnsigned(start, i32.constant(Math.log2(FLOAT_BYTES / SHORT_BYTES))));
      built.emit(v128.storeHalf(to, i16x8.narrow(keep(i32x4.add(biased, LESS_WHOLE)))));
      rest = f32x4.mul(f32x4.sub(inUnits, f32x4.sub(biased, WHOLE)), units);
    }
  });
  return built;
}

type Keep = (value: Code) => Code;

const ONE = f32x4.constant(1);
const LARGEST_SHORT = f32x4.constant(2 ** 15 - 1);
/** Added to a float32 it leaves the nearest whole number in the lowest bits; what is to be added to these to have it alone. */
const WHOLE_VALUE = 1.5 * 2 ** 23;
const WHOLE = f32x4.constant(WHOLE_VALUE);
const WHOLE_BITS = new Int32Array(Float32Array.of(WHOLE_VALUE).buffer)[0] as number;
const LESS_WHOLE = i32x4.constant([-WHOLE_BITS, -WHOLE_BITS, -WHOLE_BITS, -WHOLE_BITS]);

const negative = (x: Code): Code => f32x4.sub(f32x4.constant(0), x);
const onePlus = (x: Code): Code => f32x4.add(ONE, x);

/** σ(gate) tanh(x) = (1 − e⁻²ˣ) / ((1 + e^−gate) (1 + e⁻²ˣ)). */
function gated(keep: Keep, gate: Code, x: Code): Code {
  const power = keep(exponential(keep, f32x4.mul(f32x4.constant(-2), x)));
  const both = f32x4.mul(onePlus(exponential(keep, negative(gate))), onePlus(power));
  return f32x4.div(f32x4.sub(ONE, power), both);
}

/** Beyond, float32 has no power of e, or no bit of σ that changes. */
const LARGEST = 87;
/** ln 2 in two parts, the first of few bits, so that n times it is exact. */
const [LN2_HIGH, LN2_LOW] = [0.693359375, -2.1219444e-4];
/** S. L. Moshier's Cephes library, expf.c: of a polynomial for (e^r − 1 − r) / r² on |r| ≤ ln 2 / 2, the highest power first. */
const POWERS = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];

/** e^x = 2ⁿ e^r, n the whole number nearest to x / ln 2. */
function exponential(keep: Keep, value: Code): Code {
  const x = keep(f32x4.larger(f32x4.smaller(value, f32x4.constant(LARGEST)), f32x4.constant(-LARGEST)));
  const biased = keep(f32x4.add(f32x4.mul(x, f32x4.constant(Math.LOG2E)), WHOLE));
  const n = keep(f32x4.sub(biased, WHOLE));
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.constant(LN2_HIGH)));
  const r = keep(f32x4.sub(high, f32x4.mul(n, f32x4.constant(LN2_LOW))));
  const polynomial = POWERS.slice(1).reduce(
    (sum, factor) => keep(f32x4.add(f32x4.mul(sum, r), f32x4.constant(factor))),
    f32x4.constant(POWERS[0] as number),
  );
  const power = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(polynomial, r), r), r), ONE);
  // Times 2ⁿ: n more in the bits of the exponent, where nothing else of what was added arrives.
  return i32x4.add(power, i32x4.shiftLeft(biased, i32.constant(23)));
}
