/**
 * @file The two loops that a BiLSTM spends its time in, over one memory of float32: in plain JavaScript, and by the
 * WebAssembly module of src/export/lstm-module.ts. Addresses are bytes.
 */

/** Rows of a matrix that stand side by side in memory: [O / BLOCK, I, BLOCK]. */
export const BLOCK = 32;

/** Columns that are taken in one round of the loop. */
export const COLUMNS = 4;

export type LstmKernels = {
  /** out [O] = bias [O] + W [O, I] · input [I], for `blocks` times BLOCK rows and `inputs` columns, a multiple of COLUMNS. */
  affine(out: number, weights: number, input: number, bias: number, blocks: number, inputs: number): void;
  /** c' = σ(f) c + σ(i) tanh(g);  h' = σ(o) tanh(c'), of gates i, f, g, o, of `width` numbers each, a multiple of 4. */
  cell(gates: number, c: number, h: number, width: number): void;
};

export function scalarKernels(floats: Float32Array): LstmKernels {
  const sums = new Float64Array(BLOCK);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  return {
    affine: (out, weights, input, bias, blocks, inputs) => {
      let at = weights / 4;
      for (let block = 0; block < blocks; block++) {
        const row = block * BLOCK;
        for (let r = 0; r < BLOCK; r++) sums[r] = floats[bias / 4 + row + r] as number;
        for (let i = 0; i < inputs; i++, at += BLOCK) {
          const x = floats[input / 4 + i] as number;
          for (let r = 0; r < BLOCK; r++) sums[r] = (sums[r] as number) + (floats[at + r] as number) * x;
        }
        for (let r = 0; r < BLOCK; r++) floats[out / 4 + row + r] = sums[r] as number;
      }
    },
    cell: (gates, c, h, width) => {
      const gate = (k: number, j: number) => floats[gates / 4 + k * width + j] as number;
      for (let j = 0; j < width; j++) {
        const kept = sigmoid(gate(1, j)) * (floats[c / 4 + j] as number);
        const next = kept + sigmoid(gate(0, j)) * Math.tanh(gate(2, j));
        floats[c / 4 + j] = next;
        floats[h / 4 + j] = sigmoid(gate(3, j)) * Math.tanh(next);
      }
    },
  };
}

/** Binds a compiled module to a memory of its own, which begins as a copy of the floats. */
export function wasmKernels(
  module: WebAssembly.Module,
  floats: Float32Array,
): { readonly kernels: LstmKernels; readonly floats: Float32Array<ArrayBuffer> } {
  const pages = Math.ceil(floats.byteLength / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  const copied = new Float32Array(memory.buffer, 0, floats.length);
  copied.set(floats);
  return { kernels: exports as LstmKernels, floats: copied };
}
