/**
 * @file The least time that a step's matrix products can take: their floating-point operations, and how many a second the
 * machine does in a large product, measured in the same run.
 */
import { toProgram } from '../src/autograd/lower.js';
import { matmul } from '../src/autograd/ops/matmul.js';
import { input } from '../src/autograd/value.js';
import { openSession } from '../src/runtime/session.js';
import { RandomStream } from '../src/tensor/random.js';
import { tensor } from '../src/tensor/tensor.js';

/** M x K by K x N. */
export type Product = readonly [m: number, k: number, n: number];

/** For each product: the best GFLOP/s, and the error of eight rows relative to float64. */
export type ProductRates = { readonly gflops: readonly number[]; readonly errors: readonly number[] };

/**
 * Large ones, which of them is fastest depends on the library; and what a step of 2,048 tokens has most of. Results are
 * small beside the work, since ONNX Runtime's Node binding copies them.
 */
export const PRODUCTS: readonly Product[] = [
  [1024, 1024, 1024],
  [1024, 4096, 1024],
  [2048, 2048, 2048],
  [2048, 384, 1536],
  [2048, 1536, 384],
];

const ROWS_CHECKED = 8;

/** By ONNX Runtime, neither matrix a constant, as in a training step. */
export async function productRates(
  products: readonly Product[],
  { threads, milliseconds = 300 }: { readonly threads: number; readonly milliseconds?: number },
): Promise<ProductRates> {
  const gflops: number[] = [];
  const errors: number[] = [];
  for (const [m, k, n] of products) {
    const random = new RandomStream(1, 'bench/products');
    const drawn = (size: number) => Float32Array.from({ length: size }, () => random.uniform(-1, 1));
    const [a, b] = [drawn(m * k), drawn(k * n)];
    const product = matmul(input('a', 'float32', [m, k]), input('b', 'float32', [k, n]));
    const session = await openSession(toProgram({ outputs: { product }, form: 'export' }), { threads });
    const feeds = { a: tensor('float32', [m, k], a), b: tensor('float32', [k, n], b) };
    let best = Number.POSITIVE_INFINITY;
    let result: Float32Array = new Float32Array();
    for (const until = performance.now() + milliseconds; performance.now() < until; ) {
      const start = performance.now();
      const outputs = await session.run(feeds);
      best = Math.min(best, performance.now() - start);
      result = outputs.product?.data as Float32Array;
    }
    await session.release();
    gflops.push((2 * m * k * n) / best / 1e6);
    errors.push(relativeError(result, a, b, [m, k, n]));
  }
  return { gflops, errors };
}

function relativeError(result: Float32Array, a: Float32Array, b: Float32Array, [, k, n]: Product): number {
  let [wrong, whole] = [0, 0];
  for (let row = 0; row < ROWS_CHECKED; row++) {
    const exact = new Float64Array(n);
    for (let i = 0; i < k; i++) {
      const factor = a[row * k + i] as number;
      for (let column = 0; column < n; column++) {
        exact[column] = (exact[column] as number) + factor * (b[i * n + column] as number);
      }
    }
    for (const [column, value] of exact.entries()) {
      wrong += ((result[row * n + column] as number) - value) ** 2;
      whole += value ** 2;
    }
  }
  return Math.sqrt(wrong / whole);
}

/** The parts of a BERT that matrix products come from. */
export type EncoderSizes = { readonly layers: number; readonly hidden: number; readonly intermediate: number };

/**
 * Floating-point operations of the matrix products of a training step, forward and backward: 2 a weight and token forward,
 * 4 backward; scores and mixtures of the attention likewise, for every pair of tokens of a row. Pooler and a head of two classes
 * are among them. `isLastWhole`: whether the last layer is computed at every token, as PyTorch has it, or at the first alone but
 * for keys and values, as retort has it for a text's logits.
 */
export function stepOperations(
  { layers, hidden, intermediate }: EncoderSizes,
  { rows, length, isLastWhole }: { readonly rows: number; readonly length: number; readonly isLastWhole: boolean },
): number {
  const square = hidden * hidden;
  const layer = length * (4 * square + 2 * hidden * intermediate) + 2 * length * length * hidden;
  const lastAtFirst = length * 2 * square + 2 * square + 2 * hidden * intermediate + 2 * length * hidden;
  return 6 * rows * (layers * layer - (isLastWhole ? 0 : layer - lastAtFirst) + square + 2 * hidden);
}
