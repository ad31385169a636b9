import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { add } from '../../src/autograd/ops/elementwise.js';
import { input, type Value } from '../../src/autograd/value.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { decoupled } from '../../src/methods/decoupled.js';
import { hardLabels } from '../../src/methods/hard-labels.js';
import { hinton } from '../../src/methods/hinton.js';
import type { Method } from '../../src/methods/method.js';
import { blendedScores, labelTargets, mixedTargets, predictedTargets } from '../../src/methods/row-targets.js';
import { supervised } from '../../src/methods/supervised.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { softmax } from '../../src/tensor/logits.js';
import { NO_LABEL } from '../../src/tensor/no-label.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';
import { evaluate } from '../nn/evaluate.js';

const student = [0.3, -1.2, 0.5, 2, 0.1, -0.4];
const teacher = [1.5, 0.2, -0.7, -0.3, 0.9, 0.4];

/** Of the mean of the method's losses over the rows, by the student's logits. */
async function gradientOf(method: Method, classes: number): Promise<number[]> {
  const B = student.length / classes;
  const scalars = method.scalars?.(method.options, { step: 1, totalSteps: 10, epoch: 0 }) ?? {};
  const z = input('z_s', 'float32', [B, classes]);
  const terms = method.losses(
    {
      student: { logits: z },
      teacher: { logits: input('z_t', 'float32', [B, classes]) },
      labels: input('y', 'int64', [B]),
      scores: input('r', 'float32', [B]),
      scalars: Object.fromEntries(Object.keys(scalars).map((key) => [key, input(key, 'float32', [])])),
      context: evaluationContext(inputParameters([])),
      views: {},
      peers: [],
    },
    method.options,
  );
  const loss = Object.values(terms)
    .map((term) => meanOf(term))
    .reduce((a, b) => add(a, b));
  const feeds: Record<string, Tensor> = {
    z_s: fromNumbers('float32', [B, classes], student),
    z_t: fromNumbers('float32', [B, classes], teacher),
    y: fromNumbers(
      'int64',
      [B],
      Array.from({ length: B }, (_, row) => row % classes),
    ),
    r: fromNumbers(
      'float32',
      [B],
      teacher.slice(0, B).map((score) => score + 1),
    ),
  };
  for (const [key, number] of Object.entries(scalars)) feeds[key] = fromNumbers('float32', [], [number]);
  const { g } = await evaluate({ g: gradients(loss, [z])[0] as Value }, feeds);
  return Array.from(g?.data as Float32Array);
}

describe('rowTargets', () => {
  // Witness: the losses that steps minimise, by the gradient: of a cross-entropy softmax(z) − target, of a square 2 (z − target).
  test.each<[string, Method, number]>([
    ['hinton', hinton({ alpha: 0.7, temperature: 1 }), 3],
    ['hinton on the teacher alone', hinton({ alpha: 1, temperature: 1 }), 3],
    ['hinton without the teacher', hinton({ alpha: 0 }), 3],
    ['supervised', supervised(), 3],
    ['label smoothing', supervised({ labelSmoothing: 0.1 }), 3],
    ['hard labels', hardLabels(), 3],
    ['hinton of scores', hinton({ alpha: 0.7 }), 1],
    ['supervised by scores', supervised(), 1],
  ])('%s: the one distribution has the gradient of all terms', async (_name, method, classes) => {
    const size = student.length / classes;
    const targets = method.rowTargets?.({
      classes,
      labels: Int32Array.from({ length: size }, (_, row) => row % classes),
      ...(classes === 1 && { scores: Float32Array.from(teacher, (score) => score + 1) }),
      ...(method.needs.length > 0 && { teacherLogits: Float32Array.from(teacher) }),
    });
    const own = student.map((z, i) => {
      if (classes === 1) return (2 * (z - (targets?.[i] as number))) / size;
      const from = i - (i % classes);
      return ((softmax(student.slice(from, from + classes))[i % classes] as number) - (targets?.[i] as number)) / size;
    });
    for (const [i, expected] of (await gradientOf(method, classes)).entries()) expect(own[i]).toBeCloseTo(expected, 6);
  });

  test('a loss that depends on the student, on the step or on another formula has none', () => {
    expect([decoupled(), hinton({ anneal: 'linear' })].map(({ rowTargets }) => rowTargets)).toEqual([
      undefined,
      undefined,
    ]);
    for (const preset of ['textbrewer', 'distillkit'] as const) expect(hinton({ preset }).rowTargets).toBeUndefined();
    expect(hinton({ anneal: 'linear', alpha: 0 }).rowTargets).toBeDefined();
  });

  test('a row of which nothing is known has NaN, and one of two sources the other', () => {
    const labels = Int32Array.from([1, NO_LABEL, NO_LABEL]);
    const teacherLogits = Float32Array.from([Number.NaN, Number.NaN, 0, 0, Number.NaN, Number.NaN]);
    const mixed = mixedTargets({ teacherLogits, labels, alpha: 0.9, temperature: 2 });
    expect([...mixed]).toEqual([0, 1, 0.5, 0.5, Number.NaN, Number.NaN]);
    expect([...labelTargets({ classes: 2, labels })].slice(0, 4)).toEqual([0, 1, Number.NaN, Number.NaN]);
    expect([...predictedTargets({ classes: 2, labels, teacherLogits })].slice(1, 4)).toEqual([Number.NaN, 1, 0]);
    const scores = Float32Array.from([2, Number.NaN, Number.NaN]);
    const said = Float32Array.from([Number.NaN, 5, Number.NaN]);
    expect([...blendedScores({ classes: 1, labels, scores, teacherLogits: said }, 0.5)]).toEqual([2, 5, Number.NaN]);
  });
});

describe('mixedTargets', () => {
  // Witness: by hand; softmax of (log 3, 0) at T = 1 is (3/4, 1/4).
  test('is alpha of the teacher and the rest of the label, and the teacher alone without one', () => {
    const teacherLogits = Float32Array.from([Math.log(3), 0, Math.log(3), 0]);
    const mixed = mixedTargets({ teacherLogits, labels: Int32Array.from([1, NO_LABEL]), alpha: 0.4, temperature: 1 });
    expect([...mixed].map((p) => Number(p.toFixed(6)))).toEqual([0.3, 0.7, 0.75, 0.25]);
    const softer = mixedTargets({ teacherLogits, labels: Int32Array.from([1, 1]), alpha: 1, temperature: 2 });
    expect(softer[0]).toBeCloseTo(Math.sqrt(3) / (Math.sqrt(3) + 1), 6);
  });

  test('refuses options out of range', () => {
    const options = { teacherLogits: new Float32Array(4), labels: new Int32Array(2), alpha: 0.5, temperature: 1 };
    expect(() => mixedTargets({ ...options, alpha: 2 })).toThrow('alpha: wanted a number from 0 to 1, got 2');
    expect(() => mixedTargets({ ...options, temperature: 0 })).toThrow('temperature: wanted a number > 0, got 0');
    expect(() => mixedTargets({ ...options, labels: new Int32Array(3) })).toThrow(
      'teacherLogits: wanted C numbers for each of 3 labels, got 4',
    );
  });
});
