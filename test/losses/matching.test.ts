/** @file Losses on layers and attention, decoupled KD and made targets where the answer is known without a witness. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { constant, input, type Value } from '../../src/autograd/value.js';
import { OptionError, ShapeError } from '../../src/errors/failures.js';
import { attentionMse } from '../../src/losses/attention-mse.js';
import { decoupledKd } from '../../src/losses/decoupled-kd.js';
import { kl } from '../../src/losses/kl.js';
import { mixupCrossEntropy } from '../../src/losses/mixup.js';
import { patience } from '../../src/losses/patience.js';
import { attentionKl, relationKl } from '../../src/losses/relation-kl.js';
import { meanOf, type RowLoss, rowLoss, totalOf } from '../../src/losses/row-loss.js';
import { annealedTargets, averagedProbs, virtualTeacher } from '../../src/losses/targets.js';
import { RandomStream } from '../../src/tensor/random.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { fromNumbers, type Tensor, tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate, type Nested, nestedTensor } from '../nn/evaluate.js';

const fixed = (nested: Nested, dtype: 'float64' | 'int64' = 'float64') => constant(nestedTensor(dtype, nested));
const drawn = (seed: number, shape: readonly number[]): Tensor<'float32'> => {
  const random = new RandomStream(seed, 'matching');
  return tensor(
    'float32',
    [...shape],
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-1, 1)),
  );
};

/** Rows, loss and gradient of a traced student. */
async function differentiate(student: Tensor, loss: (x: Value) => RowLoss) {
  const x = input('x', student.dtype, student.shape);
  const term = loss(x);
  const mean = meanOf(term);
  const results = await evaluate({ mean, count: term.count, g: gradients(mean, [x])[0] as Value }, { x: student });
  return {
    loss: toNumbers(results.mean)[0] as number,
    count: toNumbers(results.count),
    gradient: toNumbers(results.g),
  };
}

type Losses = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly loss: (x: Value, t: Value, mask: Value) => RowLoss }>
>;
const B = 2;
const S = 3;
const ON_ATTENTION: Losses = {
  attentionMse: { shape: [B, 2, S, S], loss: (x, t, mask) => attentionMse(x, t, { mask }) },
  attentionKl: { shape: [B, 2, S, S], loss: (x, t, mask) => attentionKl(x, t, { mask }) },
  relationKl: { shape: [B, S, 4], loss: (x, t, mask) => relationKl(x, t, { heads: 2, mask }) },
};

/** Whether an element belongs to padding: of [B, A, S, S] its query or its key, of [B, S, H] its token. */
function isPadding(shape: readonly number[], index: number, mask: readonly (readonly number[])[]): boolean {
  const at = [...shape].reduceRight<{ rest: number; place: number[] }>(
    ({ rest, place }, length) => ({ rest: Math.floor(rest / length), place: [rest % length, ...place] }),
    { rest: index, place: [] },
  ).place;
  const tokens = shape.length === 4 ? at.slice(2) : at.slice(1, 2);
  return tokens.some((token) => mask[at[0] as number]?.[token] === 0);
}

describe.each(Object.entries(ON_ATTENTION))('%s', (_name, { shape, loss }) => {
  const mask = [
    [1, 1, 0],
    [1, 1, 1],
  ];
  const masked = (student: Tensor, teacher: Tensor) =>
    differentiate(student, (x) => loss(x, constant(teacher), fixed(mask, 'int64')));

  test('what padding holds changes nothing, bit for bit, and its gradient is exactly 0', async () => {
    const [student, teacher] = [drawn(1, shape), drawn(2, shape)];
    const plain = await masked(student, teacher);
    expect(plain.loss).toBeGreaterThan(0);
    const filled = (from: Tensor<'float32'>, value: number) =>
      tensor(
        'float32',
        [...shape],
        from.data.map((x, i) => (isPadding(shape, i, mask) ? value : x)),
      );
    const other = await masked(filled(student, 1e30), filled(teacher, -1e30));
    expect(other).toEqual(plain);
    for (const [i, g] of plain.gradient.entries()) if (isPadding(shape, i, mask)) expect(Math.abs(g)).toBe(0);
    expect(plain.gradient.filter((g) => g !== 0).length).toBeGreaterThan(0);
  });

  test('a student like its teacher loses nothing', async () => {
    const { loss: value, gradient } = await masked(drawn(1, shape), drawn(1, shape));
    expect(value).toBe(0);
    for (const g of gradient) expect(Math.abs(g)).toBeLessThan(1e-8);
  });

  test('a row of nothing but padding stays finite and does not count', async () => {
    const none = fixed(
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
      'int64',
    );
    const { count, gradient } = await differentiate(drawn(1, shape), (x) => loss(x, constant(drawn(2, shape)), none));
    expect(count[0]).toBe(0);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});

test('relationKl with as many heads as attention has, on queries that are keys, is attentionKl on their scores', async () => {
  // Scores of width-1 heads are products of two numbers, so they can be written down.
  const [x, y] = [drawn(3, [1, S, 1]), drawn(4, [1, S, 1])];
  const products = ({ data }: Tensor<'float32'>): Tensor<'float32'> =>
    tensor(
      'float32',
      [1, 1, S, S],
      Float32Array.from({ length: S * S }, (_, i) => (data[Math.floor(i / S)] as number) * (data[i % S] as number)),
    );
  const relations = await differentiate(x, (v) => relationKl(v, constant(y), { heads: 1 }));
  const scores = await differentiate(products(x), (v) => attentionKl(v, constant(products(y))));
  expect(relations.loss).toBeCloseTo(scores.loss, 6);
});

describe('attentionMse', () => {
  test('as released takes scores of −100 and below for masked, and none above', async () => {
    // witness: TinyBERT's task_distill.py, `torch.where(student_att <= -1e2, zeros_like(student_att), student_att)`.
    const student = nestedTensor('float64', [[[[-100, -99, 50, -1e4]]]]);
    const teacher = fixed([[[[0, 0, 50, -100]]]]);
    const loss = (x: Value) => attentionMse(x, teacher, { compat: 'released' });
    const { loss: value, gradient } = await differentiate(student, loss);
    expect(value).toBeCloseTo(99 ** 2 / 4, 9);
    expect(gradient).toEqual([0, (2 * -99) / 4, 0, 0]);
  });
});

describe('patience', () => {
  test('a zero vector has no direction: its distance is that of the other to 0, and its gradient finite', async () => {
    const zero = fromNumbers('float64', [1, 3], [0, 0, 0]);
    const teacher = fixed([[0, 3, 4]]);
    const { loss, gradient } = await differentiate(zero, (x) => patience([[x, teacher]], { scale: 'sum' }));
    expect(loss).toBeCloseTo(1, 15);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  test('lengths are forgotten where vectors are normalised, and only there', async () => {
    const student = fromNumbers('float64', [1, 2], [1e200, 0]);
    const same = (isNormalised: boolean) =>
      differentiate(student, (x) => patience([[x, fixed([[2, 0]])]], { isNormalised }));
    expect((await same(true)).loss).toBe(0);
    expect((await same(false)).loss).toBe(Number.POSITIVE_INFINITY);
  });

  test('refuses no pairs, and widths that differ', () => {
    const of = (width: number) => input(`x${width}`, 'float32', [2, width]);
    expect(() => patience([])).toThrow(ShapeError);
    expect(() => patience([[of(2), of(3)]])).toThrow('project the student to the width of the teacher');
  });
});

describe('decoupledKd', () => {
  const student = fromNumbers('float64', [2, 2], [0.3, -0.4, 1, 2]);
  const teacher = fixed([
    [1, -1],
    [0.5, 0.2],
  ]);
  const labels = fixed([0, 1], 'int64');

  test('of two classes is KL, whatever the weight of the classes that are not the label', async () => {
    const whole = await differentiate(student, (x) => kl(x, teacher, { temperature: 2 }));
    for (const nonTargetWeight of [0, 8]) {
      const options = { temperature: 2, nonTargetWeight };
      const { loss, gradient } = await differentiate(student, (x) => decoupledKd(x, teacher, labels, options));
      expect(loss).toBeCloseTo(whole.loss, 14);
      for (const [i, g] of gradient.entries()) expect(g).toBeCloseTo(whole.gradient[i] as number, 14);
    }
  });

  test('of a row without a label is KL', async () => {
    const logits = fromNumbers('float64', [1, 3], [0.3, -0.4, 1]);
    const other = fixed([[1, 0, -1]]);
    const whole = await differentiate(logits, (x) => kl(x, other, { temperature: 3 }));
    const none = await differentiate(logits, (x) =>
      decoupledKd(x, other, fixed([-100], 'int64'), { temperature: 3, nonTargetWeight: 5 }),
    );
    expect(none.loss).toBeCloseTo(whole.loss, 14);
    for (const [i, g] of none.gradient.entries()) expect(g).toBeCloseTo(whole.gradient[i] as number, 14);
  });

  test('is finite for logits of ±800', async () => {
    const extreme = fromNumbers('float32', [1, 3], [800, -800, 0]);
    const far = constant(fromNumbers('float32', [1, 3], [-800, 800, 0]));
    const { loss, gradient } = await differentiate(extreme, (x) => decoupledKd(x, far, fixed([1], 'int64')));
    expect([loss, ...gradient].every(Number.isFinite)).toBe(true);
    expect(loss).toBeGreaterThan(0);
  });

  test('refuses one class and a temperature of 0', () => {
    const one = input('one', 'float32', [2, 1]);
    const three = input('three', 'float32', [2, 3]);
    const y = input('y', 'int64', [2]);
    expect(() => decoupledKd(one, one, y)).toThrow(
      'decoupledKd: wanted logits [B, C] or [B, S, C] of at least 2 classes',
    );
    expect(() => decoupledKd(three, three, y, { temperature: 0 })).toThrow(OptionError);
  });
});

test('annealedTargets: a row without a label keeps the teacher’s probabilities', async () => {
  const probs = [
    [0.25, 0.75],
    [0.5, 0.5],
  ];
  const { targets } = await evaluate({ targets: annealedTargets(fixed(probs), fixed([-100, 1], 'int64'), 0.5) }, {});
  expect(toNumbers(targets)).toEqual([0.25, 0.75, 0.25, 0.75]);
});

test('averagedProbs of one teacher is its softmax; virtualTeacher sums to 1', async () => {
  const { averaged, made } = await evaluate(
    {
      averaged: averagedProbs([fixed([[0, Math.log(3)]])]),
      made: virtualTeacher(fixed([2], 'int64'), fixed([[0, 0, 0]]), 0.9),
    },
    {},
  );
  expect(toNumbers(averaged)[1]).toBeCloseTo(0.75, 15);
  for (const [i, wanted] of [0.05, 0.05, 0.9].entries()) expect(toNumbers(made)[i]).toBeCloseTo(wanted, 15);
});

test('mixupCrossEntropy: a pair of which one row has no label does not count', async () => {
  const logits = fromNumbers('float64', [2, 2], [0, 0, 0, 0]);
  const own = fixed([0, 0], 'int64');
  const partners = fixed([1, -100], 'int64');
  const { loss, count, gradient } = await differentiate(logits, (x) => mixupCrossEntropy(x, own, partners, 0.25));
  expect(loss).toBeCloseTo(Math.LN2, 15);
  expect(count).toEqual([1, 0]);
  expect(gradient.slice(2).map(Math.abs)).toEqual([0, 0]);
});

test('totalOf adds the means of terms with equal counts, and refuses none', async () => {
  const term = (numbers: number[]) => rowLoss(fixed(numbers));
  const { mean } = await evaluate({ mean: meanOf(totalOf([term([1, 2]), term([3, 5])])) }, {});
  expect(toNumbers(mean)[0]).toBe(5.5);
  expect(() => totalOf([])).toThrow(ShapeError);
});
