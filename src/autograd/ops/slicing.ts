/** @file Parts of tensors along an axis: cut out, padded with zeros, joined. */
import { ShapeError } from '../../errors/failures.js';
import type { Dtype } from '../../tensor/dtype.js';
import { type Dim, formatShape, resolveAxis, type Shape, sameShape, staticShape } from '../../tensor/shape.js';
import { defineUnary, defineVariadic, type UnaryOp } from '../op.js';
import type { Value } from '../value.js';
import { uniform } from './samples.js';
import { int64 } from './shaping.js';

type SliceAttributes = { readonly axis: number; readonly start: number; readonly end: number };

/** Elements start … end − 1 along an axis. */
export const slice: UnaryOp<SliceAttributes> = defineUnary({
  name: 'slice',
  onnx: {
    emit: (emitter, [x], { axis, start, end }) =>
      emitter.node('Slice', [x as string, int64(emitter, [start]), int64(emitter, [end]), int64(emitter, [axis])]),
  },
  accepts: 'any',
  shape: ([x], { axis, start, end }, where) => {
    const shape = x as Shape;
    const at = resolveAxis(axis, shape.length, where);
    const length = shape[at] as Dim;
    const fits = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end;
    if (!fits || (typeof length === 'number' && end > length)) {
      throw new ShapeError({
        where,
        wanted: `0 <= start < end <= ${length} on axis ${axis} of ${formatShape(shape)}`,
        got: `start ${start}, end ${end}`,
      });
    }
    return shape.with(at, end - start);
  },
  vjp: (g, [x], _y, { axis, start, end }) => {
    const { shape } = x as Value;
    const at = resolveAxis(axis, shape.length, 'slice');
    const length = shape[at] as Dim;
    if (typeof length === 'string') return [padLike(g, x as Value, { axis: at, before: start })];
    return [pad(g, { axis: at, before: start, after: length - end })];
  },
  samples: (random) => [
    { inputs: [uniform(random, [4, 3], -2, 2)], attributes: { axis: 0, start: 1, end: 3 } },
    { about: 'last axis', inputs: [uniform(random, [2, 5], -2, 2)], attributes: { axis: -1, start: 0, end: 2 } },
    { about: 'one element', inputs: [uniform(random, [3, 1, 2], -2, 2)], attributes: { axis: 2, start: 1, end: 2 } },
  ],
});

type PadAttributes = { readonly axis: number; readonly before: number; readonly after: number };

/** Adds zeros before and after along an axis. */
export const pad: UnaryOp<PadAttributes> = defineUnary({
  name: 'pad',
  onnx: {
    emit: (emitter, [x], { axis, before, after }) =>
      emitter.node('Pad', [x as string, int64(emitter, [before, after]), '', int64(emitter, [axis])]),
  },
  shape: ([x], { axis, before, after }, where) => {
    const shape = x as Shape;
    const at = resolveAxis(axis, shape.length, where);
    const length = shape[at] as Dim;
    if (typeof length === 'string') staticShape(shape, where);
    return shape.with(at, (length as number) + before + after);
  },
  vjp: (g, [x], _y, { axis, before }) => {
    const shape = staticShape((x as Value).shape, 'gradient of pad');
    const length = shape[resolveAxis(axis, shape.length, 'pad')] as number;
    return [slice(g, { axis, start: before, end: before + length })];
  },
  samples: (random) => [
    { inputs: [uniform(random, [2, 3], -2, 2)], attributes: { axis: 1, before: 1, after: 2 } },
    {
      about: 'axes of length 1',
      inputs: [uniform(random, [1, 3], -2, 2)],
      attributes: { axis: 0, before: 0, after: 1 },
    },
  ],
});

const padLikeOp = defineVariadic<{ readonly axis: number; readonly before: number }>({
  name: 'padLike',
  onnx: {
    emit: (emitter, [x, like], { axis, before }) => {
      const lengthOf = (value: string): string =>
        emitter.node('Gather', [...emitter.node('Shape', [value]), int64(emitter, [axis])])[0] as string;
      const missing = emitter.node('Sub', [lengthOf(like as string), lengthOf(x as string)]);
      const after = emitter.node('Sub', [...missing, int64(emitter, [before])]);
      const pads = emitter.node('Concat', [int64(emitter, [before]), ...after], { axis: { kind: 'int', value: 0 } });
      return emitter.node('Pad', [x as string, ...pads, '', int64(emitter, [axis])]);
    },
  },
  dtype: ([x]) => x as Dtype,
  shape: ([x, like], { axis, before }, where) => {
    const shape = like as Shape;
    const [length, room] = [(x as Shape)[axis], shape[axis]];
    const fits = typeof length !== 'number' || typeof room !== 'number' || before + length <= room;
    if (fits && sameShape((x as Shape).with(axis, 0), shape.with(axis, 0))) return shape;
    throw new ShapeError({
      where,
      wanted: `shapes that agree off axis ${axis}, and room for ${before} more there`,
      got: `${formatShape(x as Shape)} and ${formatShape(shape)}`,
    });
  },
  vjp: (g, [x], _y, { axis, before }) => {
    const length = (x as Value).shape[axis] as Dim;
    if (typeof length === 'number') return [slice(g, { axis, start: before, end: before + length }), null];
    throw new ShapeError({ where: 'gradient of padLike', wanted: `a number on axis ${axis}`, got: length });
  },
  samples: (random) => [
    {
      inputs: [uniform(random, [2, 1, 3], -2, 2), uniform(random, [2, 4, 3], -2, 2)],
      attributes: { axis: 1, before: 2 },
      zeroGradients: [1],
    },
  ],
});

/** Adds zeros before and after along an axis, up to the length that another value has there; it may be a name. */
export function padLike(x: Value, like: Value, attributes: { readonly axis: number; readonly before: number }): Value {
  return padLikeOp([x, like], attributes);
}
padLike.op = padLikeOp.op;

/** Joins tensors along an axis; the other lengths must agree. */
export const concat = defineVariadic<{ readonly axis: number }>({
  name: 'concat',
  onnx: {
    type: 'Concat',
    since: 13,
    attributes: ({ axis }, [first]) => ({
      axis: { kind: 'int', value: resolveAxis(axis, first?.shape.length ?? 0, 'concat') },
    }),
  },
  accepts: 'any',
  shape: (shapes, { axis }, where) => {
    const [first = []] = shapes;
    const at = resolveAxis(axis, first.length, where);
    const fits = shapes.every(
      (shape) => shape.length === first.length && sameShape(shape.with(at, 0), first.with(at, 0)),
    );
    const lengths = shapes.map((shape) => shape[at] as Dim);
    if (!fits || (lengths.some((length) => typeof length === 'string') && lengths.length > 1)) {
      throw new ShapeError({
        where,
        wanted: `shapes that agree off axis ${axis}, with numbers on it`,
        got: shapes.map(formatShape).join(', '),
      });
    }
    return first.with(
      at,
      lengths.length === 1 ? (lengths[0] as Dim) : lengths.reduce<number>((sum, n) => sum + Number(n), 0),
    );
  },
  vjp: (g, inputs, _y, { axis }) => {
    let start = 0;
    return inputs.map((value) => {
      const at = resolveAxis(axis, value.shape.length, 'concat');
      const [length] = staticShape(value.shape.slice(at, at + 1), 'gradient of concat') as [number];
      const end = start + length;
      const part = slice(g, { axis, start, end });
      start = end;
      return part;
    });
  },
  samples: (random) => [
    { inputs: [uniform(random, [2, 3], -2, 2), uniform(random, [2, 1], -2, 2)], attributes: { axis: 1 } },
    {
      about: 'three, first axis',
      inputs: [uniform(random, [1, 2], -2, 2), uniform(random, [3, 2], -2, 2), uniform(random, [2, 2], -2, 2)],
      attributes: { axis: 0 },
    },
  ],
});
