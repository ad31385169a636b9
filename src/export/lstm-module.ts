/** @file The WebAssembly module of a BiLSTM in one file: what `LstmKernels` does, on four float32 at a time. */
import {
  assemble,
  type Code,
  f32x4,
  get,
  i32,
  i32x4,
  set,
  WasmFunction,
  type WasmType,
} from '../optim/wasm-assembler.js';
import { BLOCK, COLUMNS } from '../standalone/lstm-kernels.js';

const FLOAT_BYTES = 4;
const VECTORS = BLOCK / f32x4.lanes;
const VECTOR_BYTES = f32x4.lanes * FLOAT_BYTES;

/** @returns bytes of a module that exports `affine` and `cell` and works on the memory it imports as `host.memory` */
export function lstmModule(): Uint8Array<ArrayBuffer> {
  return assemble({ affine: affine(), cell: cell() });
}

const addTo = (variable: number, amount: number): Code => set(variable, i32.add(get(variable), i32.constant(amount)));

function affine(): WasmFunction {
  const [out, weights, input, bias, blocks, inputs] = [0, 1, 2, 3, 4, 5];
  const built = new WasmFunction(new Array<WasmType>(6).fill('i32'));
  const [at, left] = [built.local('i32'), built.local('i32')];
  const sums = Array.from({ length: VECTORS }, () => built.local('v128'));
  const x = built.local('v128');
  built.while(get(blocks), () => {
    for (const [v, sum] of sums.entries()) built.emit(set(sum, f32x4.load(get(bias), v * VECTOR_BYTES)));
    built.emit(set(at, get(input)), set(left, get(inputs)));
    built.while(get(left), () => {
      for (let i = 0; i < COLUMNS; i++) {
        built.emit(set(x, f32x4.loadSplat(get(at), i * FLOAT_BYTES)));
        for (const [v, sum] of sums.entries()) {
          const weight = f32x4.load(get(weights), (i * BLOCK + v * f32x4.lanes) * FLOAT_BYTES);
          built.emit(set(sum, f32x4.add(get(sum), f32x4.mul(weight, get(x)))));
        }
      }
      built.emit(
        addTo(weights, COLUMNS * BLOCK * FLOAT_BYTES),
        addTo(at, COLUMNS * FLOAT_BYTES),
        addTo(left, -COLUMNS),
      );
    });
    for (const [v, sum] of sums.entries()) built.emit(f32x4.store(get(out), get(sum), v * VECTOR_BYTES));
    built.emit(addTo(out, BLOCK * FLOAT_BYTES), addTo(bias, BLOCK * FLOAT_BYTES), addTo(blocks, -1));
  });
  return built;
}

function cell(): WasmFunction {
  const [gates, c, h, width] = [0, 1, 2, 3];
  const built = new WasmFunction(new Array<WasmType>(4).fill('i32'));
  const keep = (value: Code): Code => built.keep('v128', value);
  // Gates stand `bytes` behind each other.
  const bytes = built.keep('i32', i32.mul(get(width), i32.constant(FLOAT_BYTES)));
  const address = built.local('i32');
  built.while(get(width), () => {
    built.emit(set(address, get(gates)));
    const [input, forget, candidate, output] = Array.from({ length: 4 }, () => {
      const gate = keep(f32x4.load(get(address)));
      built.emit(set(address, i32.add(get(address), bytes)));
      return gate;
    }) as [Code, Code, Code, Code];
    const kept = keep(f32x4.mul(sigmoid(keep, forget), f32x4.load(get(c))));
    const next = keep(f32x4.add(kept, f32x4.mul(sigmoid(keep, input), tanh(keep, candidate))));
    built.emit(f32x4.store(get(c), next));
    built.emit(f32x4.store(get(h), f32x4.mul(sigmoid(keep, output), tanh(keep, next))));
    for (const pointer of [gates, c, h]) built.emit(addTo(pointer, VECTOR_BYTES));
    built.emit(addTo(width, -f32x4.lanes));
  });
  return built;
}

type Keep = (value: Code) => Code;

function sigmoid(keep: Keep, x: Code): Code {
  return keep(f32x4.div(ONE, f32x4.add(ONE, exponential(keep, f32x4.sub(f32x4.constant(0), x)))));
}

/** 2 σ(2x) − 1 */
function tanh(keep: Keep, x: Code): Code {
  return keep(f32x4.sub(f32x4.mul(TWO, sigmoid(keep, f32x4.mul(TWO, x))), ONE));
}

const [ONE, TWO] = [f32x4.constant(1), f32x4.constant(2)];
/** Beyond, float32 has no power of e, or no bit of σ that changes. */
const LARGEST = 87;
/** ln 2 in two parts, the first of few bits, so that n times it is exact. */
const [LN2_HIGH, LN2_LOW] = [0.693359375, -2.1219444e-4];
/** S. L. Moshier's Cephes library, expf.c: of a polynomial for (e^r − 1 − r) / r² on |r| ≤ ln 2 / 2, the highest power first. */
const POWERS = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];

/** e^x = 2ⁿ e^r, n the whole number nearest to x / ln 2. */
function exponential(keep: Keep, value: Code): Code {
  const x = keep(f32x4.max(f32x4.constant(-LARGEST), f32x4.min(f32x4.constant(LARGEST), value)));
  const n = keep(f32x4.nearest(f32x4.mul(x, f32x4.constant(Math.LOG2E))));
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.constant(LN2_HIGH)));
  const r = keep(f32x4.sub(high, f32x4.mul(n, f32x4.constant(LN2_LOW))));
  const polynomial = POWERS.slice(1).reduce(
    (sum, factor) => keep(f32x4.add(f32x4.mul(sum, r), f32x4.constant(factor))),
    f32x4.constant(POWERS[0] as number),
  );
  const power = keep(f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(polynomial, r), r), r), ONE));
  // 2ⁿ by its exponent's bits.
  const exponents = i32x4.add(i32x4.truncate(n), i32x4.constant([127, 127, 127, 127]));
  return f32x4.mul(power, i32x4.shiftLeft(exponents, i32.constant(23)));
}
