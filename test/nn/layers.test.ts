/** @file Layers against PyTorch 2.13 in float64 and float32 (`test/python/make_nn.py`): outputs and gradients. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorJacobianProduct } from '../../src/autograd/backward.js';
import { lowerToGraph } from '../../src/autograd/lower.js';
import { constant, input, type Value } from '../../src/autograd/value.js';
import { ACTIVATIONS } from '../../src/nn/activations.js';
import { evaluationContext, trainingContext } from '../../src/nn/context.js';
import { dropout } from '../../src/nn/dropout.js';
import { embedding } from '../../src/nn/embedding.js';
import { layerNorm } from '../../src/nn/layer-norm.js';
import { linear } from '../../src/nn/linear.js';
import { lstmCell } from '../../src/nn/lstm.js';
import type { ForwardContext, Initialiser, ParameterSpec } from '../../src/nn/module.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { isFloat } from '../../src/tensor/dtype.js';
import { hashedBits, RandomStream, streamKey } from '../../src/tensor/random.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from './evaluate.js';

type Tensors = Readonly<Record<string, Nested>>;
type Case = {
  readonly options: { readonly paddingIndex?: number | null; readonly epsilon?: number };
  readonly parameters: Tensors;
  readonly inputs: Tensors;
  readonly cotangents: Tensors;
  readonly outputs: Tensors;
  readonly gradients: Tensors;
};
const golden = JSON.parse(readFileSync(new URL('../golden/nn.torch-2.13.json', import.meta.url), 'utf8')) as {
  readonly layers: Readonly<Record<string, Case>>;
};

type Traced = {
  readonly parameters: readonly ParameterSpec[];
  readonly outputs: (context: ForwardContext, inputs: Readonly<Record<string, Value>>) => Record<string, Value>;
};
type Unary = { readonly parameters: readonly ParameterSpec[]; forward(context: ForwardContext, x: Value): Value };
const unary = (layer: Unary, name = 'x'): Traced => ({
  parameters: layer.parameters,
  outputs: (context, inputs) => ({ y: layer.forward(context, inputs[name] as Value) }),
});
const activation = (name: keyof typeof ACTIVATIONS): Traced =>
  unary({ parameters: [], forward: (_context, x) => ACTIVATIONS[name](x) });
const cell = lstmCell('layer', 3, 2);

const LAYERS: Record<string, (options: Case['options']) => Traced> = {
  linear: () => unary(linear('layer', 4, 3)),
  'linear-3d': () => unary(linear('layer', 4, 3, { hasBias: false })),
  embedding: () => unary(embedding('layer', 5, 3), 'ids'),
  'embedding-padding': ({ paddingIndex }) =>
    unary(embedding('layer', 5, 3, { paddingIndex: paddingIndex as number }), 'ids'),
  'layer-norm': () => unary(layerNorm('layer', 4)),
  'layer-norm-bert-epsilon': ({ epsilon }) => unary(layerNorm('layer', 4, epsilon)),
  gelu: () => activation('gelu'),
  'gelu-tanh': () => activation('gelu_new'),
  relu: () => activation('relu'),
  tanh: () => activation('tanh'),
  sigmoid: () => activation('sigmoid'),
  'lstm-cell': () => ({
    parameters: cell.parameters,
    outputs: (context, { x, h, c }) => {
      const next = cell.forward(context, x as Value, { h: h as Value, c: c as Value });
      return { h1: next.h, c1: next.c };
    },
  }),
};

describe.each([
  ['float64', 1e-9],
  ['float32', 2e-5],
] as const)('%s', (dtype, tolerance) => {
  test.each(Object.keys(LAYERS))('%s agrees with PyTorch, gradients included', async (name) => {
    const witness = golden.layers[name] as Case;
    const layer = (LAYERS[name] as (options: Case['options']) => Traced)(witness.options);
    const feeds: Record<string, Tensor> = {};
    const inputs: Record<string, Value> = {};
    for (const [key, nested] of Object.entries(witness.inputs)) {
      const tensor = nestedTensor<'int64' | 'float32' | 'float64'>(key === 'ids' ? 'int64' : dtype, nested);
      inputs[key] = input(key, tensor.dtype, tensor.shape);
      feeds[key] = tensor;
    }
    for (const { name: parameter, shape } of layer.parameters) {
      const tensor = nestedTensor(dtype, witness.parameters[parameter.replace('layer.', '')] as Nested);
      expect(tensor.shape).toEqual(shape);
      feeds[parameter] = tensor;
    }
    const parameters = inputParameters(layer.parameters, dtype);
    const outputs = layer.outputs(evaluationContext(parameters), inputs);
    const floats = Object.entries(inputs).filter(([, value]) => isFloat(value.dtype));
    const wrt = new Map([...Object.entries(parameters.values), ...floats]);
    const cotangents = Object.entries(outputs).map(
      ([key, value]) => [value, constant(nestedTensor(dtype, witness.cotangents[key] as Nested))] as const,
    );
    const gradients = vectorJacobianProduct(cotangents, [...wrt.values()]);
    const wanted = Object.fromEntries([...wrt.keys()].map((key, i) => [`d ${key}`, gradients[i] as Value]));
    const results: Record<string, Tensor> = await evaluate({ ...outputs, ...wanted }, feeds);
    for (const key of Object.keys(outputs)) expectGolden(results[key], witness.outputs[key] as Nested, tolerance, key);
    expect(Object.keys(witness.gradients)).toHaveLength(wrt.size);
    for (const key of wrt.keys()) {
      const gradient = witness.gradients[key.replace('layer.', '')] as Nested;
      expectGolden(results[`d ${key}`], gradient, tolerance, `gradient of ${key}`);
    }
  });
});

describe('embedding', () => {
  test('the padding row starts at zero; the others do not', () => {
    const weight: Initialiser = (_random, shape) => new Float32Array(sizeOf(shape)).fill(1);
    const [spec] = embedding('e', 4, 3, { paddingIndex: 2, weight }).parameters;
    const values = spec?.initialise(new RandomStream(1, 'layers.test'), [4, 3]);
    expect([...(values ?? [])]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
  });

  test('an exported graph has no trace of the padding row', () => {
    const layer = embedding('e', 4, 3, { paddingIndex: 0 });
    const ids = input('ids', 'int64', ['N', 'S']);
    const y = layer.forward(evaluationContext(inputParameters(layer.parameters)), ids);
    expect(lowerToGraph({ outputs: { y }, form: 'export' }).nodes.map(({ opType }) => opType)).toEqual(['Gather']);
  });

  test('refuses a padding row that is not there', () => {
    expect(() => embedding('e', 4, 3, { paddingIndex: 4 })).toThrow(
      "paddingIndex of 'e': wanted a row from 0 to 3, got 4",
    );
  });
});

describe('dropout', () => {
  const x = input('x', 'float32', [8, 16]);
  const feeds = { x: fromNumbers('float32', [8, 16], new Float64Array(128).fill(3)) };
  const layer = dropout('encoder.dropout', 0.25);
  const parameters = inputParameters([]);

  test('is the identity where a model predicts, and at rate 0', () => {
    expect(layer.forward(evaluationContext(parameters), x)).toBe(x);
    const training = trainingContext(parameters, () => input('key', 'uint32', []));
    expect(dropout('site', 0).forward(training, x)).toBe(x);
  });

  test("takes the mask of its site's stream and scales what is kept by 1 / (1 − rate)", async () => {
    const asked: string[] = [];
    const training = trainingContext(parameters, (site) => {
      asked.push(site);
      return input('key', 'uint32', []);
    });
    const y = layer.forward(training, x);
    const key = streamKey(42, 'encoder.dropout', 7);
    const results = await evaluate({ y }, { ...feeds, key: fromNumbers('uint32', [], [key]) });
    expect(asked).toEqual(['encoder.dropout']);
    // Witness: the counter hash on the host.
    const kept = Array.from(hashedBits(key, 8, 16), (bits) => (bits >= 0.25 * 2 ** 32 ? 4 : 0));
    expect(toNumbers(results.y)).toEqual(kept);
    expect(kept).toContain(0);
    expect(kept).toContain(4);
  });

  test.each([-0.1, 1, Number.NaN])('refuses a rate of %d', (rate) => {
    expect(() => dropout('site', rate)).toThrow(`dropout 'site': wanted a rate ≥ 0 and < 1, got ${rate}`);
  });
});
