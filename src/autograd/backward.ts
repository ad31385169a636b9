/** @file Reverse mode: gradients as traced values, written with the ops of the table. */
import { DtypeError, ShapeError } from '../errors/failures.js';
import { isFloat } from '../tensor/dtype.js';
import { type Dim, dimProduct, formatShape, isStatic, sameShape, sizeOf } from '../tensor/shape.js';
import { fromNumbers } from '../tensor/tensor.js';
import { add } from './ops/elementwise.js';
import { matmul } from './ops/matmul.js';
import { sum } from './ops/reduce.js';
import { expand, expandLike, reshape } from './ops/shaping.js';
import { slice } from './ops/slicing.js';
import { inputsOf, topologicalOrder } from './topological-order.js';
import { constant, formatValue, type Node, type Value } from './value.js';

/** Cotangents by value, added up as they arrive. */
class Cotangents {
  readonly #byNode = new Map<Node, (Value | null)[]>();

  get(value: Value): Value | null {
    return this.#byNode.get(value.node)?.[value.index] ?? null;
  }

  ofNode(node: Node, outputs: number): (Value | null)[] {
    const held = this.#byNode.get(node) ?? [];
    return Array.from({ length: outputs }, (_, index) => held[index] ?? null);
  }

  add(value: Value, cotangent: Value): void {
    const held = this.#byNode.get(value.node) ?? [];
    this.#byNode.set(value.node, held);
    const before = held[value.index] ?? null;
    held[value.index] = before === null ? cotangent : add(before, cotangent);
  }
}

/**
 * Undoes broadcasting: a cotangent of a broadcast shape is summed over the axes that were repeated. The one
 * place where the reverse of `broadcastShapes` is written down.
 */
function sumToShape(cotangent: Value, like: Value, inputs: readonly Value[]): Value {
  if (sameShape(cotangent.shape, like.shape)) return cotangent;
  const added = cotangent.shape.length - like.shape.length;
  const axes = cotangent.shape.flatMap((dim, axis) =>
    axis < added || (like.shape[axis - added] === 1 && dim !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return reshape(cotangent, like.shape);
  if (axes.length === cotangent.shape.length - 1 && like.shape.at(-1) === cotangent.shape.at(-1)) {
    return reshape(columnSums(cotangent, inputs), like.shape);
  }
  return reshape(sum(cotangent, { axes }), like.shape);
}

/**
 * Sums over all axes but the last, [.., H] -> [1, H], as a product with a row of ones: the gradient of a bias. ONNX
 * Runtime's ReduceSum takes 2–4 times as long on the shapes of a transformer.
 * @param inputs those of the graph. One with as many elements as x has rows says how many that is, for all sums alike.
 */
function columnSums(x: Value, inputs: readonly Value[]): Value {
  const width = x.shape.at(-1) as Dim;
  const rows = dimProduct(x.shape.slice(0, -1));
  const matrix = reshape(x, [rows, width]);
  const one = constant(fromNumbers(x.dtype, [], [1]));
  const aRow = () =>
    inputs.find(({ shape }) => dimProduct(shape) === rows) ?? slice(matrix, { axis: 1, start: 0, end: 1 });
  const ones = typeof rows === 'number' ? expand(one, [1, rows]) : expandLike(one, reshape(aRow(), [1, rows]));
  return matmul(ones, matrix); // [1, rows] x [rows, H] -> [1, H]
}

/** Zeros of a value's type and shape. */
export function zerosLike(value: Value): Value {
  const { shape } = value;
  const zero = constant(fromNumbers(value.dtype, [], [0]));
  return isStatic(shape) && sizeOf(shape) === 1 ? reshape(zero, shape) : expandLike(zero, value);
}

/**
 * Vector-Jacobian products: Σ over outputs of cotangentᵀ · ∂output/∂x, for each x of `wrt`.
 * @param outputs Pairs of a value and its cotangent, of one shape.
 * @param wrt Values to differentiate by; a gradient stops there.
 * @returns One value for each of `wrt`, of its shape; zeros where no output depends on it.
 * @throws ShapeError, DtypeError if a cotangent does not fit or a `wrt` is not floating.
 */
export function vectorJacobianProduct(
  outputs: readonly (readonly [output: Value, cotangent: Value])[],
  wrt: readonly Value[],
): Value[] {
  for (const value of wrt) {
    if (isFloat(value.dtype)) continue;
    throw new DtypeError({
      where: 'gradient',
      wanted: 'a floating value to differentiate by',
      got: formatValue(value),
    });
  }
  for (const [output, cotangent] of outputs) {
    if (sameShape(output.shape, cotangent.shape)) continue;
    throw new ShapeError({
      where: 'gradient',
      wanted: `a cotangent ${formatShape(output.shape)}`,
      got: formatShape(cotangent.shape),
    });
  }
  const targets = new Set(wrt.map((value) => value.node));
  const results = outputs.map(([output]) => output);
  const order = topologicalOrder(results);
  // Only nodes on a path from an output to a target carry cotangents.
  const relevant = new Set<Node>(targets);
  for (const node of order) if (node.inputs.some((value) => relevant.has(value.node))) relevant.add(node);

  const inputs = [...inputsOf(results, order).values()];
  const cotangents = new Cotangents();
  for (const [output, cotangent] of outputs) if (relevant.has(output.node)) cotangents.add(output, cotangent);
  for (const node of order.reverse()) {
    if (node.kind !== 'op' || !relevant.has(node)) continue;
    const { vjp } = node.op;
    if (typeof vjp !== 'function') continue;
    // A target in mid-graph is a leaf here: what lies behind it is not asked for.
    if (targets.has(node) && !node.inputs.some((value) => relevant.has(value.node))) continue;
    const arriving = cotangents.ofNode(node, node.outputs.length);
    if (arriving.every((g) => g === null)) continue;
    const toInputs = vjp(arriving, node.inputs, node.outputs, node.attributes);
    for (const [i, value] of node.inputs.entries()) {
      const cotangent = toInputs[i] ?? null;
      if (cotangent !== null && relevant.has(value.node)) cotangents.add(value, sumToShape(cotangent, value, inputs));
    }
  }
  return wrt.map((value) => cotangents.get(value) ?? zerosLike(value));
}

/**
 * Gradients of a scalar by each of `wrt`.
 * @throws ShapeError if the loss is not a scalar.
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length !== 0) {
    throw new ShapeError({
      where: 'gradients',
      wanted: 'a loss of rank 0',
      got: formatValue(loss),
      fix: 'reduce it with sum() or mean()',
    });
  }
  return vectorJacobianProduct([[loss, constant(fromNumbers(loss.dtype, [], [1]))]], wrt);
}
