/** @file Matrix products. */
import { ShapeError } from '../../errors/failures.js';
import { broadcastShapes, type Dim, dimProduct, formatShape, type Shape } from '../../tensor/shape.js';
import { type BinaryOp, defineBinary } from '../op.js';
import type { Value } from '../value.js';
import { uniform } from './samples.js';
import { matrixTranspose, reshape } from './shaping.js';

/** All axes but the last folded into one: [.., K] -> [M, K]. */
function asRows(x: Value): Value {
  return reshape(x, [dimProduct(x.shape.slice(0, -1)), x.shape.at(-1) as Dim]);
}

/** Batched product of matrices: [.., M, K] x [.., K, N] -> [.., M, N]; leading axes broadcast. */
export const matmul: BinaryOp = defineBinary({
  name: 'matmul',
  onnx: { type: 'MatMul', since: 13 },
  shape: ([a, b], _attributes, where) => {
    const left = a as Shape;
    const right = b as Shape;
    if (left.length < 2 || right.length < 2 || left.at(-1) !== right.at(-2)) {
      throw new ShapeError({
        where,
        wanted: '[.., M, K] x [.., K, N]',
        got: `${formatShape(left)} x ${formatShape(right)}`,
        fix: 'transpose one of them',
      });
    }
    return [...broadcastShapes(left.slice(0, -2), right.slice(0, -2), where), left.at(-2) as Dim, right.at(-1) as Dim];
  },
  vjp: (g, [left, right]) => {
    const a = left as Value;
    const b = right as Value;
    const toA = matmul(g, matrixTranspose(b)); // [.., M, N] x [.., N, K] -> [.., M, K]
    // One product over all rows instead of a batch of products that would be summed.
    const toB =
      b.shape.length === 2
        ? matmul(matrixTranspose(asRows(a)), asRows(g)) // [K, B*M] x [B*M, N] -> [K, N]
        : matmul(matrixTranspose(a), g); // [.., K, M] x [.., M, N] -> [.., K, N]
    return [toA, toB];
  },
  samples: (random) => [
    { about: 'matrices', inputs: [uniform(random, [2, 3], -2, 2), uniform(random, [3, 4], -2, 2)] },
    { about: 'batch x matrix', inputs: [uniform(random, [2, 2, 3], -2, 2), uniform(random, [3, 2], -2, 2)] },
    { about: 'matrix x batch', inputs: [uniform(random, [2, 3], -2, 2), uniform(random, [2, 3, 2], -2, 2)] },
    { about: 'broadcast', inputs: [uniform(random, [1, 2, 2, 3], -2, 2), uniform(random, [3, 1, 3, 1], -2, 2)] },
    { about: 'inner length 1', inputs: [uniform(random, [3, 1], -2, 2), uniform(random, [1, 2], -2, 2)] },
    { about: 'squares', inputs: [uniform(random, [2, 2], -2, 2), uniform(random, [2, 2], -2, 2)] },
  ],
});

/** x times the transpose of a weight in PyTorch's layout: [.., I] x [O, I] -> [.., O]. */
export const linearProduct: BinaryOp = defineBinary({
  name: 'linearProduct',
  onnx: {
    emit: (emitter, [x, weight]) => {
      const swapped = emitter.node('Transpose', [weight as string], { perm: { kind: 'ints', value: [1, 0] } });
      return emitter.node('MatMul', [x as string, ...swapped]);
    },
  },
  shape: ([x, weight], _attributes, where) => {
    const rows = x as Shape;
    const matrix = weight as Shape;
    if (rows.length < 2 || matrix.length !== 2 || rows.at(-1) !== matrix[1]) {
      throw new ShapeError({
        where,
        wanted: '[.., I] and a weight [O, I]',
        got: `${formatShape(rows)} and ${formatShape(matrix)}`,
        fix: 'weights are stored as in PyTorch: [outFeatures, inFeatures]',
      });
    }
    return [...rows.slice(0, -1), matrix[0] as Dim];
  },
  vjp: (g, [x, weight]) => [
    matmul(g, weight as Value), // [.., O] x [O, I] -> [.., I]
    matmul(matrixTranspose(asRows(g)), asRows(x as Value)), // [O, rows] x [rows, I] -> [O, I], no transpose after
  ],
  samples: (random) => [
    { about: 'matrix', inputs: [uniform(random, [3, 2], -2, 2), uniform(random, [4, 2], -2, 2)] },
    { about: 'batch', inputs: [uniform(random, [2, 3, 2], -2, 2), uniform(random, [2, 2], -2, 2)] },
    { about: 'one feature', inputs: [uniform(random, [2, 1], -2, 2), uniform(random, [1, 1], -2, 2)] },
  ],
});
