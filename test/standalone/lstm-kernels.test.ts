import { describe, expect, test } from 'vitest';
import { lstmModule } from '../../src/export/lstm-module.js';
import { BLOCK, type LstmKernels, scalarKernels, wasmKernels } from '../../src/standalone/lstm-kernels.js';
import { RandomStream } from '../../src/tensor/random.js';

const random = new RandomStream(1, 'kernels');
const INPUTS = 20;
const WIDTH = 16;

/** Both kernels over the same memory: what stands from `out` on after each. */
function bothOf(
  floats: Float32Array,
  out: number,
  length: number,
  run: (kernels: LstmKernels) => void,
): Float32Array[] {
  const memory = floats.slice();
  run(scalarKernels(memory));
  const wasm = wasmKernels(new WebAssembly.Module(lstmModule()), floats);
  run(wasm.kernels);
  return [memory, wasm.floats].map((all) => all.slice(out, out + length));
}

describe('LstmKernels', () => {
  test('affine: W x + b, of blocks of rows', () => {
    const rows = 2 * BLOCK;
    const [input, bias, weights] = [rows, rows + INPUTS, 2 * rows + INPUTS];
    const floats = Float32Array.from({ length: weights + rows * INPUTS }, () => random.uniform(-1, 1));
    // Witness: the sum in float64.
    const wanted = Array.from({ length: rows }, (_, row) => {
      let sum = floats[bias + row] as number;
      for (let i = 0; i < INPUTS; i++) {
        const at = weights + (Math.floor(row / BLOCK) * INPUTS + i) * BLOCK + (row % BLOCK);
        sum += (floats[at] as number) * (floats[input + i] as number);
      }
      return sum;
    });
    for (const found of bothOf(floats, 0, rows, ({ affine }) =>
      affine(0, 4 * weights, 4 * input, 4 * bias, 2, INPUTS),
    )) {
      for (const [row, value] of wanted.entries()) expect(Math.abs((found[row] as number) - value)).toBeLessThan(2e-6);
    }
  });

  test('cell: the gates of an LSTM, also where they are closed, open, or beyond what e^x has in float32', () => {
    const extremes = [0, -0, 1e-8, 1, -1, 20, -20, 87, -87, 88.5, -88.5, 1e4, -1e4, 3e38, -3e38, 0.5];
    for (const scale of [0.1, 1, 10]) {
      const gates = Float32Array.from({ length: 4 * WIDTH }, (_, i) =>
        scale === 10 ? (extremes[(i * 5) % 16] as number) : random.uniform(-5, 5) * scale,
      );
      const c = Float32Array.from({ length: WIDTH }, () => random.uniform(-2, 2));
      const floats = Float32Array.from([...gates, ...c, ...new Array<number>(WIDTH).fill(0)]);
      // Witness: the definition in float64.
      const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
      const gate = (k: number, j: number) => gates[k * WIDTH + j] as number;
      const next = Array.from(c, (old, j) => sigmoid(gate(1, j)) * old + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
      const h = next.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value));
      const run = ({ cell }: LstmKernels) => cell(0, 16 * WIDTH, 20 * WIDTH, WIDTH);
      for (const found of bothOf(floats, 4 * WIDTH, 2 * WIDTH, run)) {
        for (const [j, value] of [...next, ...h].entries()) {
          expect(Math.abs((found[j] as number) - value)).toBeLessThan(5e-7);
        }
      }
    }
  });
});
