/** @file Self-distillation from the distances between a student's classes: golden vector, approximation, warm-up. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { add } from '../../src/autograd/ops/elementwise.js';
import { input, type Value } from '../../src/autograd/value.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { rivalTargets } from '../../src/losses/targets.js';
import type { LossInputs } from '../../src/methods/method.js';
import { selfKd } from '../../src/methods/self-kd.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { readGolden } from '../losses/golden-cases.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';

type Case = {
  readonly inputs: Readonly<Record<'student_logits' | 'output_embedding' | 'labels', Nested>>;
  readonly expected: { readonly loss: number; readonly grad: { readonly student_logits: Nested } };
};
const golden = readGolden<Record<string, Case>>('golden.json')['self_kd/embedding_full'] as Case;

const traced = (classes = 3): LossInputs => ({
  student: { logits: input('z', 'float32', [3, classes]), classRows: input('E', 'float32', [classes, 2]) },
  teacher: { logits: input('unused', 'float32', [3, classes]) },
  labels: input('y', 'int64', [3]),
  scores: input('r', 'float32', [3]),
  scalars: { alpha: input('alpha', 'float32', []) },
  context: evaluationContext(inputParameters([])),
  views: {},
  peers: [],
});

describe('self-kd, mode embedding', () => {
  test('is the specification’s golden vector', async () => {
    const inputs = traced();
    const method = selfKd({ mode: 'embedding', distanceScale: 1 });
    const terms = Object.values(method.losses(inputs, method.options)).map((term) => meanOf(term));
    const loss = terms.reduce((a, b) => add(a, b));
    const [g, fixed] = gradients(loss, [inputs.student.logits, inputs.student.classRows as Value]) as [Value, Value];
    const results = await evaluate(
      { loss, g, fixed },
      {
        z: nestedTensor('float32', golden.inputs.student_logits),
        E: nestedTensor('float32', golden.inputs.output_embedding),
        y: nestedTensor('int64', golden.inputs.labels),
        alpha: fromNumbers('float32', [], [0.3]),
      },
    );
    expectGolden(results.loss, golden.expected.loss, 2e-5, 'loss');
    expectGolden(results.g, golden.expected.grad.student_logits, 2e-5, 'gradient');
    // The targets are constants: a gradient through them would draw the classes together.
    expect(toNumbers(results.fixed)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('top1 gives mass to the label and the named class, by their distance; where they are one, to the label', async () => {
    const targets = rivalTargets(
      input('E', 'float32', [3, 2]),
      input('y', 'int64', [2]),
      input('z', 'float32', [2, 3]),
      2,
    );
    const { q } = await evaluate(
      { q: targets },
      {
        E: fromNumbers('float32', [3, 2], [0, 0, 3, 4, 9, 9]),
        y: fromNumbers('int64', [2], [0, 1]),
        z: fromNumbers('float32', [2, 3], [0, 1, 0, 0, 1, 0]),
      },
    );
    // By hand: classes 0 and 1 are 5 apart, so r = exp(−5 / 2), and the label has 1 / (1 + r).
    const r = Math.exp(-2.5);
    const wanted = [1 / (1 + r), r / (1 + r), 0, 0, 1, 0];
    for (const [i, value] of toNumbers(q).entries()) expect(value).toBeCloseTo(wanted[i] as number, 6);
  });

  test('trains on labels alone for its first epochs', () => {
    const method = selfKd({ mode: 'embedding', alpha: 0.4, warmupEpochs: 2 });
    const alphas = [0, 1, 2, 3].map(
      (epoch) => method.scalars?.(method.options, { step: 1, totalSteps: 8, epoch }).alpha,
    );
    expect(alphas).toEqual([0, 0, 0.4, 0.4]);
    expect(method.needs).toEqual([]);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ mode: 'embedding', temperature: 3 }, "temperature of method 'self-kd': wanted no option of the other mode"],
    [
      { approximation: 'top1' },
      "approximation of method 'self-kd': wanted no option of the other mode, got mode snapshot",
    ],
    [{ mode: 'embedding', distanceScale: -1 }, 'wanted a number ≥ 0, got -1'],
  ])('refuses %j', (options, message) => {
    expect(() => selfKd.fromRecord(options)).toThrow(message);
  });

  test('a student of one score is refused', () => {
    const method = selfKd({ mode: 'embedding' });
    expect(() => method.losses(traced(1), method.options)).toThrow('use mode snapshot');
  });
});
