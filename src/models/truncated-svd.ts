/** @file The best approximation of a matrix by one of lower rank (Eckart & Young 1936), from its Gram matrix. */
import { toProgram } from '../autograd/lower.js';
import { cast } from '../autograd/ops/compare.js';
import { matmul } from '../autograd/ops/matmul.js';
import { transpose } from '../autograd/ops/shaping.js';
import { input, type Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { openSession } from '../runtime/session.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';

/** M ≈ U S Vᵀ with the E largest singular values S. */
export type TruncatedSvd = {
  /** U S = M V [N, E] */
  readonly projected: Tensor<'float32'>;
  /** V [H, E], orthonormal columns; in each the entry of the largest magnitude is positive. */
  readonly directions: Tensor<'float64'>;
  /** E numbers, falling. */
  readonly singularValues: Float64Array;
};

/** The rows that one run of the session takes: it bounds the copy in float64. */
const ROWS_PER_RUN = 4096;

/**
 * Truncated singular value decomposition of a matrix [N, H]. V are eigenvectors of MᵀM, in float64; a singular value
 * under 1e-8 of the largest is lost in its rounding, as is usual for this way.
 * @throws OptionError for a rank that is not from 1 to H; ShapeError for numbers that are not finite.
 */
export async function truncatedSvd(matrix: Tensor<'float32'>, rank: number): Promise<TruncatedSvd> {
  const [N, H] = matrix.shape;
  if (N === undefined || H === undefined || matrix.shape.length !== 2 || N === 0 || H === 0) {
    throw new ShapeError({ where: 'truncatedSvd', wanted: 'a matrix [N, H]', got: formatShape(matrix.shape) });
  }
  if (!Number.isInteger(rank) || rank < 1 || rank > H) {
    throw new OptionError({ where: 'rank', wanted: `an integer from 1 to ${H}, the columns`, got: String(rank) });
  }
  if (!matrix.data.every(Number.isFinite)) {
    throw new ShapeError({ where: 'truncatedSvd', wanted: 'finite numbers', got: 'NaN or infinity among them' });
  }
  const { values, vectors } = await symmetricEigen(await gram(matrix, N, H), H);
  const directions = new Float64Array(H * rank);
  const singularValues = new Float64Array(rank);
  for (let k = 0; k < rank; k++) {
    const column = H - 1 - k; // eigenvalues rise
    singularValues[k] = Math.sqrt(Math.max(0, values[column] as number));
    const direction = signed(vectors.map((row) => row[column] as number));
    for (let h = 0; h < H; h++) directions[h * rank + k] = direction[h] as number;
  }
  return {
    projected: await product(matrix, tensor('float32', [H, rank], Float32Array.from(directions))),
    directions: tensor('float64', [H, rank], directions),
    singularValues,
  };
}

/** A direction has two signs; this picks one, so that the same matrix always gives the same numbers. */
function signed(direction: readonly number[]): readonly number[] {
  let largest = 0;
  for (const value of direction) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? direction.map((value) => -value) : direction;
}

/** MᵀM [H, H] in float64, row by row. */
async function gram(matrix: Tensor<'float32'>, N: number, H: number): Promise<Float64Array> {
  const rows = cast(input('rows', 'float32', ['N', H]), { to: 'float64' });
  const result = new Float64Array(H * H);
  await run({ gram: matmul(transpose(rows, [1, 0]), rows) }, async (answer) => {
    for (let start = 0; start < N; start += ROWS_PER_RUN) {
      const end = Math.min(N, start + ROWS_PER_RUN);
      const block = tensor('float32', [end - start, H], matrix.data.subarray(start * H, end * H));
      const { data } = await answer({ rows: block });
      for (let i = 0; i < result.length; i++) result[i] = (result[i] as number) + Number(data[i]);
    }
  });
  return result;
}

/** [N, H] x [H, E] -> [N, E] */
async function product(a: Tensor<'float32'>, b: Tensor<'float32'>): Promise<Tensor<'float32'>> {
  const graph = matmul(input('a', 'float32', a.shape), input('b', 'float32', b.shape));
  return run({ product: graph }, async (answer) => (await answer({ a, b })) as Tensor<'float32'>);
}

/** Opens a session for a graph of one output, for as long as `work` takes. */
async function run<T>(
  outputs: Readonly<Record<string, Value>>,
  work: (answer: (feeds: Readonly<Record<string, Tensor>>) => Promise<Tensor>) => Promise<T>,
): Promise<T> {
  const session = await openSession(toProgram({ outputs }), { spinning: false });
  try {
    return await work(async (feeds) => Object.values(await session.run(feeds))[0] as Tensor);
  } finally {
    await session.release();
  }
}

/** Rising eigenvalues of a symmetric [H, H], and H rows of its eigenvectors' matrix. */
async function symmetricEigen(
  values: Float64Array,
  H: number,
): Promise<{ readonly values: readonly number[]; readonly vectors: readonly (readonly number[])[] }> {
  // Loaded where it is used: most programs that know a BiLSTM never reduce a table.
  const { EigenvalueDecomposition, Matrix } = await import('ml-matrix');
  const matrix = Matrix.from1DArray(H, H, values);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  return { values: realEigenvalues, vectors: eigenvectorMatrix.to2DArray() };
}
