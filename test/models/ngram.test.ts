/** @file The model over n-gram features against PyTorch (`test/python/make_ngram.py`). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorJacobianProduct } from '../../src/autograd/backward.js';
import { constant, type Value } from '../../src/autograd/value.js';
import { exportOnnx } from '../../src/export/onnx.js';
import { type NgramConfig, ngram } from '../../src/models/ngram.js';
import { evaluationContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { openModelSession } from '../../src/runtime/session.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';
import { inputsOf, tensorsOf } from './witness.js';

type Witness = {
  readonly config: NgramConfig;
  readonly parameters: Readonly<Record<string, Nested>>;
  readonly inputs: { readonly input_ids: Nested; readonly feature_values: Nested };
  readonly cotangent: Nested;
  readonly logits: Nested;
  readonly pooled: Nested;
  readonly gradients: Readonly<Record<string, Nested>>;
};

const { models } = JSON.parse(readFileSync(new URL('../golden/ngram.torch.json', import.meta.url), 'utf8')) as {
  readonly models: Readonly<Record<'linear' | 'layer', Witness>>;
};
const feedsOf = ({ input_ids: ids, feature_values: values }: Witness['inputs']) => ({
  input_ids: nestedTensor('int64', ids),
  feature_values: nestedTensor('float32', values),
});
/** Sums of a few products, in float32. */
const TOLERANCE = 2e-6;

describe.each(['linear', 'layer'] as const)('ngram, %s', (name) => {
  const witness = models[name];
  const model = ngram(witness.config);
  const weights = tensorsOf('float32', witness.parameters) as Record<string, Tensor<'float32'>>;

  test('agrees with PyTorch: logits, sums and all gradients', async () => {
    const parameters = inputParameters(model.parameters);
    const { logits, pooledOutput } = model.forward(evaluationContext(parameters), inputsOf(model, { B: 3, S: 4 }));
    const names = model.parameters.map((spec) => spec.name);
    expect(names).toEqual(Object.keys(witness.parameters));
    const gradients = vectorJacobianProduct(
      [[logits, constant(nestedTensor('float32', witness.cotangent))]],
      names.map((one) => parameters.get(one)),
    );
    const outputs: Record<string, Value> = { logits, ...(pooledOutput && { pooled: pooledOutput }) };
    for (const [i, one] of names.entries()) outputs[`d ${one}`] = gradients[i] as Value;
    const found = await evaluate(outputs, { ...feedsOf(witness.inputs), ...weights });
    expectGolden(found.logits, witness.logits, TOLERANCE, 'logits');
    if (name === 'layer') expectGolden(found.pooled, witness.pooled, TOLERANCE, 'pooled');
    for (const one of names) expectGolden(found[`d ${one}`], witness.gradients[one] as Nested, TOLERANCE, `d ${one}`);
    expect(model.signals).toEqual(name === 'layer' ? ['logits', 'pooledOutput'] : ['logits']);
  });

  test('its ONNX file answers as PyTorch does, in batches of other sizes too', async () => {
    const session = await openModelSession(exportOnnx({ model, weights, labelNames: [] }), { threads: 1 });
    try {
      expectGolden((await session.run(feedsOf(witness.inputs))).logits, witness.logits, TOLERANCE, 'logits');
      const first = { input_ids: [[7, 4, 3, 1, 5]], feature_values: [[0.125, 0.75, 0.25, 0.5, 0]] };
      const { logits } = await session.run(feedsOf(first));
      expectGolden(logits, (witness.logits as readonly Nested[]).slice(0, 1), TOLERANCE, 'one row');
    } finally {
      await session.release();
    }
  });
});

describe('ngram, what it starts from and refuses', () => {
  test('without a layer all is zero; with one its features are from U(±1/H)', () => {
    const linear = initialiseParameters(ngram({ vocab_size: 5 }).parameters, 1);
    expect(Object.values(linear).flatMap(({ data }) => [...data])).toEqual(new Array(12).fill(0));
    const { data } = initialiseParameters(ngram({ vocab_size: 99, hidden_size: 4 }).parameters, 1)['embed.weight'] ?? {
      data: new Float32Array(),
    };
    const largest = Math.max(...data.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(0.25);
    expect(largest).toBeGreaterThan(0.24);
  });

  test.each([
    [{ hidden_size: -1 }, 'ngram hidden_size: wanted an integer ≥ 0, got -1'],
    [{ num_labels: 0 }, 'ngram num_labels: wanted an integer ≥ 1, got 0'],
  ])('%j', (config, message) => {
    expect(() => ngram(config)).toThrow(message);
  });

  test('a batch without a length, a missing input', () => {
    const model = ngram({ vocab_size: 9 });
    expect(() => model.inputs({ B: 1 })).toThrow('ngram: wanted inputs [B, S], got [B]');
    const { feature_values: _, ...rest } = inputsOf(model, { B: 1, S: 2 });
    const context = evaluationContext(inputParameters(model.parameters));
    expect(() => model.forward(context, rest)).toThrow("ngram: wanted input 'feature_values', got input_ids");
  });
});
