/**
 * @file The loops that a BiLSTM spends its time in, over one memory: in plain JavaScript, and by the WebAssembly module of
 * src/export/lstm-module.ts. Weights are int8 as they are stored, in 16 bits, in which a processor multiplies eight numbers at
 * a time and adds them by twos in 32; states are two of 16 bits, a high and a low half, so that
 * they keep what float32 has of them. Addresses are bytes.
 */

/** Rows of a matrix that stand side by side in memory: [O / ROWS, I / 2, ROWS, 2]. */
export const ROWS = 16;

/** Inputs that are taken in one round of the loop. */
export const INPUTS = 4;

/** Places in memory: what comes out, W in blocks of ROWS rows, x, and a scale and a bias for each row. */
type Product = readonly [out: number, weights: number, x: number, scales: number, biases: number];
/** Blocks of W; numbers of x, a multiple of INPUTS; and the factor. */
type Sizes = readonly [blocks: number, inputs: number, factor: number];

export type LstmKernels = {
  /** out [O] = bias [O] + scale [O] ⊙ (W [O, I] · x [I]) · factor, of x in 16 bits. */
  whole(...product: [...Product, ...Sizes]): void;
  /** out = bias + scale ⊙ (W · high + W · low · factor), of high halves and, behind them all, low ones. */
  halves(...product: [...Product, ...Sizes]): void;
  /**
   * c' = σ(f) c + σ(i) tanh(g);  h' = σ(o) tanh(c'), of gates i, f, g, o, of `width` numbers each, a multiple of 4; c and h are
   * float32, and from `x` on stand the halves of h'.
   */
  cell(gates: number, c: number, h: number, x: number, width: number, unit: number): void;
};

/** The largest unit of halves for so many inputs of `most` at most, with which sums of products with int8 fit into 32 bits. */
export function unitFor(inputs: number, most: number): number {
  return 2 ** Math.floor(Math.log2(Math.min(2 ** 15, 2 ** 31 / (127 * inputs)) / most));
}

/** Writes numbers as whole multiples of 1 / unit, and behind them all what that leaves in multiples of 1 / unit². */
export function writeHalves(shorts: Int16Array, at: number, numbers: ArrayLike<number>, inputs: number, unit: number) {
  for (let i = 0; i < inputs; i++) {
    const value = (numbers[i] ?? 0) * unit;
    const high = inShort(value);
    shorts[at + i] = high;
    shorts[at + inputs + i] = inShort((value - high) * unit);
  }
}

/** 1 itself is just beyond: the low half takes what that leaves. */
function inShort(value: number): number {
  return Math.min(Math.round(value), 2 ** 15 - 1);
}

export function scalarKernels(memory: ArrayBuffer): LstmKernels {
  const [floats, shorts] = [new Float32Array(memory), new Int16Array(memory)];
  const sums = new Float64Array(ROWS);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const product = ([out, weights, , scales, biases]: Product, blocks: number, x: Float64Array): void => {
    let at = weights / 2;
    for (let row = 0; row < blocks * ROWS; row += ROWS) {
      sums.fill(0);
      for (let i = 0; i < x.length; i += 2) {
        const [a, b] = [x[i] as number, x[i + 1] as number];
        for (let r = 0; r < ROWS; r++, at += 2) {
          sums[r] = (sums[r] as number) + (shorts[at] as number) * a + (shorts[at + 1] as number) * b;
        }
      }
      for (let r = 0; r < ROWS; r++) {
        const scaled = (floats[scales / 4 + row + r] as number) * (sums[r] as number);
        floats[out / 4 + row + r] = (floats[biases / 4 + row + r] as number) + scaled;
      }
    }
  };
  return {
    whole: (out, weights, x, scales, biases, blocks, inputs, factor) => {
      const numbers = Float64Array.from({ length: inputs }, (_, i) => (shorts[x / 2 + i] as number) * factor);
      product([out, weights, x, scales, biases], blocks, numbers);
    },
    halves: (out, weights, x, scales, biases, blocks, inputs, factor) => {
      const numbers = Float64Array.from({ length: inputs }, (_, i) => {
        return (shorts[x / 2 + i] as number) + (shorts[x / 2 + inputs + i] as number) * factor;
      });
      product([out, weights, x, scales, biases], blocks, numbers);
    },
    cell: (gates, c, h, x, width, unit) => {
      const gate = (k: number, j: number) => floats[gates / 4 + k * width + j] as number;
      for (let j = 0; j < width; j++) {
        const kept = sigmoid(gate(1, j)) * (floats[c / 4 + j] as number);
        const next = kept + sigmoid(gate(0, j)) * Math.tanh(gate(2, j));
        floats[c / 4 + j] = next;
        floats[h / 4 + j] = sigmoid(gate(3, j)) * Math.tanh(next);
      }
      writeHalves(shorts, x / 2, floats.subarray(h / 4, h / 4 + width), width, unit);
    },
  };
}

/** Binds a compiled module to a memory of its own, which begins as a copy of another. */
export function wasmKernels(
  module: WebAssembly.Module,
  from: ArrayBuffer,
): { readonly kernels: LstmKernels; readonly memory: ArrayBuffer } {
  const pages = Math.ceil(from.byteLength / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  new Uint8Array(memory.buffer).set(new Uint8Array(from));
  return { kernels: exports as LstmKernels, memory: memory.buffer as ArrayBuffer };
}
