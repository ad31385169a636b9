/**
 * @file Methods on a model of one score, where a softmax would be 1 and its loss silently 0. Witness: a scalar tape in pure
 * Python (`test/python/make_golden.py`).
 */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { add } from '../../src/autograd/ops/elementwise.js';
import { input, type Value } from '../../src/autograd/value.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { bam } from '../../src/methods/bam.js';
import { bornAgain } from '../../src/methods/born-again.js';
import { decoupled } from '../../src/methods/decoupled.js';
import { hinton } from '../../src/methods/hinton.js';
import type { LossInputs, Method } from '../../src/methods/method.js';
import { mtDnn } from '../../src/methods/mt-dnn.js';
import { selfKd } from '../../src/methods/self-kd.js';
import { tang } from '../../src/methods/tang.js';
import { tinyBert } from '../../src/methods/tinybert.js';
import { wellRead } from '../../src/methods/well-read.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { readGolden } from '../losses/golden-cases.js';
import { evaluate, expectGolden, type Nested } from '../nn/evaluate.js';

type Case = {
  readonly inputs: Readonly<Record<string, number[]>>;
  readonly expected: { readonly loss: number; readonly grad: Readonly<Record<string, Nested>> };
};
const golden = readGolden<Record<string, Case>>('golden.json');

function tracedInputs(method: Method, rows: number): LossInputs & { readonly z: Value } {
  const z = input('z_s', 'float32', [rows, 1]);
  const names = Object.keys(method.scalars?.(method.options, { step: 1, totalSteps: 4, epoch: 0 }) ?? {});
  return {
    z,
    student: { logits: z },
    teacher: { logits: input('z_t', 'float32', [rows, 1]) },
    labels: input('y', 'int64', [rows]),
    scores: input('r', 'float32', [rows]),
    scalars: Object.fromEntries(names.map((name) => [name, input(name, 'float32', [])])),
    context: evaluationContext(inputParameters([])),
    views: {},
    peers: [],
  };
}

async function run(method: Method, student: number[], teacher: number[], scores: number[]) {
  const rows = student.length;
  const { z, ...inputs } = tracedInputs(method, rows);
  const terms = Object.values(method.losses(inputs, method.options)).map((term) => meanOf(term));
  const loss = terms.reduce((a, b) => add(a, b));
  const scalars = method.scalars?.(method.options, { step: 1, totalSteps: 4, epoch: 0 }) ?? {};
  return evaluate(
    { loss, g: gradients(loss, [z])[0] as Value },
    {
      z_s: fromNumbers('float32', [rows, 1], student),
      z_t: fromNumbers('float32', [rows, 1], teacher),
      r: fromNumbers('float32', [rows], scores),
      ...Object.fromEntries(Object.entries(scalars).map(([name, x]) => [name, fromNumbers('float32', [], [x])])),
    },
  );
}

const teachersMean = (lists: readonly (readonly number[])[]) =>
  (lists[0] ?? []).map((_, row) => lists.reduce((sum, list) => sum + (list[row] as number), 0) / lists.length);

describe('of one score', () => {
  test.each([
    ['mt-dnn', mtDnn()],
    ['tang', tang({ alpha: 0.5 })],
    ['born-again', bornAgain({ alpha: 0.5 })],
    ['self-kd', selfKd({ alpha: 0.5 })],
    ['hinton', hinton({ alpha: 0.5, temperature: 4 })],
  ])('%s is the squared error to the teacher’s score and to the row’s own', async (_, method) => {
    const { inputs, expected } = golden['mtdnn_kd/regression'] as Case;
    const lists = inputs.teacher_scores_list as unknown as number[][];
    const { loss, g } = await run(
      method,
      inputs.student_scores as number[],
      teachersMean(lists),
      inputs.targets as number[],
    );
    expectGolden(loss, expected.loss, 2e-5, 'loss');
    expectGolden(g, expected.grad.student_scores as Nested, 2e-5, 'gradient');
  });

  test.each([
    ['well-read', wellRead()],
    ['tinybert', tinyBert({ stage: 'prediction' })],
  ])('%s is the squared error to the teacher’s score', async (_, method) => {
    const { inputs, expected } = golden['tinybert/pred_regression_teacher'] as Case;
    const [student, teacher] = [inputs.student_scores as number[], inputs.teacher_scores as number[]];
    const { loss, g } = await run(method, student, teacher, [0, 0, 0]);
    expectGolden(loss, expected.loss, 2e-5, 'loss');
    expectGolden(g, expected.grad.student_scores as Nested, 2e-5, 'gradient');
  });

  test('bam moves from the teacher’s score to the row’s own', async () => {
    const { inputs, expected } = golden['bam/annealed_regression/lambda0.25'] as Case;
    const { loss, g } = await run(bam(), inputs.pred as number[], inputs.teacher as number[], inputs.gold as number[]);
    expectGolden(loss, expected.loss, 2e-5, 'loss');
    expectGolden(g, expected.grad.pred as Nested, 2e-5, 'gradient');
  });

  test('bam keeps to the teacher where a row has no score', async () => {
    const { loss, g } = await run(bam({ alphaStart: 0 }), [1], [3], [Number.NaN]);
    expect([...toNumbers(loss), ...toNumbers(g)]).toEqual([4, -4]);
  });

  test.each([hinton({ preset: 'fastformers', alpha: 0.5 }), decoupled()])(
    'a method that has no form for it says so (%#)',
    (method) => {
      expect(() => method.losses(tracedInputs(method, 2), method.options)).toThrow(
        'for one score per row use a squared error',
      );
    },
  );
});
