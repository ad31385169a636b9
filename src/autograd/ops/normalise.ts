/** @file Softmax and its relatives, layer normalisation. */
import { ShapeError } from '../../errors/failures.js';
import { type Dim, formatShape, resolveAxis, type Shape } from '../../tensor/shape.js';
import { defineUnary, defineVariadic, type UnaryOp } from '../op.js';
import type { Value } from '../value.js';
import { add, exp, log, mul, reciprocal, sqrt, stopGradient, sub } from './elementwise.js';
import { mean, reduceMax, sum } from './reduce.js';
import { uniform } from './samples.js';
import { squeeze } from './shaping.js';

export type AxisAttributes = { readonly axis: number };

const checkedAxis = ([x]: readonly Shape[], { axis }: AxisAttributes, where: string): Shape => {
  resolveAxis(axis, (x as Shape).length, where);
  return x as Shape;
};

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
  samples: (random) => [
    { inputs: [uniform(random, [3, 4], -2, 2)], attributes: { axis: -1 } },
    { about: 'inner axis', inputs: [uniform(random, [2, 3, 1], -2, 2)], attributes: { axis: 1 } },
    {
      about: 'axis of length 1',
      inputs: [uniform(random, [3, 1], -2, 2)],
      attributes: { axis: 1 },
      zeroGradients: [0],
    },
  ],
});

/** x − log Σ exp(x) along an axis. */
export const logSoftmax: UnaryOp<AxisAttributes> = defineUnary({
  name: 'logSoftmax',
  onnx: { type: 'LogSoftmax', since: 13, attributes: ({ axis }) => ({ axis: { kind: 'int', value: axis } }) },
  shape: checkedAxis,
  vjp: (g, [x], _y, { axis }) => [sub(g, mul(softmax(x as Value, { axis }), sum(g, { axes: [axis], keepDims: true })))],
  samples: (random) => [
    { inputs: [uniform(random, [3, 4], -2, 2)], attributes: { axis: -1 } },
    { about: 'inner axis', inputs: [uniform(random, [2, 3, 1], -2, 2)], attributes: { axis: 1 } },
    {
      about: 'axis of length 1',
      inputs: [uniform(random, [3, 1], -2, 2)],
      attributes: { axis: 1 },
      zeroGradients: [0],
    },
  ],
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

const layerNormOp = defineVariadic<LayerNormAttributes>({
  name: 'layerNorm',
  onnx: {
    type: 'LayerNormalization',
    since: 17,
    attributes: ({ eps }) => ({ axis: { kind: 'int', value: -1 }, epsilon: { kind: 'float', value: eps } }),
  },
  // The backward pass needs the parts; the native kernel is for shipped graphs and keeps float32 statistics.
  compose: ([x, weight, bias], { eps }, form) => {
    if (form === 'export' && x?.dtype === 'float32') return undefined;
    const { centred, inverseStd } = standardise(x as Value, eps);
    return add(mul(mul(centred, inverseStd), weight as Value), bias as Value);
  },
  shape: ([x, weight, bias], _attributes, where) => {
    const shape = x as Shape;
    const H = shape.at(-1) as Dim;
    const fits = [weight, bias].every((vector) => vector?.length === 1 && vector[0] === H);
    if (shape.length > 0 && fits) return shape;
    throw new ShapeError({
      where,
      wanted: `x [.., H], weight [H], bias [H]`,
      got: [x, weight, bias].map((part) => formatShape(part ?? [])).join(', '),
    });
  },
  vjp: (g, [x, weight], _y, { eps }) => {
    const { centred, inverseStd } = standardise(x as Value, eps);
    const normal = mul(centred, inverseStd);
    const toNormal = mul(g, weight as Value);
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
