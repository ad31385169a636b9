/** @file Reductions over axes. `axes` defaults to all of them; `keepDims` leaves length 1 behind. */
import { ShapeError } from '../../errors/failures.js';
import type { RandomStream } from '../../tensor/random.js';
import { type Dim, formatShape, isStatic, resolveAxis, type Shape, sizeOf } from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { defineUnary, type UnaryOp } from '../op.js';
import { type OnnxForm, type Sample, scalar, type Value } from '../value.js';
import { cast, equal } from './compare.js';
import { div, mul } from './elementwise.js';
import { distinct, uniform } from './samples.js';
import { expandLike, reshape } from './shaping.js';

export type ReduceAttributes = { readonly axes?: readonly number[]; readonly keepDims?: boolean };

function reducedAxes(rank: number, { axes }: ReduceAttributes, where: string): number[] {
  const all = axes ?? Array.from({ length: rank }, (_, axis) => axis);
  const resolved = all.map((axis) => resolveAxis(axis, rank, where));
  if (new Set(resolved).size === resolved.length) return resolved;
  throw new ShapeError({ where, wanted: 'axes named once', got: formatShape(all) });
}

function keptShape(shape: Shape, attributes: ReduceAttributes, where: string): Dim[] {
  const axes = reducedAxes(shape.length, attributes, where);
  return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}

function reducedShape(shape: Shape, attributes: ReduceAttributes, where: string): Shape {
  const kept = keptShape(shape, attributes, where);
  if (attributes.keepDims === true) return kept;
  const axes = reducedAxes(shape.length, attributes, where);
  return kept.filter((_, axis) => !axes.includes(axis));
}

function onnxReduce(type: string): OnnxForm<ReduceAttributes> {
  return {
    emit: (emitter, [x], attributes, [signature]) => {
      const axes = reducedAxes(signature?.shape.length ?? 0, attributes, type);
      // No axes would mean all of them.
      if (axes.length === 0) return emitter.node('Identity', [x as string]);
      return emitter.node(type, [x as string, emitter.constant(fromNumbers('int64', [axes.length], axes))], {
        keepdims: { kind: 'int', value: attributes.keepDims === true ? 1 : 0 },
      });
    },
  };
}

/** A reduced tensor (value or cotangent) with the lost axes back as length 1. */
function restored(reduced: Value, x: Value, attributes: ReduceAttributes): Value {
  return reshape(reduced, keptShape(x.shape, attributes, 'gradient of a reduction'));
}

const samples =
  (draw: typeof uniform) =>
  (random: RandomStream): Sample<ReduceAttributes>[] => [
    { about: 'all axes', inputs: [draw(random, [2, 3], 0.5, 2)], attributes: {} },
    { about: 'last axis, kept', inputs: [draw(random, [2, 3, 4], -2, 2)], attributes: { axes: [-1], keepDims: true } },
    { about: 'two axes', inputs: [draw(random, [2, 3, 2], 0.5, 2)], attributes: { axes: [0, 2] } },
    { about: 'axis of length 1', inputs: [draw(random, [3, 1], -2, 2)], attributes: { axes: [1] } },
  ];

export const sum: UnaryOp<ReduceAttributes> = defineUnary({
  name: 'sum',
  onnx: onnxReduce('ReduceSum'),
  accepts: 'any',
  shape: ([x], attributes, where) => reducedShape(x as Shape, attributes, where),
  vjp: (g, [x], _y, attributes) => [expandLike(restored(g, x as Value, attributes), x as Value)],
  samples: samples(uniform),
});

export const mean: UnaryOp<ReduceAttributes> = defineUnary({
  name: 'mean',
  onnx: onnxReduce('ReduceMean'),
  shape: ([x], attributes, where) => reducedShape(x as Shape, attributes, where),
  vjp: (g, [x], _y, attributes) => {
    const { shape, dtype } = x as Value;
    const lengths = reducedAxes(shape.length, attributes, 'mean').map((axis) => shape[axis] as Dim);
    const each = restored(g, x as Value, attributes);
    if (isStatic(lengths)) return [expandLike(mul(each, 1 / sizeOf(lengths)), x as Value)];
    // Elements along axes with names are counted by the graph.
    const count = sum(expandLike(scalar(1, dtype), x as Value), { ...attributes, keepDims: true });
    return [expandLike(div(each, count), x as Value)];
  },
  samples: samples(uniform),
});

function extremum(name: string, type: string): UnaryOp<ReduceAttributes> {
  return defineUnary<ReduceAttributes>({
    name,
    onnx: onnxReduce(type),
    shape: ([x], attributes, where) => reducedShape(x as Shape, attributes, where),
    // Equal winners share the cotangent.
    vjp: (g, [x], y, attributes) => {
      const value = x as Value;
      const wins = cast(equal(value, restored(y, value, attributes)), { to: value.dtype });
      const winners = sum(wins, { ...attributes, keepDims: true });
      return [mul(div(restored(g, value, attributes), winners), wins)];
    },
    samples: samples((random, shape) => distinct(random, shape)),
  });
}

export const reduceMax = extremum('reduceMax', 'ReduceMax');
export const reduceMin = extremum('reduceMin', 'ReduceMin');

/** Index of the largest element along an axis, the first of equals; the axis is dropped. */
export const argMax: UnaryOp<{ readonly axis: number }> = defineUnary({
  name: 'argMax',
  onnx: {
    type: 'ArgMax',
    since: 13,
    attributes: ({ axis }) => ({ axis: { kind: 'int', value: axis }, keepdims: { kind: 'int', value: 0 } }),
  },
  shape: ([x], { axis }, where) => {
    const shape = x as Shape;
    return shape.toSpliced(resolveAxis(axis, shape.length, where), 1);
  },
  dtype: () => 'int64',
  vjp: { notDifferentiable: 'integer output' },
  samples: (random) => [{ inputs: [distinct(random, [3, 4])], attributes: { axis: -1 } }],
});

/** The k largest along the last axis, falling: [.., N] -> [.., k]. */
export const largest: UnaryOp<{ readonly k: number }> = defineUnary({
  name: 'largest',
  onnx: {
    emit: (emitter, [x], { k }) => {
      const [values] = emitter.node('TopK', [x as string, emitter.constant(fromNumbers('int64', [1], [k]))], {}, 2);
      return [values as string];
    },
  },
  shape: ([x], { k }, where) => {
    const shape = x as Shape;
    const length = shape.at(-1);
    if (typeof length === 'number' && Number.isInteger(k) && k >= 1 && k <= length) return [...shape.slice(0, -1), k];
    throw new ShapeError({ where, wanted: `an axis of at least ${k} elements`, got: formatShape(shape) });
  },
  vjp: { notDifferentiable: 'order statistics are taken of constants alone' },
  samples: (random) => [
    { inputs: [distinct(random, [3, 4])], attributes: { k: 2 } },
    { about: 'all, sorted', inputs: [distinct(random, [5])], attributes: { k: 5 } },
  ],
});
