import { describe, expect, test } from 'vitest';
import { cast } from '../../src/autograd/ops/compare.js';
import { sub } from '../../src/autograd/ops/elementwise.js';
import { oneHot } from '../../src/autograd/ops/indexing.js';
import { sum } from '../../src/autograd/ops/reduce.js';
import { constant, type Value } from '../../src/autograd/value.js';
import { softCrossEntropy } from '../../src/losses/cross-entropy.js';
import { kl } from '../../src/losses/kl.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { topKBucket, withRemainderSpread } from '../../src/losses/top-k-bucket.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { evaluate, type Nested } from '../nn/evaluate.js';
import { expectWitnessed, PRECISIONS, readGolden } from './golden-cases.js';

type Case = {
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly expected: { readonly loss: number; readonly grad: Readonly<Record<string, Nested>> };
};
// Witness: a scalar tape in pure Python (test/python/make_golden.py).
const golden = readGolden<Record<string, Case>>('golden.json');

const witnessOf = (name: string) => {
  const { inputs, expected } = golden[`ladder/${name}`] as Case;
  return { inputs, value: expected.loss, gradient: expected.grad };
};
const value = (inputs: Record<string, Value>, name: string) => inputs[name] as Value;
const parts = (inputs: Record<string, Value>) => {
  const student = value(inputs, 'student_logits');
  const ids = cast(value(inputs, 'topk_ids'), { to: 'int64' });
  const remainder = sub(1, sum(oneHot(ids, 5, student.dtype), { axes: [1] })); // [B, k, C] -> [B, C]
  return { student, teacher: value(inputs, 'teacher_logits'), remainder };
};

describe('topKBucket', () => {
  describe.each(PRECISIONS)('%s', (...precision) => {
    test.each([
      ['topk_bucket', 'bucket'],
      ['topk_zero_renorm', 'renormalise'],
      ['topk_zero_raw', 'ignore'],
    ] as const)('%s', async (name, rest) => {
      const loss = (inputs: Record<string, Value>) => {
        const { student, teacher, remainder } = parts(inputs);
        return meanOf(topKBucket(student, teacher, remainder, { rest }));
      };
      await expectWitnessed(witnessOf(name), loss, precision);
    });

    const smoothed = (golden['ladder/sampled_freq_ce_jeffreys'] as { expected: { target?: Nested } }).expected.target;
    test.each([
      // By hand: shares of eight draws.
      [
        'sampled_freq_ce',
        [
          [0, 6 / 8, 0, 1 / 8, 1 / 8],
          [5 / 8, 0, 0, 3 / 8, 0],
        ],
      ],
      // Half a count more for each class.
      ['sampled_freq_ce_jeffreys', smoothed as Nested],
    ] as const)('%s', async (name, target) => {
      const { inputs, value: wanted, gradient } = witnessOf(name);
      const witness = { inputs: { ...inputs, target }, value: wanted, gradient };
      const loss = (traced: Record<string, Value>) =>
        meanOf(softCrossEntropy(value(traced, 'student_logits'), value(traced, 'target')));
      await expectWitnessed(witness, loss, precision);
    });
  });
});

describe('withRemainderSpread', () => {
  const spread = async (
    student: readonly number[],
    teacher: readonly number[],
    remainder: readonly number[],
    C: number,
  ) => {
    const of = (values: readonly number[]) => constant(fromNumbers('float32', [values.length / C, C], values));
    const result = withRemainderSpread(of(student), of(teacher), of(remainder));
    return Array.from((await evaluate({ result }, {})).result?.data as Float32Array, (value) =>
      Number(value.toFixed(5)),
    );
  };

  test('a hole is what the student says, and rows without a bucket stay as they are', async () => {
    expect(await spread([4, 5, 6, 4, 5, 6], [1, 2, 3, 0, 0, 0], [0, 0, 0, 1, 1, 1], 3)).toEqual([1, 2, 3, 4, 5, 6]);
    // A score, which has no softmax.
    expect(await spread([4, 5], [1, 0], [0, 1], 1)).toEqual([1, 5]);
  });

  const logits = (rows: number[][]) => constant(fromNumbers('float64', [rows.length, 3], rows.flat()));

  test('a bucket of one class, or of none, changes nothing', async () => {
    const student = logits([[0.3, -1, 2]]);
    const teacher = logits([[1, 0, -2]]);
    for (const bucket of [
      [0, 0, 0],
      [0, 0, 1],
    ]) {
      const spread = kl(student, withRemainderSpread(student, teacher, logits([bucket])));
      const { a, b } = await evaluate({ a: spread.sum, b: kl(student, teacher).sum }, {});
      expect(a?.data[0]).toBeCloseTo(Number(b?.data[0]), 12);
    }
  });

  test('classes whose logits are far apart stay finite', async () => {
    const student = logits([[800, -800, -800]]);
    const teacher = logits([[-800, 800, 0]]);
    const { total } = await evaluate({ total: topKBucket(student, teacher, logits([[0, 1, 1]])).sum }, {});
    // All of the teacher's mass is in the bucket, where the student has e^-1600 · 2.
    expect(total?.data[0]).toBeCloseTo(1600 - Math.log(2), 9);
  });
});
