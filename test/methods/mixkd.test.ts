/** @file MixKD's terms: the golden vectors of the specification, a regression by hand, and what is left out when. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { add } from '../../src/autograd/ops/elementwise.js';
import { input, type Value } from '../../src/autograd/value.js';
import { OptionError } from '../../src/errors/failures.js';
import { meanOf } from '../../src/losses/row-loss.js';
import type { LossInputs, Method } from '../../src/methods/method.js';
import { mixKd } from '../../src/methods/mixkd.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { readGolden } from '../losses/golden-cases.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';

type Case = {
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly expected: { readonly loss: number; readonly grad: Readonly<Record<string, Nested>> };
};
const golden = readGolden<Record<string, Case>>('golden.json');

/** Terms of two rows; `z` are the student's logits, plain and mixed. */
function traced(method: Method, classes: number) {
  const floats = (name: string, shape: number[]) => input(name, 'float32', shape);
  const z = { plain: floats('z', [2, classes]), mixed: floats('z_mixed', [2, classes]) };
  const inputs: LossInputs = {
    student: { logits: z.plain },
    teacher: { logits: floats('unused', [2, classes]) },
    labels: input('y', 'int64', [2]),
    scores: floats('r', [2]),
    scalars: {},
    context: evaluationContext(inputParameters([])),
    views:
      method.views?.mixed === undefined
        ? {}
        : {
            mixed: {
              student: { logits: z.mixed },
              teacher: { logits: floats('t_mixed', [2, classes]) },
              partnerLabels: input('y_j', 'int64', [2]),
              partnerScores: floats('r_j', [2]),
              lambda: floats('lambda', [2]),
            },
          },
    peers: [],
  };
  return { z, terms: method.losses(inputs, method.options) };
}

const feedsOf = ({ inputs }: Case): Record<string, Tensor> => ({
  z: nestedTensor('float32', inputs.student_logits ?? inputs.student_logits_mix ?? []),
  z_mixed: nestedTensor('float32', inputs.student_logits_mix ?? []),
  t_mixed: nestedTensor('float32', inputs.teacher_logits_mix ?? []),
  y: nestedTensor('int64', inputs.labels ?? [0, 0]),
  y_j: nestedTensor('int64', inputs.labels_j ?? [0, 0]),
  lambda: fromNumbers('float32', [2], [Number(inputs.lambda ?? 1), Number(inputs.lambda ?? 1)]),
});

/** The three terms of one-score rows: own score r, partner's r_j, teacher t. */
async function regression(given: Record<'z' | 'z_mixed' | 't_mixed' | 'r' | 'r_j' | 'lambda', [number, number]>) {
  const { terms } = traced(mixKd(), 1);
  const means = Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, meanOf(term)]));
  const column = ['z', 'z_mixed', 't_mixed'];
  const feeds = Object.fromEntries(
    Object.entries(given).map(([name, of]) => [name, fromNumbers('float32', column.includes(name) ? [2, 1] : [2], of)]),
  );
  const results = await evaluate(means, feeds);
  return Object.fromEntries(Object.entries(results).map(([name, mean]) => [name, toNumbers(mean)[0]]));
}

describe('mixkd', () => {
  test('is labels, mixed labels and the teacher on mixtures', async () => {
    const witness = golden['mixkd/total'] as Case;
    const { z, terms } = traced(mixKd(), 3);
    expect(Object.keys(terms)).toEqual(['hard', 'mixed', 'soft']);
    const loss = Object.values(terms)
      .map((term) => meanOf(term))
      .reduce((a, b) => add(a, b));
    const [plain, mixed] = gradients(loss, [z.plain, z.mixed]) as [Value, Value];
    const results = await evaluate({ loss, plain, mixed }, feedsOf(witness));
    expectGolden(results.loss, witness.expected.loss, 2e-5, 'loss');
    expectGolden(results.plain, witness.expected.grad.student_logits as Nested, 2e-5, 'plain');
    expectGolden(results.mixed, witness.expected.grad.student_logits_mix as Nested, 2e-5, 'mixed');
  });

  test('with divergence kl the teacher’s term is that of distillation', async () => {
    const witness = golden['mixkd/tmkd_kl_T2'] as Case;
    const { z, terms } = traced(mixKd({ divergence: 'kl', temperature: 2 }), 3);
    const loss = meanOf(terms.soft as NonNullable<typeof terms.soft>);
    const [mixed] = gradients(loss, [z.mixed]) as [Value];
    const results = await evaluate({ loss, mixed }, feedsOf(witness));
    expectGolden(results.loss, witness.expected.loss, 2e-5, 'loss');
    expectGolden(results.mixed, witness.expected.grad.student_logits_mix as Nested, 2e-5, 'mixed');
  });

  test('of one score: squared errors to the score, the mixed score and the teacher', async () => {
    const means = await regression({
      z: [1, 2],
      z_mixed: [1.5, 0],
      t_mixed: [2, 1],
      r: [2, 4],
      r_j: [4, 2],
      lambda: [0.25, 0.25],
    });
    // By hand: (1 + 4) / 2; targets 3.5 and 2.5, (4 + 6.25) / 2; (0.25 + 1) / 2.
    expect(means).toEqual({ hard: 2.5, mixed: 5.125, soft: 0.625 });
  });

  test('a pair of which one row has no score or label has the teacher alone', async () => {
    const means = await regression({
      z: [1, 2],
      z_mixed: [1.5, 0],
      t_mixed: [2, 1],
      r: [2, 4],
      r_j: [Number.NaN, 2],
      lambda: [1, 0.25],
    });
    expect(means).toEqual({ hard: 2.5, mixed: 6.25, soft: 0.625 });
    const { terms } = traced(mixKd(), 3);
    const { count, soft } = await evaluate(
      { count: terms.mixed?.count as Value, soft: terms.soft?.count as Value },
      {
        y: nestedTensor('int64', [0, 1]),
        y_j: nestedTensor('int64', [1, -100]),
        t_mixed: nestedTensor('float32', [
          [0, 0, 0],
          [0, 0, 0],
        ]),
      },
    );
    expect([toNumbers(count), toNumbers(soft)]).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  test('a term of weight 0 is not there; without either nothing is mixed, and no teacher is needed', () => {
    expect(Object.keys(traced(mixKd({ alphaSm: 0 }), 3).terms)).toEqual(['hard', 'soft']);
    expect(Object.keys(traced(mixKd({ alphaTmkd: 0 }), 3).terms)).toEqual(['hard', 'mixed']);
    expect(mixKd({ alphaTmkd: 0 })).toMatchObject({ needs: [], views: { mixed: { kind: 'mixup', a: 0.4 } } });
    const plain = mixKd({ alphaSm: 0, alphaTmkd: 0 });
    expect(plain.views).toEqual({});
    expect(Object.keys(traced(plain, 3).terms)).toEqual(['hard']);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ a: 0 }, "a of method 'mixkd': wanted a number > 0, got 0"],
    [{ temperature: 2 }, 'wanted none with divergence mse, which compares logits as they are, got 2; leave it out'],
    [{ divergence: 'js' }, 'wanted one of mse, kl, got js'],
  ])('refuses %j', (options, message) => {
    expect(() => mixKd.fromRecord(options)).toThrow(OptionError);
    expect(() => mixKd.fromRecord(options)).toThrow(message);
  });
});
