import { describe, expect, test } from 'vitest';
import { lowerToGraph, toProgram } from '../../src/autograd/lower.js';
import { gelu } from '../../src/autograd/ops/activations.js';
import { where } from '../../src/autograd/ops/compare.js';
import { add, div, mul, relu, tanh } from '../../src/autograd/ops/elementwise.js';
import { gather, oneHot, pick, positions } from '../../src/autograd/ops/indexing.js';
import { linearProduct, matmul } from '../../src/autograd/ops/matmul.js';
import { layerNorm, logSoftmax, logSumExp, softmax } from '../../src/autograd/ops/normalise.js';
import { argMax, mean, reduceMax, sum } from '../../src/autograd/ops/reduce.js';
import { expand, expandLike, reshape, squeeze, transpose, unsqueeze } from '../../src/autograd/ops/shaping.js';
import { concat, pad, slice } from '../../src/autograd/ops/slicing.js';
import { constant, input, scalar, type Value } from '../../src/autograd/value.js';
import { openSession } from '../../src/runtime/session.js';
import { RandomStream } from '../../src/tensor/random.js';
import { type Dim, dimProduct, type Shape } from '../../src/tensor/shape.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';
import { expectDeclaredValues } from './declared.js';
import { evaluate } from './evaluate.js';

const [H, A, D] = [4, 2, 2];
/** What the cases are applied to: hidden states, a matrix, tokens, a condition. */
type Inputs = {
  readonly x: Value;
  readonly rows: Value;
  readonly ids: Value;
  readonly mask: Value;
  readonly N: Dim;
  readonly S: Dim;
};
const SHAPES = {
  x: ['N', 'S', H],
  rows: ['N', H],
  ids: ['N', 'S'],
  mask: ['N', 'S'],
} as const;

function draw(shape: readonly number[], name: string): Tensor<'float32'> {
  const random = new RandomStream(5, name);
  const size = shape.reduce((product, dim) => product * dim, 1);
  return fromNumbers(
    'float32',
    shape,
    Float64Array.from({ length: size }, () => random.uniform(-2, 2)),
  );
}

const weights = (...shape: number[]): Value => constant(draw(shape, `weights ${shape}`));

function inputsOf(lengths: Readonly<Record<string, number>>): Inputs {
  const at = (shape: Shape): Shape => shape.map((dim): Dim => (typeof dim === 'string' ? (lengths[dim] ?? dim) : dim));
  return {
    x: input('x', 'float32', at(SHAPES.x)),
    rows: input('rows', 'float32', at(SHAPES.rows)),
    ids: input('ids', 'int64', at(SHAPES.ids)),
    mask: input('mask', 'bool', at(SHAPES.mask)),
    N: lengths.N ?? 'N',
    S: lengths.S ?? 'S',
  };
}

function feedsFor(N: number, S: number): Record<string, Tensor> {
  const random = new RandomStream(6, `tokens ${N} ${S}`);
  const below = (limit: number) => Float64Array.from({ length: N * S }, () => random.below(limit));
  return {
    x: draw([N, S, H], 'x'),
    rows: draw([N, H], 'rows'),
    ids: fromNumbers('int64', [N, S], below(H)),
    mask: fromNumbers('bool', [N, S], below(2)),
  };
}

type Case = readonly [shape: string, name: string, apply: (inputs: Inputs) => Value];

const CASES: readonly Case[] = [
  ['[N, S, 4]', 'tanh', ({ x }) => tanh(x)],
  ['[N, S, 4]', 'gelu', ({ x }) => gelu(x, { approximate: 'none' })],
  ['[N, S, 4]', 'add, a row', ({ x }) => add(x, weights(H))],
  ['[N, S, 4]', 'mul, broadcast over S', ({ x, rows }) => mul(x, unsqueeze(rows, 1))],
  ['[N, S]', 'where', ({ ids, mask }) => where(mask, ids, scalar(-1, 'int64'))],
  ['[N, S, 3]', 'matmul by a matrix', ({ x }) => matmul(x, weights(H, 3))],
  ['[N, S, S]', 'matmul of batches', ({ x }) => matmul(x, transpose(x, [0, 2, 1]))],
  ['[N, S, 3]', 'linearProduct', ({ x }) => linearProduct(x, weights(3, H))],
  ['[N, 4]', 'sum over a name', ({ x }) => sum(x, { axes: [1] })],
  ['[N, 1, 4]', 'mean over a name, kept', ({ x }) => mean(x, { axes: [1], keepDims: true })],
  ['[]', 'mean over all', ({ x }) => mean(x)],
  ['[N, S]', 'reduceMax', ({ x }) => reduceMax(x, { axes: [-1] })],
  ['[N, S]', 'argMax', ({ x }) => argMax(x, { axis: -1 })],
  ['[N, 4]', 'argMax over a name', ({ x }) => argMax(x, { axis: 1 })],
  ['[N, S, 4]', 'softmax', ({ x }) => softmax(x, { axis: -1 })],
  ['[N, S, 4]', 'softmax over a name', ({ x }) => softmax(x, { axis: 1 })],
  ['[N, S, 4]', 'logSoftmax', ({ x }) => logSoftmax(x, { axis: -1 })],
  ['[N, S]', 'logSumExp', ({ x }) => logSumExp(x, { axis: -1 })],
  ['[N, S, 4]', 'layerNorm', ({ x }) => layerNorm(x, weights(H), weights(H), { eps: 1e-5 })],
  ['[N, S, 3]', 'gather', ({ ids }) => gather(weights(5, 3), ids)],
  ['[N, S]', 'pick', ({ x, ids }) => pick(x, ids)],
  ['[N, S, 4]', 'oneHot', ({ ids }) => oneHot(ids, H, 'float32')],
  ['[S]', 'positions', ({ x }) => positions(x, { axis: 1 })],
  ['[S, 3]', 'embedding of positions', ({ x }) => gather(weights(9, 3), positions(x, { axis: 1 }))],
  ['[N, S, 2, 2]', 'reshape into heads', ({ x, N, S }) => reshape(x, [N, S, A, D])],
  ['[N, 2, S, 2]', 'heads', ({ x, N, S }) => transpose(reshape(x, [N, S, A, D]), [0, 2, 1, 3])],
  ['[N, S, 4]', 'heads and back', ({ x, N, S }) => reshape(tanh(reshape(x, [N, S, A, D])), [N, S, H])],
  ['[N*S, 4]', 'rows of all tokens', ({ x, N, S }) => reshape(x, [dimProduct([N, S]), H])],
  [
    '[4*N*S]',
    'all in one axis',
    ({ x, N, S }) => reshape(tanh(reshape(x, [dimProduct([N, S]), H])), [dimProduct([N, S, H])]),
  ],
  ['[N, 4*S]', 'one row each', ({ x, N, S }) => reshape(x, [N, dimProduct([H, S])])],
  ['[S, N, 4]', 'reshape that moves names', ({ x, N, S }) => reshape(x, [S, N, H])],
  ['[4, S, N]', 'reshape that moves all', ({ x, N, S }) => reshape(x, [H, S, N])],
  [
    '[1, N, 1, 4*S]',
    'reshape with a product off its place',
    ({ x, N, S }) => reshape(x, [1, N, 1, dimProduct([H, S])]),
  ],
  ['[2, N*S, 2]', 'product in the middle', ({ x, N, S }) => reshape(x, [A, dimProduct([N, S]), D])],
  ['[N, S, 1, 4]', 'unsqueeze', ({ x }) => unsqueeze(x, 2)],
  ['[N, 4]', 'first token', ({ x }) => squeeze(slice(x, { axis: 1, start: 0, end: 1 }), 1)],
  ['[N, S, 2]', 'slice off the names', ({ x }) => slice(x, { axis: -1, start: 1, end: 3 })],
  ['[N, S, 7]', 'pad off the names', ({ x }) => pad(x, { axis: 2, before: 1, after: 2 })],
  ['[N, S, 7]', 'concat off the names', ({ x }) => concat([x, slice(x, { axis: 2, start: 0, end: 3 })], { axis: 2 })],
  ['[N, 3, 4]', 'expand an axis of 1', ({ rows, N }) => expand(unsqueeze(rows, 1), [N, 3, H])],
  ['[3, N, 4]', 'expand by an axis', ({ rows, N }) => expand(rows, [3, N, H])],
  ['[N, S, 4]', 'expandLike from rank 0', ({ x }) => expandLike(scalar(0.5), x)],
  ['[N, 1, 4]', 'expandLike of a token', ({ rows }) => expandLike(weights(1, 1, H), unsqueeze(rows, 1))],
  ['[N, S, 4]', 'expandLike along two names', ({ x }) => div(expandLike(weights(H), x), 2)],
];

describe('shape rules carry names', () => {
  const named = inputsOf({});

  test.each(CASES)('%s from %s', (shape, _name, apply) => {
    expect(`[${apply(named).shape.join(', ')}]`).toBe(shape);
  });

  test.each(CASES)(
    '%s from %s: one export gives the static graph’s results at several lengths',
    async (_, _name, apply) => {
      const program = toProgram({ outputs: { y: apply(named) }, form: 'export' });
      const session = await openSession(program, { threads: 1 });
      try {
        for (const [N, S] of [
          [1, 1],
          [7, 3],
          [2, 5],
        ] as const) {
          const feeds = feedsFor(N, S);
          const read = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]!]));
          const { y } = await session.run(read);
          const value = apply(inputsOf({ N, S }));
          const wanted = await evaluate({ y: value }, feeds, { form: 'export' });
          expect(y?.shape).toEqual(value.shape);
          expect(y?.data).toEqual(wanted.y.data);
        }
      } finally {
        await session.release();
      }
    },
  );

  test.each(CASES)('%s from %s: what the graph declares of its parts is what they are', async (_, _name, apply) => {
    await expectDeclaredValues({ outputs: { y: apply(named) } }, feedsFor(2, 5), { N: 2, S: 5 });
  });
});

test('a reshape that keeps names on their places reads no lengths at run time', () => {
  const { x, N, S } = inputsOf({});
  const types = (y: Value) => lowerToGraph({ outputs: { y }, form: 'export' }).nodes.map(({ opType }) => opType);
  expect(types(reshape(x, [N, S, A, D]))).toEqual(['Reshape']);
  expect(types(reshape(x, [dimProduct([N, S]), H]))).toEqual(['Reshape']);
});

describe('a two-layer MLP exported with batch N', () => {
  const mlp = (x: Value): Value => {
    const hidden = relu(add(linearProduct(x, weights(16, 784)), weights(16)));
    return add(linearProduct(hidden, weights(10, 16)), weights(10));
  };

  test('runs at 1 and 7 rows and equals the static graphs and a host computation', async () => {
    const program = toProgram({ outputs: { logits: mlp(input('x', 'float32', ['N', 784])) }, form: 'export' });
    expect(program.outputs).toEqual([{ name: 'logits', dtype: 'float32', shape: ['N', 10] }]);
    const session = await openSession(program, { threads: 1 });
    for (const rows of [1, 7]) {
      const x = draw([rows, 784], 'images');
      const { logits } = await session.run({ x });
      expect(logits?.shape).toEqual([rows, 10]);
      const fixed = await evaluate({ logits: mlp(input('x', 'float32', [rows, 784])) }, { x }, { form: 'export' });
      expect(logits?.data).toEqual(fixed.logits.data);
      const wanted = hostMlp(x.data, rows);
      // 784 products in float32: about √784 · 2⁻²⁴ relative.
      for (const [i, value] of wanted.entries()) expect(Math.abs(Number(logits?.data[i]) - value)).toBeLessThan(5e-4);
    }
    await session.release();
  });

  function hostMlp(x: Float32Array, rows: number): number[] {
    const layer = (from: ArrayLike<number>, inFeatures: number, outFeatures: number): number[] => {
      const weight = draw([outFeatures, inFeatures], `weights ${[outFeatures, inFeatures]}`).data;
      const bias = draw([outFeatures], `weights ${outFeatures}`).data;
      return Array.from({ length: rows * outFeatures }, (_, at) => {
        const [row, out] = [Math.floor(at / outFeatures), at % outFeatures];
        let total = bias[out]!;
        for (let i = 0; i < inFeatures; i++) total += from[row * inFeatures + i]! * weight[out * inFeatures + i]!;
        return total;
      });
    };
    const hidden = layer(x, 784, 16).map((value) => Math.max(value, 0));
    return layer(hidden, 16, 10);
  }
});
