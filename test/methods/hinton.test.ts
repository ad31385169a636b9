import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { add } from '../../src/autograd/ops/elementwise.js';
import { input, type Value } from '../../src/autograd/value.js';
import { OptionError } from '../../src/errors/failures.js';
import { fromLibrary } from '../../src/losses/kd-presets.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { hinton } from '../../src/methods/hinton.js';
import type { LossInputs, Method } from '../../src/methods/method.js';
import { supervised } from '../../src/methods/supervised.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';
import { PRECISIONS, readGolden } from '../losses/golden-cases.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';

type Case = {
  readonly inputs: { readonly student_logits: Nested; readonly teacher_logits: Nested; readonly labels: Nested };
  readonly expected: { readonly loss: number; readonly grad: { readonly student_logits: Nested } };
};
// Witness: a scalar tape in pure Python (`test/python/make_golden.py`).
const golden = readGolden<Record<string, Case>>('golden.json');
const progress = { step: 1, totalSteps: 10, epoch: 0 };

/** Runs a method as a trainer does: signals, labels and scalars are graph inputs. */
async function run(method: Method, name: string, dtype: 'float32' | 'float64', fed?: Record<string, number>) {
  const { inputs } = golden[name] as Case;
  const values = method.scalars?.(method.options, progress) ?? {};
  const z = input('z_s', dtype, [3, 3]);
  const traced: LossInputs = {
    student: { logits: z },
    teacher: { logits: input('z_t', dtype, [3, 3]) },
    labels: input('y', 'int64', [3]),
    scores: input('r', 'float32', [3]),
    scalars: Object.fromEntries(Object.keys(values).map((key) => [key, input(key, 'float32', [])])),
    context: evaluationContext(inputParameters([])),
    views: {},
    peers: [],
  };
  const terms = method.losses(traced, method.options);
  const loss = Object.values(terms)
    .map((term) => meanOf(term))
    .reduce((a, b) => add(a, b));
  const feeds: Record<string, Tensor> = {
    z_s: nestedTensor(dtype, inputs.student_logits),
    z_t: nestedTensor(dtype, inputs.teacher_logits),
    y: nestedTensor('int64', inputs.labels),
  };
  for (const [key, number] of Object.entries(fed ?? values)) feeds[key] = fromNumbers('float32', [], [number]);
  const results = await evaluate({ loss, g: gradients(loss, [z])[0] as Value }, feeds);
  return { ...results, terms: Object.keys(terms), scalars: values };
}

describe('hinton', () => {
  // Alphas that float32 holds exactly, so that feeding them as scalars rounds nothing.
  describe.each(PRECISIONS)('%s', (dtype, tolerance) => {
    test.each([
      ['hinton/kl_batchmean/T2_a0.5', hinton()],
      ['hinton/kl_batchmean/T4_a0.5', hinton({ temperature: 4 })],
      ['hinton/kl_batchmean/T2_a0', hinton({ alpha: 0 })],
      ['hinton/kl_batchmean/T2_a1', hinton({ alpha: 1 })],
      ['hinton/primer_klmean/T4_a0.5', hinton({ preset: 'primer', alpha: 0.5, temperature: 4 })],
      ['hinton/textbrewer_ce/T4', hinton({ preset: 'textbrewer' })],
      ['hinton/mse_logits_elementmean', hinton({ preset: 'tang' })],
      ['hinton/dbert_code_mse_plus_ce', hinton({ preset: 'dbert-code' })],
    ] as const)('%s: loss and gradient are the golden ones', async (name, method) => {
      const { expected } = golden[name] as Case;
      const { loss, g } = await run(method, name, dtype);
      expectGolden(loss, expected.loss, tolerance, 'loss');
      expectGolden(g, expected.grad.student_logits, tolerance, 'gradient');
    });
  });

  test('needs the logits of a teacher, but none at alpha 0', () => {
    expect(hinton().needs).toEqual(['logits']);
    expect(hinton({ alpha: 0 }).needs).toEqual([]);
  });

  test('alpha and temperature are graph inputs where they act', async () => {
    const name = 'hinton/kl_batchmean/T2_a0.5';
    expect(await run(hinton(), name, 'float32')).toMatchObject({
      terms: ['soft', 'hard'],
      scalars: { alpha: 0.5, temperature: 2 },
    });
    expect((await run(hinton({ alpha: 1 }), name, 'float32')).scalars).toEqual({ temperature: 2 });
    expect((await run(hinton({ alpha: 0 }), name, 'float32')).scalars).toEqual({});
    expect((await run(hinton({ preset: 'tang', alpha: 0.5 }), name, 'float32')).scalars).toEqual({ alpha: 0.5 });
  });

  test('one graph serves another alpha and temperature: a schedule needs no new one', async () => {
    const name = 'hinton/kl_batchmean/T4_a0.9';
    const { loss, g } = await run(hinton(), name, 'float32', { alpha: 0.9, temperature: 4 });
    const { expected } = golden[name] as Case;
    expectGolden(loss, expected.loss, 2e-5, 'loss');
    expectGolden(g, expected.grad.student_logits, 2e-5, 'gradient');
  });

  test("defaults are the preset's", () => {
    expect(hinton().options).toMatchObject({ alpha: 0.5, temperature: 2, preset: 'hinton' });
    expect(hinton({ preset: 'keras' }).options).toMatchObject({ alpha: 0.9, temperature: 3, preset: 'keras' });
    expect(hinton(fromLibrary('keras', { alpha: 0.2 })).options).toMatchObject({
      alpha: 0.8,
      temperature: 3,
      preset: 'keras',
    });
  });

  test.each(PRECISIONS)('annealed, its gradient is that of bam’s annealed targets (%s)', async (dtype, tolerance) => {
    const name = 'bam/annealed_ce/lambda0.25';
    const { expected } = golden[name] as Case;
    // lambda is 1 - alpha; the values differ by the targets' entropy.
    const annealed = hinton({ alpha: 1, temperature: 1, anneal: 'linear' });
    const { g } = await run(annealed, name, dtype, { alpha: 0.75, temperature: 1 });
    expectGolden(g, expected.grad.student_logits, tolerance, 'gradient');
  });

  test('annealed, alpha falls to 0 at the last planned step', () => {
    const { scalars, options } = hinton({ alpha: 0.8, anneal: 'linear' });
    const alphas = [2, 4, 8].map((step) => scalars?.(options, { step, totalSteps: 8, epoch: 0 }).alpha);
    expect(alphas).toEqual([0.8 * 0.75, 0.8 * 0.5, 0]);
  });

  test.each([
    [{ temperature: 0 }, "temperature of method 'hinton': wanted a number > 0, got 0"],
    [{ temperature: Number.NaN }, "temperature of method 'hinton': wanted a number > 0, got NaN"],
    [{ alpha: 1.5 }, "alpha of method 'hinton': wanted a number from 0 to 1, got 1.5"],
    [{ preset: 'primer', alpha: 0.8 }, "kd preset 'primer': wanted a temperature: it has no default, got none"],
    [{ preset: 'primer', temperature: 20 }, "kd preset 'primer': wanted an alpha: it has no default, got none"],
    [{ preset: 'tang', temperature: 2 }, "kd preset 'tang': wanted no temperature: this loss has none, got 2"],
    [{ preset: 'hintn' }, "preset of method 'hinton': wanted one of hinton, primer, torchdistill"],
  ])('refuses %j at construction', (options, message) => {
    expect(() => hinton.fromRecord(options)).toThrow(OptionError);
    expect(() => hinton.fromRecord(options)).toThrow(message);
  });
});

describe('supervised', () => {
  test.each(PRECISIONS)('is cross-entropy with the labels, smoothed on demand (%s)', async (dtype, tolerance) => {
    for (const [name, method] of [
      ['hinton/kl_batchmean/T1_a0', supervised()],
      ['label_smoothing/pytorch_eps0.1', supervised({ labelSmoothing: 0.1 })],
    ] as const) {
      const { expected } = golden[name] as Case;
      const { loss, g, terms } = await run(method, name, dtype);
      expectGolden(loss, expected.loss, tolerance, 'loss');
      expectGolden(g, expected.grad.student_logits, tolerance, 'gradient');
      expect(terms).toEqual(['hard']);
    }
  });

  test('needs no teacher', () => {
    expect(supervised().needs).toEqual([]);
    expect(supervised().scalars).toBeUndefined();
  });

  test('refuses a smoothing outside 0 … 1', () => {
    expect(() => supervised({ labelSmoothing: -0.1 })).toThrow('wanted a number from 0 to 1, got -0.1');
  });
});
