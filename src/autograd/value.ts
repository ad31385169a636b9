/** @file Traced values, and the ops that make them: what a graph consists of. */

import { DtypeError } from '../errors/failures.js';
import type { OnnxAttribute, OnnxGraph } from '../onnx/graph.js';
import { type Dtype, isFloat } from '../tensor/dtype.js';
import type { RandomStream } from '../tensor/random.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { fromNumbers, type Tensor } from '../tensor/tensor.js';

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

/** Which graph is being written: one that trains, or one that is shipped. */
export type GraphForm = 'training' | 'export';

/** What an op's lowering may use to write ONNX nodes. Names stand for tensors. */
export type Emitter = {
  readonly form: GraphForm;
  /** Adds a node and returns the names of its outputs. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    outputs?: number,
  ): string[];
  /**
   * Says what a name of `node` stands for; outputs of the op are declared by themselves. When ONNX Runtime opens a
   * session it searches, for each tensor of unknown lengths, all free buffers in vain.
   */
  declare(name: string, signature: Signature): void;
  /** The name of a constant; equal constants are written once. */
  constant(tensor: Tensor): string;
  /** Whether anything reads output `index` of the node that is being written. */
  isUsed(index: number): boolean;
  /**
   * A graph of its own inside this one, e.g. the body of a loop. `captured` says which values of this graph stand for
   * those that the results read from outside.
   */
  subgraph(parameters: readonly Value[], results: readonly Value[], captured: ReadonlyMap<Value, Value>): OnnxGraph;
};

/**
 * How an op becomes ONNX: one node of a type with attributes (`since` is the opset that introduced the form
 * used), or a function that writes several.
 */
export type OnnxForm<A> =
  | {
      readonly type: string;
      readonly since: number;
      readonly attributes?: (attributes: A, inputs: readonly Signature[]) => Readonly<Record<string, OnnxAttribute>>;
    }
  | {
      readonly emit: (
        emitter: Emitter,
        inputs: readonly string[],
        attributes: A,
        values: readonly Value[],
        outputs: readonly Value[],
      ) => string[];
    };

/** One point at which the generated gradient test runs the op. Floating inputs are made float64 there. */
export type Sample<A> = {
  /** What this point is about, for the test's name. */
  readonly about?: string;
  /** The same tensor object in two places is one value used twice. */
  readonly inputs: readonly Tensor[];
  readonly attributes?: A;
  /** Inputs whose gradient is zero here by theory; elsewhere a vanishing gradient is a point that shows nothing. */
  readonly zeroGradients?: readonly number[];
};

export type NotDifferentiable = { readonly notDifferentiable: string };

/** The table entry as the rest of the engine sees it. */
export type Op = {
  readonly name: string;
  readonly onnx: OnnxForm<object>;
  /** See `OpDefinition`; an op with several outputs returns as many. */
  readonly compose:
    | ((inputs: readonly Value[], attributes: object, form: GraphForm) => Value | readonly Value[] | undefined)
    | undefined;
  readonly simplify?: ((inputs: readonly Value[], attributes: object) => Value | undefined) | undefined;
  readonly infer: (inputs: readonly Value[], attributes: object, where: string) => readonly Signature[];
  readonly vjp:
    | ((
        g: readonly (Value | null)[],
        inputs: readonly Value[],
        y: readonly Value[],
        attributes: object,
      ) => readonly (Value | null)[])
    | NotDifferentiable;
  readonly samples: (random: RandomStream) => readonly Sample<object>[];
  /** Attributes that JSON can't tell apart: two nodes are the same only if they share the attributes object. */
  readonly isIdentifiedByAttributes?: boolean;
};

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
    throw new DtypeError({ where: 'scalar', wanted: `an integer for ${dtype}`, got: String(value) });
  }
  return constant(fromNumbers(dtype, [], [value]));
}

/** `float32[2, 3]`, as error messages print it. */
export function formatValue(value: Signature): string {
  return `${value.dtype}${formatShape(value.shape)}`;
}
