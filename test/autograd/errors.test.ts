import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { gelu } from '../../src/autograd/ops/activations.js';
import { and, cast, where } from '../../src/autograd/ops/compare.js';
import { add, exp } from '../../src/autograd/ops/elementwise.js';
import { gather, pick, scatterRows } from '../../src/autograd/ops/indexing.js';
import { linearProduct, matmul } from '../../src/autograd/ops/matmul.js';
import { layerNorm, logSoftmax, softmax } from '../../src/autograd/ops/normalise.js';
import { dropout, randomBits } from '../../src/autograd/ops/random.js';
import { mean, sum } from '../../src/autograd/ops/reduce.js';
import { expand, expandLike, reshape, squeeze, transpose, unsqueeze } from '../../src/autograd/ops/shaping.js';
import { concat, slice } from '../../src/autograd/ops/slicing.js';
import { input, scalar, type Value } from '../../src/autograd/value.js';
import { DtypeError, OptionError, ShapeError } from '../../src/errors/failures.js';
import type { RetortError } from '../../src/errors/retort-error.js';
import type { Dtype } from '../../src/tensor/dtype.js';
import type { Shape } from '../../src/tensor/shape.js';

const of = (dtype: Dtype, ...shape: Shape): Value => input('x', dtype, shape);
const floats = (...shape: Shape): Value => of('float32', ...shape);
const ids = (...shape: Shape): Value => of('int64', ...shape);

function thrown(call: () => unknown): RetortError {
  try {
    call();
  } catch (error) {
    return error as RetortError;
  }
  throw new Error('nothing was thrown');
}

type Case = readonly [where: string, wanted: string, call: () => unknown];

const SHAPES: readonly Case[] = [
  ['add(float32[2, 3], float32[4])', 'shapes that broadcast', () => add(floats(2, 3), floats(4))],
  ['add(float32[N, 3], float32[M, 3])', 'shapes that broadcast', () => add(floats('N', 3), floats('M', 3))],
  ['matmul(float32[2, 3], float32[4, 5])', '[.., M, K] x [.., K, N]', () => matmul(floats(2, 3), floats(4, 5))],
  ['matmul(float32[2, 2, 3], float32[3, 3, 5])', 'broadcast', () => matmul(floats(2, 2, 3), floats(3, 3, 5))],
  ['linearProduct(float32[2, 3], float32[3, 5])', 'a weight [O, I]', () => linearProduct(floats(2, 3), floats(3, 5))],
  ['reshape(float32[2, 3])', 'a shape of 6 elements', () => reshape(floats(2, 3), [4, 2])],
  ['reshape(float32[N*S, 4])', 'can be read from', () => reshape(floats('N*S', 4), ['N', 'S', 4])],
  ['transpose(float32[2, 3])', 'an order of the 2 axes', () => transpose(floats(2, 3), [0, 2])],
  ['squeeze(float32[2, 3])', 'length 1 on axis 0', () => squeeze(floats(2, 3), 0)],
  ['unsqueeze(float32[2, 3])', 'an axis from -3 to 2', () => unsqueeze(floats(2, 3), 3)],
  ['expand(float32[2, 3])', 'broadcasts to [2, 1]', () => expand(floats(2, 3), [2, 1])],
  ['expand(float32[1, 3])', 'can be read from', () => expand(floats(1, 3), ['N', 3])],
  ['expandLike(float32[2, 3], int64[N, 1])', 'shapes that broadcast', () => expandLike(floats(2, 3), ids('N', 1))],
  ['slice(float32[2, 3])', '0 <= start < end <= 3', () => slice(floats(2, 3), { axis: 1, start: 1, end: 4 })],
  ['concat(float32[2, 3], float32[2])', 'agree off axis 0', () => concat([floats(2, 3), floats(2)], { axis: 0 })],
  ['concat(float32[N, 3], float32[2, 3])', 'numbers on it', () => concat([floats('N', 3), floats(2, 3)], { axis: 0 })],
  ['sum(float32[2, 3])', 'axes named once', () => sum(floats(2, 3), { axes: [1, -1] })],
  ['mean(float32[2, 3])', 'an axis from -2 to 1', () => mean(floats(2, 3), { axes: [2] })],
  ['softmax(float32[2, 3])', 'an axis from -2 to 1', () => softmax(floats(2, 3), { axis: 2 })],
  ['logSoftmax(float32[])', 'an axis', () => logSoftmax(floats(), { axis: -1 })],
  [
    'layerNorm(float32[2, 3], float32[3], float32[4])',
    'x [.., H], weight [H], bias [H]',
    () => layerNorm(floats(2, 3), floats(3), floats(4), { eps: 1e-5 }),
  ],
  ['gather(float32[], int64[2])', 'a table with rows', () => gather(floats(), ids(2))],
  ['scatterRows(float32[2, 3], int64[4])', 'rows [4, 3]', () => scatterRows(floats(2, 3), ids(4), [5, 3])],
  ['pick(float32[2, 3], int64[3])', 'x [.., C] and an index [..]', () => pick(floats(2, 3), ids(3))],
  ['randomBits(uint32[1], float32[2])', 'a key of rank 0', () => randomBits(of('uint32', 1), of('float32', 2))],
];

const TYPES: readonly Case[] = [
  ['add(float32[2], int64[2])', 'operands of one type', () => add(floats(2), ids(2))],
  ['exp(int64[2])', 'float32 or float64', () => exp(ids(2))],
  ['gelu(int32[2])', 'float32 or float64', () => gelu(of('int32', 2), { approximate: 'none' })],
  ['gather(float32[2, 3], float32[2])', 'int64 indices', () => gather(floats(2, 3), floats(2))],
  ['and(float32[2], bool[2])', 'bool operands', () => and(floats(2), of('bool', 2))],
  ['where(int64[2], float32[2], float32[2])', 'a bool condition', () => where(ids(2), floats(2), floats(2))],
  ['randomBits(int64[], float32[2])', 'a uint32 key', () => randomBits(ids(), of('float32', 2))],
];

// The line of the call, as the error should give it, is looked up in the stack of an error made there.
describe('applying an op that does not fit', () => {
  test.each(SHAPES)('%s is a ShapeError that wants %s', (where, wanted, call) => {
    const error = thrown(call);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.where).toMatch(/^[a-zA-Z]+\(.*\) at errors\.test\.ts:\d+$/);
    expect(error.where.startsWith(`${where} at `)).toBe(true);
    expect(error.wanted).toContain(wanted);
  });

  test.each(TYPES)('%s is a DtypeError that wants %s', (where, wanted, call) => {
    const error = thrown(call);
    expect(error).toBeInstanceOf(DtypeError);
    expect(error.where.startsWith(`${where} at errors.test.ts:`)).toBe(true);
    expect(error.wanted).toContain(wanted);
  });

  test('the message is whole: call, place, wanted, got, fix', () => {
    const [, line] = /errors\.test\.ts:(\d+)/.exec(new Error().stack ?? '') ?? [];
    const error = thrown(() => matmul(floats(2, 3), floats(4, 5)));
    expect(error.message).toBe(
      `matmul(float32[2, 3], float32[4, 5]) at errors.test.ts:${Number(line) + 1}: ` +
        'wanted [.., M, K] x [.., K, N], got [2, 3] x [4, 5]; transpose one of them',
    );
  });

  test('a number that an integer type cannot hold is a DtypeError', () => {
    // BigInt(0.5) used to throw a bare RangeError.
    expect(() => add(ids(2), 0.5)).toThrow('wanted an integer for int64, got 0.5');
    expect(() => scalar(Number.NaN, 'int32')).toThrow(DtypeError);
  });

  test.each([-0.1, 1, Number.NaN])('a dropout rate of %d is an OptionError', (rate) => {
    expect(thrown(() => dropout(floats(2), of('uint32'), rate))).toBeInstanceOf(OptionError);
  });
});

describe('gradients', () => {
  test('a loss must be a scalar', () => {
    expect(() => gradients(floats(2), [])).toThrow('wanted a loss of rank 0, got float32[2]; reduce it with');
  });

  test('only floating values can be differentiated by', () => {
    const index = ids(2);
    const loss = sum(cast(index, { to: 'float32' }));
    expect(() => gradients(loss, [index])).toThrow('wanted a floating value to differentiate by, got int64[2]');
  });

  test('parts that are joined along an axis must have numbers there: the message says where', () => {
    const x = floats(3, 'N');
    const joined = concat([x], { axis: 1 });
    expect(() => gradients(sum(joined), [x])).toThrow('gradient of concat: wanted a shape of numbers, got [N]');
  });
});
