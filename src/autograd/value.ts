import { DtypeError } from '../errors/failures.js';
import { type Dtype, isFloat } from '../tensor/dtype.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { fromNumbers, type Tensor } from '../tensor/tensor.js';
import type { Op } from './op.js';

/**
 * A traced value: a tensor that will exist when the graph runs. Values are immutable and know where they
 * come from, so a graph is just the set of values reachable from its outputs; nothing is registered anywhere.
 */
export type Value = {
  readonly node: Node;
  /** Which output of the node this is. */
  readonly index: number;
  readonly dtype: Dtype;
  readonly shape: Shape;
};

export type Signature = { readonly dtype: Dtype; readonly shape: Shape };

export type InputNode = { readonly kind: 'input'; readonly name: string; readonly inputs: readonly Value[] };
export type ConstantNode = { readonly kind: 'constant'; readonly tensor: Tensor; readonly inputs: readonly Value[] };
export type OpNode = {
  readonly kind: 'op';
  readonly op: Op;
  readonly attributes: object;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
};
export type Node = InputNode | ConstantNode | OpNode;

/** A number stands for a scalar constant of the other operand's type. */
export type Operand = Value | number;

const noInputs: readonly Value[] = [];

/** A tensor that is fed when the graph runs. Two inputs of one graph must not share a name. */
export function input(name: string, dtype: Dtype, shape: Shape): Value {
  return { node: { kind: 'input', name, inputs: noInputs }, index: 0, dtype, shape };
}

/** A tensor that is part of the graph. */
export function constant(tensor: Tensor): Value {
  return { node: { kind: 'constant', tensor, inputs: noInputs }, index: 0, dtype: tensor.dtype, shape: tensor.shape };
}

/**
 * A rank-0 constant.
 * @throws DtypeError for a number that an integer type can't hold.
 */
export function scalar(value: number, dtype: Dtype = 'float32'): Value {
  if (!isFloat(dtype) && !Number.isSafeInteger(value)) {
    throw new DtypeError({ where: 'scalar', wanted: `a whole number for ${dtype}`, got: String(value) });
  }
  return constant(fromNumbers(dtype, [], [value]));
}

/** `float32[2, 3]`, as error messages print it. */
export function formatValue(value: Signature): string {
  return `${value.dtype}${formatShape(value.shape)}`;
}
