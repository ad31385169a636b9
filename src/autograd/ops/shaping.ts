/** @file The same elements in another shape, in another order of axes, or repeated. */
import { ShapeError } from '../../errors/failures.js';
import type { Dtype } from '../../tensor/dtype.js';
import {
  broadcastShapes,
  type Dim,
  dimProduct,
  formatShape,
  isStatic,
  resolveAxis,
  type Shape,
  sameShape,
} from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { checkCall, defineUnary, defineVariadic } from '../op.js';
import type { Emitter, Value } from '../value.js';
import { uniform } from './samples.js';

/** Lengths, axes and the like, as ONNX takes them. */
export function int64(emitter: Emitter, values: readonly number[]): string {
  return emitter.constant(fromNumbers('int64', [values.length], values));
}

/** Whether a length can be read from a tensor of shape `source`: a number, an axis of it, or a product of those. */
function isReadable(dim: Dim, source: Shape): boolean {
  if (typeof dim === 'number' || source.includes(dim)) return true;
  return dim.split('*').every((factor) => source.includes(factor) || /^\d+$/.test(factor));
}

/** The lengths of `shape` as an int64 vector, names read from a tensor that has them. */
function shapeVector(emitter: Emitter, shape: Shape, source: string, sourceShape: Shape): string {
  if (shape.every((dim) => typeof dim === 'number')) return int64(emitter, shape as readonly number[]);
  const [lengths] = emitter.node('Shape', [source]) as [string];
  const length = (dim: Dim): string => {
    const axis = sourceShape.indexOf(dim);
    if (axis < 0) return int64(emitter, [Number(dim)]);
    return emitter.node('Gather', [lengths, int64(emitter, [axis])])[0] as string;
  };
  const parts = shape.map((dim) => {
    const factors = typeof dim === 'string' && !sourceShape.includes(dim) ? dim.split('*') : [dim];
    return factors.map(length).reduce((product, factor) => emitter.node('Mul', [product, factor])[0] as string);
  });
  return emitter.node('Concat', parts, { axis: { kind: 'int', value: 0 } })[0] as string;
}

/** What ONNX's Reshape is told: 0 keeps the length of an axis, −1 (once) is what remains. */
function reshapeTarget(from: Shape, to: Shape): Shape {
  // An axis that keeps a name on its place needs no arithmetic, and one other name can be left to ONNX.
  const target = to.map((dim, axis) => (typeof dim === 'string' && from[axis] === dim ? 0 : dim));
  const names = target.filter((dim) => typeof dim === 'string');
  const left = names.length === 1 ? names[0] : names.find((name) => !isReadable(name, from));
  const at = left === undefined ? -1 : target.indexOf(left);
  return at < 0 ? target : target.with(at, -1);
}

const reshapeOp = defineUnary<{ readonly shape: Shape }>({
  name: 'reshape',
  onnx: {
    emit: (emitter, [x], { shape }, [signature]) => {
      const from = signature?.shape ?? [];
      return emitter.node('Reshape', [
        x as string,
        shapeVector(emitter, reshapeTarget(from, shape), x as string, from),
      ]);
    },
  },
  accepts: 'any',
  shape: ([from], { shape }, where) => {
    const source = from as Shape;
    if (dimProduct(source) !== dimProduct(shape)) {
      throw new ShapeError({ where, wanted: `a shape of ${dimProduct(source)} elements`, got: formatShape(shape) });
    }
    const unknown = reshapeTarget(source, shape).filter((dim) => !isReadable(dim, source));
    if (unknown.length === 0) return shape;
    throw new ShapeError({
      where,
      wanted: `lengths that can be read from ${formatShape(source)}, but for one`,
      got: formatShape(shape),
      fix: `keep ${unknown.join(' and ')} as an axis of its own`,
    });
  },
  vjp: (g, [x]) => [reshape(g, (x as Value).shape)],
  samples: (random) => [
    { inputs: [uniform(random, [2, 6], -2, 2)], attributes: { shape: [3, 1, 4] } },
    { about: 'to rank 0', inputs: [uniform(random, [1, 1], 0.5, 2)], attributes: { shape: [] } },
  ],
});

/** The same elements in another shape. Reshapes of reshapes are one reshape. */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const { node } = x;
  if (node.kind === 'op' && node.op === reshapeOp.op) return reshape(node.inputs[0] as Value, shape);
  return reshapeOp(x, { shape });
}
reshape.op = reshapeOp.op;

/** Inserts an axis of length 1 so that it stands at `axis` of the result. */
export function unsqueeze(x: Value, axis: number): Value {
  const at = checkCall('unsqueeze', [x], () => resolveAxis(axis, x.shape.length + 1, 'unsqueeze'));
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/**
 * Removes an axis of length 1.
 * @throws ShapeError if the axis is longer.
 */
export function squeeze(x: Value, axis: number): Value {
  const at = checkCall('squeeze', [x], () => {
    const resolved = resolveAxis(axis, x.shape.length, 'squeeze');
    if (x.shape[resolved] === 1) return resolved;
    throw new ShapeError({ where: 'squeeze', wanted: `length 1 on axis ${axis}`, got: formatShape(x.shape) });
  });
  return reshape(x, x.shape.toSpliced(at, 1));
}

const transposeOp = defineUnary<{ readonly order: readonly number[] }>({
  name: 'transpose',
  onnx: { type: 'Transpose', since: 21, attributes: ({ order }) => ({ perm: { kind: 'ints', value: order } }) },
  accepts: 'any',
  shape: ([x], { order }, where) => {
    const shape = x as Shape;
    const isPermutation = order.length === shape.length && shape.every((_, axis) => order.includes(axis));
    if (isPermutation) return order.map((axis) => shape[axis] as Dim);
    throw new ShapeError({
      where,
      wanted: `an order of the ${shape.length} axes of ${formatShape(shape)}`,
      got: formatShape(order),
    });
  },
  vjp: (g, _inputs, _y, { order }) => [
    transpose(
      g,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
  samples: (random) => [
    { inputs: [uniform(random, [2, 3, 4], -2, 2)], attributes: { order: [2, 0, 1] } },
    { about: 'axes of length 1', inputs: [uniform(random, [1, 3], -2, 2)], attributes: { order: [1, 0] } },
  ],
});

/** Axis i of the result is axis `order[i]` of x. Transposes of transposes are one transpose. */
export function transpose(x: Value, order: readonly number[]): Value {
  const { node } = x;
  if (node.kind === 'op' && node.op === transposeOp.op) {
    const inner = (node.attributes as { order: readonly number[] }).order;
    return transpose(
      node.inputs[0] as Value,
      order.map((axis) => inner[axis] as number),
    );
  }
  if (order.length === x.shape.length && order.every((axis, i) => axis === i)) return x;
  return transposeOp(x, { order });
}
transpose.op = transposeOp.op;

/** Swaps the last two axes. */
export function matrixTranspose(x: Value): Value {
  const rank = x.shape.length;
  const order = Array.from({ length: rank }, (_, axis) => axis);
  return transpose(x, [...order.slice(0, rank - 2), rank - 1, rank - 2]);
}

const expandOp = defineUnary<{ readonly shape: Shape }>({
  name: 'expand',
  onnx: {
    emit: (emitter, [x], { shape }, [signature]) =>
      emitter.node('Expand', [x as string, shapeVector(emitter, shape, x as string, signature?.shape ?? [])]),
  },
  accepts: 'any',
  shape: ([x], { shape }, where) => {
    const from = x as Shape;
    if (!sameShape(broadcastShapes(from, shape, where), shape)) {
      throw new ShapeError({
        where,
        wanted: `a shape that broadcasts to ${formatShape(shape)}`,
        got: formatShape(from),
      });
    }
    if (shape.every((dim) => isReadable(dim, from))) return shape;
    throw new ShapeError({
      where,
      wanted: `lengths that can be read from ${formatShape(from)}`,
      got: formatShape(shape),
      fix: 'use expandLike() with a value that has this shape',
    });
  },
  // Reverse mode sums the cotangent back to the shape of x.
  vjp: (g) => [g],
  samples: (random) => [
    { inputs: [uniform(random, [3, 1], -2, 2)], attributes: { shape: [2, 3, 4] } },
    { about: 'from rank 0', inputs: [uniform(random, [], -2, 2)], attributes: { shape: [3, 1] } },
  ],
});

/** Repeats axes of length 1, and adds leading axes, up to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : expandOp(x, { shape });
}
expand.op = expandOp.op;

const expandLikeOp = defineVariadic({
  name: 'expandLike',
  onnx: {
    emit: (emitter, [x, like]) => emitter.node('Expand', [x as string, ...emitter.node('Shape', [like as string])]),
  },
  dtype: ([x]) => x as Dtype,
  shape: ([x, like], _attributes, where) => {
    const shape = like as Shape;
    if (sameShape(broadcastShapes(x as Shape, shape, where), shape)) return shape;
    throw new ShapeError({
      where,
      wanted: `a shape that broadcasts to ${formatShape(shape)}`,
      got: formatShape(x as Shape),
    });
  },
  // The values of `like` don't matter.
  vjp: (g) => [g, null],
  samples: (random) => [
    { inputs: [uniform(random, [3, 1], -2, 2), uniform(random, [2, 3, 4], -2, 2)], zeroGradients: [1] },
    { about: 'from rank 0', inputs: [uniform(random, [], 1, 2), fromNumbers('int64', [3, 1], [0, 0, 0])] },
  ],
});

/** `expand` to the shape of another value of any type, whose lengths may be names that x does not have. */
export function expandLike(x: Value, like: Value): Value {
  return isStatic(like.shape) ? expand(x, like.shape) : expandLikeOp([x, like]);
}
expandLike.op = expandLikeOp.op;

/** x before it was expanded, where broadcasting against `other` expands it just as far. */
export function unexpanded(x: Value, other: Value): Value {
  const { node } = x;
  if (node.kind !== 'op' || (node.op !== expandOp.op && node.op !== expandLikeOp.op)) return x;
  const inner = node.inputs[0] as Value;
  const before = broadcastShapes(inner.shape, other.shape, 'expand');
  return sameShape(before, broadcastShapes(x.shape, other.shape, 'expand')) ? inner : x;
}
