import { describe, expect, test } from 'vitest';
import { lstmModule } from '../../src/export/lstm-module.js';
import {
  type LstmKernels,
  ROWS,
  scalarKernels,
  unitFor,
  wasmKernels,
  writeHalves,
} from '../../src/standalone/lstm-kernels.js';
import { RandomStream } from '../../src/tensor/random.js';

const random = new RandomStream(1, 'kernels');
const INPUTS = 20;
const WIDTH = 16;

/** Both kernels over copies of the same memory: what stands there after each. */
function bothOf(memory: ArrayBuffer, run: (kernels: LstmKernels) => void): ArrayBuffer[] {
  const copy = memory.slice(0);
  run(scalarKernels(copy));
  const wasm = wasmKernels(new WebAssembly.Module(lstmModule()), memory);
  run(wasm.kernels);
  return [copy, wasm.memory];
}

/** W [rows, INPUTS] of int8 as the kernels have it, scales and biases; what comes out stands in front, x behind. */
function product() {
  const rows = 2 * ROWS;
  const [scales, biases, weights] = [4 * rows, 8 * rows, 12 * rows];
  const x = weights + 2 * rows * INPUTS;
  const memory = new ArrayBuffer(x + 4 * INPUTS);
  const [floats, shorts] = [new Float32Array(memory), new Int16Array(memory)];
  const matrix = Array.from({ length: rows }, () => Array.from({ length: INPUTS }, () => random.below(255) - 127));
  for (const [row, line] of matrix.entries()) {
    floats[scales / 4 + row] = random.uniform(0.001, 0.01);
    floats[biases / 4 + row] = random.uniform(-1, 1);
    for (const [i, weight] of line.entries()) {
      const block = Math.floor(row / ROWS) * ROWS * INPUTS;
      shorts[weights / 2 + block + Math.floor(i / 2) * 2 * ROWS + 2 * (row % ROWS) + (i % 2)] = weight;
    }
  }
  // Witness: the sums in float64.
  const wanted = (inputs: readonly number[]) =>
    matrix.map((line, row) => {
      const sum = line.reduce((before, weight, i) => before + weight * (inputs[i] as number), 0);
      return (floats[biases / 4 + row] as number) + (floats[scales / 4 + row] as number) * sum;
    });
  return { memory, shorts, x, places: [0, weights, x, scales, biases] as const, blocks: 2, wanted };
}

function expectClose(memory: ArrayBuffer, wanted: readonly number[]): void {
  const found = new Float32Array(memory);
  for (const [row, value] of wanted.entries()) expect(Math.abs((found[row] as number) - value)).toBeLessThan(2e-6);
}

describe('LstmKernels', () => {
  test('whole: W x of int8, exact but for the last rounding', () => {
    const { memory, shorts, x, places, blocks, wanted } = product();
    const numbers = Array.from({ length: INPUTS }, () => random.below(255) - 127);
    shorts.set(numbers, x / 2);
    for (const found of bothOf(memory, ({ whole }) => whole(...places, blocks, INPUTS, 0.01))) {
      expectClose(found, wanted(numbers.map((value) => 0.01 * value)));
    }
  });

  test('halves: W x of what is no whole number, as exact as float32', () => {
    for (const unit of [2 ** 15, 2 ** 12]) {
      const { memory, shorts, x, places, blocks, wanted } = product();
      const numbers = Array.from({ length: INPUTS }, (_, i) => (i < 2 ? 1 - 2 * i : random.uniform(-1, 1)));
      writeHalves(shorts, x / 2, numbers, INPUTS, unit);
      const inUnits = wanted(numbers.map((value) => value * unit));
      for (const found of bothOf(memory, ({ halves }) => halves(...places, blocks, INPUTS, 1 / unit))) {
        const rows = new Float32Array(found).subarray(0, inUnits.length);
        for (const [row, value] of rows.entries()) {
          expect(Math.abs(value - (inUnits[row] as number))).toBeLessThan(3e-7 * unit);
        }
      }
    }
  });

  test('unitFor: the sums of the largest inputs stay within 32 bits', () => {
    for (const [inputs, most] of [
      [152, 1],
      [300, 1],
      [1200, 2],
      [20_000, 2],
    ] as const) {
      const unit = unitFor(inputs, most);
      expect(127 * inputs * most * unit).toBeLessThanOrEqual(2 ** 31);
      expect(most * unit).toBeLessThanOrEqual(2 ** 15);
      expect(2 * unit * most > 2 ** 15 || 2 * unit * most * 127 * inputs > 2 ** 31).toBe(true);
    }
  });

  test('cell: the gates of an LSTM, also where they are closed, open, or beyond what e^x has in float32', () => {
    const extremes = [0, -0, 1e-8, 1, -1, 20, -20, 87, -87, 88.5, -88.5, 1e4, -1e4, 3e38, -3e38, 0.5];
    for (const scale of [0.1, 1, 10]) {
      const gates = Float32Array.from({ length: 4 * WIDTH }, (_, i) =>
        scale === 10 ? (extremes[(i * 5) % 16] as number) : random.uniform(-5, 5) * scale,
      );
      const c = Float32Array.from({ length: WIDTH }, () => random.uniform(-2, 2));
      // Behind c its next one, h, and the halves of h.
      const floats = Float32Array.from([...gates, ...c, ...new Array<number>(2 * WIDTH).fill(0)]);
      // Witness: the definition in float64.
      const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
      const gate = (k: number, j: number) => gates[k * WIDTH + j] as number;
      const next = Array.from(c, (old, j) => sigmoid(gate(1, j)) * old + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
      const h = next.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value));
      const unit = 2 ** 15;
      const run = ({ cell }: LstmKernels) => cell(0, 16 * WIDTH, 20 * WIDTH, 24 * WIDTH, WIDTH, unit);
      for (const memory of bothOf(floats.buffer, run)) {
        const found = new Float32Array(memory, 16 * WIDTH, 2 * WIDTH);
        const halves = new Int16Array(memory, 24 * WIDTH, 2 * WIDTH);
        for (const [j, value] of [...next, ...h].entries()) {
          expect(Math.abs((found[j] as number) - value)).toBeLessThan(5e-7);
        }
        for (const [j, high] of halves.subarray(0, WIDTH).entries()) {
          const whole = (high + (halves[WIDTH + j] as number) / unit) / unit;
          expect(Math.abs(whole - (found[WIDTH + j] as number))).toBeLessThan(2 ** -29);
        }
      }
    }
  });
});
