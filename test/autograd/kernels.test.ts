import { describe, expect, test } from 'vitest';
import { gradients, vectorJacobianProduct } from '../../src/autograd/backward.js';
import { lowerToGraph } from '../../src/autograd/lower.js';
import { applyOp } from '../../src/autograd/op.js';
import { gelu } from '../../src/autograd/ops/activations.js';
import { erf } from '../../src/autograd/ops/elementwise.js';
import { layerNorm } from '../../src/autograd/ops/normalise.js';
import { sum } from '../../src/autograd/ops/reduce.js';
import { OPS } from '../../src/autograd/ops/table.js';
import { type GraphForm, input, type Op, type Sample, type Value } from '../../src/autograd/value.js';
import { isFloat } from '../../src/tensor/dtype.js';
import { RandomStream } from '../../src/tensor/random.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import golden from '../golden/nn.torch-2.13.json' with { type: 'json' };
import { evaluate, numbersOf, relativeError } from './evaluate.js';

type Float = 'float32' | 'float64';

/** The op at a sample whose floats are representable in float32, so that both types see the same point. */
async function runAt(op: Op, { inputs, attributes = {} }: Sample<object>, dtype: Float, form: GraphForm) {
  const feeds: Record<string, Tensor> = {};
  const values = inputs.map((given, i): Value => {
    const rounded = toNumbers(given).map(Math.fround);
    const tensor = isFloat(given.dtype) ? fromNumbers(dtype, given.shape, rounded) : given;
    feeds[`x${i}`] = tensor;
    return input(`x${i}`, tensor.dtype, tensor.shape);
  });
  const [y] = applyOp(op, values, attributes) as [Value];
  const outputs: Record<string, Value> = { y };
  const floats = values.filter((value) => isFloat(value.dtype));
  if (typeof op.vjp === 'function') {
    const r = input('r', y.dtype, y.shape);
    for (const [i, gradient] of vectorJacobianProduct([[y, r]], floats).entries()) outputs[`g${i}`] = gradient;
    const random = new RandomStream(1, `cotangent of ${op.name}`);
    const shape = y.shape as number[];
    const size = shape.reduce((product, dim) => product * dim, 1);
    const cotangent = Array.from({ length: size }, () => Math.fround(random.uniform(-1.5, 1.5)));
    if (isFloat(y.dtype)) feeds.r = fromNumbers(y.dtype, shape, cotangent);
  }
  const results = await evaluate(outputs, feeds, { form });
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toNumbers(tensor)]));
}

// A loop's body is traced in one type.
const ops = Object.entries(OPS)
  .map(([name, { op }]) => [name, op as Op] as const)
  .filter(([, op]) => op.isIdentifiedByAttributes !== true);

describe('float32 kernels of each op, against its float64 form', () => {
  test.each(ops)('%s', async (_, op) => {
    for (const sample of op.samples(new RandomStream(4, op.name))) {
      const exact = await runAt(op, sample, 'float64', 'training');
      for (const form of ['training', 'export'] as const) {
        const got = await runAt(op, sample, 'float32', form);
        for (const [name, numbers] of Object.entries(got)) {
          const error = relativeError(numbers, exact[name] as number[]);
          expect(error, `${name} in the ${form} form, ${sample.about}`).toBeLessThanOrEqual(name === 'y' ? 2e-6 : 1e-4);
        }
      }
    }
  });
});

/** 2/√π Σ (−1)ⁿ x^(2n+1) / (n! (2n+1)), DLMF 7.6.1: another series than the engine's, good to 1e-12 for |x| ≤ 3. */
function erfByMaclaurin(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

/** Largest difference, relative where the value is above 1. */
function largestError(got: readonly number[], wanted: readonly number[]): number {
  expect(got).toHaveLength(wanted.length);
  return Math.max(...got.map((value, i) => Math.abs(value - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!))));
}

/** Float32 leaves 2e-6; the float64 forms are the reference of everything else. */
const FORMS = [
  ['float32', 'export', 2e-6],
  ['float32', 'training', 2e-6],
  ['float64', 'training', 1e-12],
] as const;

describe('ops that are composed in one form and a kernel in another, against an outside witness', () => {
  test('these are all of them', () => {
    const typesOf = (op: Op, dtype: Float, form: GraphForm) => {
      const [{ inputs, attributes = {} }] = op.samples(new RandomStream(4, op.name)) as [Sample<object>];
      const values = inputs.map((given, i) => input(`x${i}`, isFloat(given.dtype) ? dtype : given.dtype, given.shape));
      const { nodes } = lowerToGraph({ outputs: { y: applyOp(op, values, attributes)[0] as Value }, form });
      return nodes.map(({ opType }) => opType).join();
    };
    const differing = ops.filter(([, op]) => typesOf(op, 'float32', 'export') !== typesOf(op, 'float64', 'training'));
    // A cast to the type that a value has is no node at all; `lstm` has its witness in test/nn/lstm.test.ts.
    expect(differing.map(([name]) => name)).toEqual(['cast', 'erf', 'gelu', 'layerNorm', 'lstm']);
  });

  test.each(FORMS)('erf in %s, %s form', async (dtype, form, tolerance) => {
    const at = Array.from({ length: 61 }, (_, i) => (i - 30) / 10);
    const x = input('x', dtype, [at.length]);
    const got = await numbersOf(erf(x), { x: fromNumbers(dtype, [at.length], at) }, { form });
    expect(largestError(got, at.map(erfByMaclaurin))).toBeLessThanOrEqual(tolerance);
    // witness: DLMF, table 7.23 (Abramowitz & Stegun 7.1): erf(0.5), erf(1), erf(2); and the limits.
    const published = [0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 1, -1];
    const points = fromNumbers(dtype, [5], [0.5, 1, 2, 8, -40]);
    const values = await numbersOf(erf(input('x', dtype, [5])), { x: points }, { form });
    expect(largestError(values, published)).toBeLessThanOrEqual(tolerance);
  });

  /** Values and gradients under the cotangent of the golden file; witness: PyTorch 2.13, float64. */
  async function againstGolden(
    { inputs, parameters, cotangents, outputs, gradients }: GoldenLayer,
    dtype: Float,
    form: GraphForm,
    tolerance: number,
    layer: (arguments_: Readonly<Record<string, Value>>) => Value,
  ): Promise<void> {
    const feeds: Record<string, Tensor> = { r: nested(dtype, cotangents.y) };
    const values: Record<string, Value> = {};
    for (const [name, array] of Object.entries({ ...inputs, ...parameters })) {
      const tensor = nested(dtype, array);
      feeds[name] = tensor;
      values[name] = input(name, dtype, tensor.shape);
    }
    const y = layer(values);
    const names = Object.keys(values);
    const traced = vectorJacobianProduct([[y, input('r', dtype, y.shape)]], Object.values(values));
    const got = await evaluate({ y, ...Object.fromEntries(names.map((name, i) => [`d ${name}`, traced[i]!])) }, feeds, {
      form,
    });
    expect(largestError(toNumbers(got.y), flat(outputs.y))).toBeLessThanOrEqual(tolerance);
    for (const [i, name] of names.entries()) {
      const gradient = toNumbers((got as Record<string, Tensor>)[`d ${name}`]!);
      const error = relativeError(gradient, flat(gradients[name]!));
      expect(error, `gradient by ${names[i]}`).toBeLessThanOrEqual(dtype === 'float32' ? 1e-4 : 1e-12);
    }
  }

  test.each(FORMS)('gelu in %s, %s form', async (dtype, form, tolerance) => {
    for (const [key, approximate] of [
      ['gelu', 'none'],
      ['gelu-tanh', 'tanh'],
    ] as const) {
      await againstGolden(golden.layers[key], dtype, form, tolerance, ({ x }) => gelu(x!, { approximate }));
    }
  });

  test.each(['float32', 'float64'] as const)('far from 0 the slope of gelu in %s is 0 and 1', async (dtype) => {
    const far = [-1e30, -400, -40, -14, 14, 40, 400, 1e30];
    const x = input('x', dtype, [far.length]);
    const [slope] = gradients(sum(gelu(x, { approximate: 'none' })), [x]) as [Value];
    const { slope: got } = await evaluate({ slope }, { x: fromNumbers(dtype, [far.length], far) });
    for (const [i, number] of toNumbers(got).entries()) expect(number).toBeCloseTo((far[i] as number) > 0 ? 1 : 0, 12);
  });

  test.each(FORMS)('layerNorm in %s, %s form', async (dtype, form, tolerance) => {
    for (const key of ['layer-norm', 'layer-norm-bert-epsilon'] as const) {
      const { options } = golden.layers[key];
      await againstGolden(golden.layers[key], dtype, form, tolerance, ({ x, weight, bias }) =>
        layerNorm(x!, weight!, bias!, { eps: options.epsilon }),
      );
    }
  });
});

type Nested = number | readonly Nested[];
type GoldenLayer = {
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly parameters: Readonly<Record<string, Nested>>;
  readonly cotangents: { readonly y: Nested };
  readonly outputs: { readonly y: Nested };
  readonly gradients: Readonly<Record<string, Nested>>;
};

function flat(array: Nested): number[] {
  return typeof array === 'number' ? [array] : array.flatMap(flat);
}

function nested(dtype: Float, array: Nested): Tensor<Float> {
  const shape: number[] = [];
  for (let part: Nested | undefined = array; typeof part === 'object'; part = part[0]) shape.push(part.length);
  return fromNumbers(dtype, shape, flat(array));
}
