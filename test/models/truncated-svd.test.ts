import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError, ShapeError } from '../../src/errors/failures.js';
import { truncatedSvd } from '../../src/models/truncated-svd.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';

type Rows = readonly (readonly number[])[];
type Case = { matrix: Rows; rank: number; singularValues: readonly number[]; directions: Rows; projected: Rows };

// Witness: numpy.linalg.svd, through make_svd.py.
const witness = JSON.parse(readFileSync(new URL('../golden/svd.numpy.json', import.meta.url), 'utf8')) as {
  readonly svd: Readonly<Record<string, Case>>;
};

function matrixOf(rows: Rows): Tensor<'float32'> {
  return fromNumbers('float32', [rows.length, rows[0]?.length ?? 0], rows.flat());
}

function expectNear(got: ArrayLike<number>, wanted: readonly number[], tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - Number(got[i]))));
  expect(worst).toBeLessThanOrEqual(tolerance * Math.max(...wanted.map(Math.abs)));
}

function squaredError(matrix: Tensor<'float32'>, projected: Tensor<'float32'>, directions: Tensor<'float64'>): number {
  const [N = 0, H = 0] = matrix.shape;
  const E = directions.shape[1] ?? 0;
  let error = 0;
  for (let n = 0; n < N; n++) {
    for (let h = 0; h < H; h++) {
      let value = Number(matrix.data[n * H + h]);
      for (let e = 0; e < E; e++) value -= Number(projected.data[n * E + e]) * Number(directions.data[h * E + e]);
      error += value * value;
    }
  }
  return error;
}

describe('truncatedSvd', () => {
  test.each(Object.entries(witness.svd))('%s: values, directions and signs are numpy’s', async (_, wanted) => {
    const { singularValues, directions, projected } = await truncatedSvd(matrixOf(wanted.matrix), wanted.rank);
    expectNear(singularValues, wanted.singularValues, 1e-12);
    expectNear(directions.data, wanted.directions.flat(), 1e-9);
    expectNear(projected.data, wanted.projected.flat(), 1e-6);
  });

  test('what a rank leaves out is the sum of the other squared singular values (Eckart and Young)', async () => {
    const shape = fc.record({ N: fc.integer({ min: 1, max: 9 }), H: fc.integer({ min: 1, max: 7 }) });
    const cases = shape.chain(({ N, H }) =>
      fc.tuple(
        fc.integer({ min: 1, max: H }),
        fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: H, maxLength: H }), {
          minLength: N,
          maxLength: N,
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([rank, rows]) => {
        const matrix = matrixOf(rows);
        const { singularValues, projected, directions } = await truncatedSvd(matrix, rank);
        // Witness: ‖M‖² is the sum of all squared singular values, so the best rank leaves ‖M‖² less its own.
        const norm = rows.flat().reduce((total, value) => total + value * value, 0);
        const kept = singularValues.reduce((total, value) => total + value * value, 0);
        expect(Math.abs(squaredError(matrix, projected, directions) - (norm - kept))).toBeLessThanOrEqual(
          1e-5 * (1 + norm),
        );
        expect([...singularValues]).toEqual([...singularValues].sort((a, b) => b - a));
      }),
      { numRuns: 25 },
    );
  });

  test('blocks of rows add up', async () => {
    const [wanted] = Object.values(witness.svd) as [Case];
    const { matrix, rank, singularValues } = wanted;
    const repeats = 1000; // 9,000 rows, three runs of the session
    const tall = matrixOf(Array.from({ length: repeats }, () => matrix).flat());
    const scaled = singularValues.map((value) => value * Math.sqrt(repeats));
    expectNear((await truncatedSvd(tall, rank)).singularValues, scaled, 1e-10);
  });

  test('refuses ranks above the columns, and numbers that are not finite', async () => {
    const matrix = matrixOf([[1, 2]]);
    await expect(truncatedSvd(matrix, 3)).rejects.toThrow(OptionError);
    await expect(truncatedSvd(matrix, 0)).rejects.toThrow('rank: wanted an integer from 1 to 2, the columns, got 0');
    await expect(truncatedSvd(matrixOf([[1, Number.NaN]]), 1)).rejects.toThrow(ShapeError);
  });
});
