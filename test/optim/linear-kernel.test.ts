import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { openLinearKernel } from '../../src/optim/linear-kernel.js';
import { RandomStream } from '../../src/tensor/random.js';
import type { SparseRows } from '../../src/tensor/sparse-rows.js';

const FEATURES = 12;

/** Row r has the first r features; numbers are small whole ones, so that sums are exact in any order. */
function triangle(): SparseRows {
  const random = new RandomStream(1, 'values');
  const lengths = Array.from({ length: FEATURES + 1 }, (_, row) => row);
  const starts = Uint32Array.from([0, ...lengths]);
  for (let row = 1; row < starts.length; row++) starts[row] = (starts[row] as number) + (starts[row - 1] as number);
  const ids = Uint32Array.from(lengths.flatMap((length) => Array.from({ length }, (_, id) => id)));
  return { width: FEATURES, starts, ids, values: Float32Array.from(ids, () => random.below(9) - 4) };
}

describe('openLinearKernel', () => {
  // Witness: the sums written out.
  test.each([1, 2, 4, 5, 9, 12, 13, 31, 32, 33, 77, 150])('%i outputs: scores and updates are exact', (outputs) => {
    const rows = triangle();
    const { stride, weights, scores, deltas, score, update } = openLinearKernel(rows, outputs);
    expect(weights).toHaveLength(FEATURES * stride);
    for (let f = 0; f < FEATURES; f++) {
      for (let c = 0; c < outputs; c++) weights[f * stride + c] = ((7 * f + 3 * c) % 11) - 5;
    }
    for (let c = 0; c < outputs; c++) deltas[c] = (c % 5) - 2;
    for (let row = 0; row <= FEATURES; row++) {
      const before = weights.slice();
      const wanted = new Float32Array(stride);
      const updated = before.slice();
      for (let i = rows.starts[row] as number; i < (rows.starts[row + 1] as number); i++) {
        const [f, x] = [rows.ids[i] as number, rows.values[i] as number];
        for (let c = 0; c < outputs; c++) {
          wanted[c] = (wanted[c] as number) + x * (before[f * stride + c] as number);
          updated[f * stride + c] = (updated[f * stride + c] as number) + x * (deltas[c] as number);
        }
      }
      score(row);
      expect(scores).toEqual(wanted);
      update(row);
      expect(weights).toEqual(updated);
    }
  });

  test('a whole block of zero deltas changes nothing', () => {
    const { weights, deltas, update } = openLinearKernel(triangle(), 77);
    deltas[60] = 1;
    update(FEATURES);
    expect(weights.some((weight) => weight !== 0)).toBe(true);
    expect(weights.every((weight, i) => weight === 0 || i % 80 === 60)).toBe(true);
  });

  test('refuses more than 32-bit addresses reach', () => {
    const rows = { ...triangle(), width: 2 ** 27 };
    const message =
      'linear model: wanted at most 4 GiB of weights and rows, got 4.0 GiB: 134217728 features × 8 outputs, 78 values; keep fewer features, or fewer rows';
    expect(() => openLinearKernel(rows, 8)).toThrow(OptionError);
    expect(() => openLinearKernel(rows, 8)).toThrow(message);
  });
});
