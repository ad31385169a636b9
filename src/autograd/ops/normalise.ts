/** @file Softmax and its relatives, layer normalisation. */
import { ShapeError } from '../../errors/failures.js';
import type { RandomStream } from '../../tensor/random.js';
import { type Dim, formatShape, resolveAxis, type Shape } from '../../tensor/shape.js';
import { applyOp, defineUnary, defineVariadic, type UnaryOp } from '../op.js';
import type { OnnxForm, Op, Sample, Value } from '../value.js';
import { add, exp, log, mul, reciprocal, sqrt, stopGradient, sub } from './elementwise.js';
import { mean, reduceMax, sum } from './reduce.js';
import { uniform } from './samples.js';
import { squeeze } from './shaping.js';

export type AxisAttributes = { readonly axis: number };

const checkedAxis = ([x]: readonly Shape[], { axis }: AxisAttributes, where: string): Shape => {
  resolveAxis(axis, (x as Shape).length, where);
  return x as Shape;
};

const axisSamples = (random: RandomStream): Sample<AxisAttributes>[] => [
  { inputs: [uniform(random, [3, 4], -2, 2)], attributes: { axis: -1 } },
  { about: 'inner axis', inputs: [uniform(random, [2, 3, 1], -2, 2)], attributes: { axis: 1 } },
  { about: 'axis of length 1', inputs: [uniform(random, [3, 1], -2, 2)], attributes: { axis: 1 }, zeroGradients: [0] },
];

/** exp(x) / Σ exp(x) along an axis, shifted by the maximum inside, so that no finite input overflows. */
export const softmax: UnaryOp<AxisAttributes> = defineUnary({
  name: 'softmax',
  onnx: { type: 'Softmax', since: 13, attributes: ({ axis }) => ({ axis: { kind: 'int', value: axis } }) },
  shape: checkedAxis,
  // J = diag(y) − y yᵀ
  vjp: (g, _inputs, y, { axis }) => {
    const weighted = mul(g, y);
    return [sub(weighted, mul(y, sum(weighted, { axes: [axis], keepDims: true })))];
  },
  samples: axisSamples,
});

/** x − log Σ exp(x) along an axis. */
export const logSoftmax: UnaryOp<AxisAttributes> = defineUnary({
  name: 'logSoftmax',
  onnx: { type: 'LogSoftmax', since: 13, attributes: ({ axis }) => ({ axis: { kind: 'int', value: axis } }) },
  shape: checkedAxis,
  vjp: (g, [x], _y, { axis }) => [sub(g, mul(softmax(x as Value, { axis }), sum(g, { axes: [axis], keepDims: true })))],
  samples: axisSamples,
});

/** log Σ exp(x) along an axis, which is dropped. */
export function logSumExp(x: Value, { axis }: AxisAttributes): Value {
  const peak = stopGradient(reduceMax(x, { axes: [axis], keepDims: true }));
  return squeeze(add(log(sum(exp(sub(x, peak)), { axes: [axis], keepDims: true })), peak), axis);
}

type LayerNormAttributes = { readonly eps: number };

/** (x − mean) and 1 / √(variance + eps) over the last axis; the variance divides by H, as PyTorch's does here. */
function standardise(x: Value, eps: number): { centred: Value; inverseStd: Value } {
  const centred = sub(x, mean(x, { axes: [-1], keepDims: true }));
  const variance = mean(mul(centred, centred), { axes: [-1], keepDims: true });
  return { centred, inverseStd: reciprocal(sqrt(add(variance, eps))) };
}

const nativeLayerNorm = {
  type: 'LayerNormalization',
  since: 17,
  attributes: ({ eps }: LayerNormAttributes) => ({
    axis: { kind: 'int', value: -1 },
    epsilon: { kind: 'float', value: eps },
  }),
} as const satisfies OnnxForm<LayerNormAttributes>;

function layerNormShape([x, weight, bias]: readonly Shape[], where: string): Shape {
  const shape = x as Shape;
  const H = shape.at(-1) as Dim;
  const fits = [weight, bias].every((vector) => vector?.length === 1 && vector[0] === H);
  if (shape.length > 0 && fits) return shape;
  throw new ShapeError({
    where,
    wanted: `x [.., H], weight [H], bias [H]`,
    got: [x, weight, bias].map((part) => formatShape(part ?? [])).join(', '),
  });
}

/** The native kernel with the statistics that it has found: y [.., H], mean [.., 1], 1 / √(variance + eps) [.., 1]. */
const layerNormWithStatistics: Op = {
  name: 'layerNormWithStatistics',
  compose: undefined,
  onnx: {
    emit: (emitter, inputs, attributes) =>
      emitter.node('LayerNormalization', inputs, nativeLayerNorm.attributes(attributes as LayerNormAttributes), 3),
  },
  infer: (inputs, _attributes, where) => {
    const shape = layerNormShape(
      inputs.map((value) => value.shape),
      where,
    );
    const dtype = inputs[0]?.dtype ?? 'float32';
    const statistic = { dtype, shape: shape.with(-1, 1) };
    return [{ dtype, shape }, statistic, statistic];
  },
  vjp: { notDifferentiable: 'stands for `layerNorm` in graphs that train' },
  samples: () => [],
};

/** What `standardise` gives, of a float32 input from the kernel that the forward pass runs. */
function standardised(inputs: readonly Value[], attributes: LayerNormAttributes): ReturnType<typeof standardise> {
  const [x] = inputs as [Value];
  if (x.dtype !== 'float32') return standardise(x, attributes.eps);
  const [, average, inverseStd] = applyOp(layerNormWithStatistics, inputs, attributes) as [Value, Value, Value];
  return { centred: sub(x, average), inverseStd };
}

const layerNormOp = defineVariadic<LayerNormAttributes>({
  name: 'layerNorm',
  onnx: nativeLayerNorm,
  // The native kernel is for float32; the backward pass shares its statistics.
  compose: (inputs, attributes, form) => {
    const [x, weight, bias] = inputs as [Value, Value, Value];
    if (x.dtype === 'float32') {
      return form === 'export' ? undefined : applyOp(layerNormWithStatistics, inputs, attributes)[0];
    }
    const { centred, inverseStd } = standardise(x, attributes.eps);
    return add(mul(mul(centred, inverseStd), weight), bias);
  },
  shape: (shapes, _attributes, where) => layerNormShape(shapes, where),
  vjp: (g, inputs, _y, attributes) => {
    const weight = inputs[1] as Value;
    const { centred, inverseStd } = standardised(inputs, attributes);
    const normal = mul(centred, inverseStd);
    const toNormal = mul(g, weight);
    const average = mean(toNormal, { axes: [-1], keepDims: true });
    const along = mean(mul(toNormal, normal), { axes: [-1], keepDims: true });
    return [mul(inverseStd, sub(sub(toNormal, average), mul(normal, along))), mul(g, normal), g];
  },
  samples: (random) => [
    {
      inputs: [uniform(random, [3, 4], -2, 2), uniform(random, [4], 0.5, 2), uniform(random, [4], -1, 1)],
      attributes: { eps: 1e-5 },
    },
    {
      about: 'batch',
      inputs: [uniform(random, [2, 1, 5], -2, 2), uniform(random, [5], 0.5, 2), uniform(random, [5], -1, 1)],
      attributes: { eps: 1e-12 },
    },
  ],
});

/** Layer normalisation over the last axis (Ba, Kiros & Hinton 2016): x [.., H], weight [H], bias [H] -> [.., H]. */
export function layerNorm(x: Value, weight: Value, bias: Value, attributes: LayerNormAttributes): Value {
  return layerNormOp([x, weight, bias], attributes);
}
layerNorm.op = layerNormOp.op;
