/** @file How an op is written down, as one entry of the table, and how it is applied. */
import { DtypeError } from '../errors/failures.js';
import { RetortError } from '../errors/retort-error.js';
import { type Dtype, isFloat } from '../tensor/dtype.js';
import type { RandomStream } from '../tensor/random.js';
import type { Shape } from '../tensor/shape.js';
import {
  formatValue,
  type GraphForm,
  type Node,
  type NotDifferentiable,
  type OnnxForm,
  type Op,
  type Operand,
  type Sample,
  type Signature,
  scalar,
  type Value,
} from './value.js';

type Common<A> = {
  readonly name: string;
  readonly onnx: OnnxForm<A>;
  /**
   * The op written with other ops. Used instead of `onnx` where it returns a value: for float64 where ONNX
   * Runtime has no such kernel, or in training graphs where the backward pass shares the parts.
   */
  readonly compose?: (inputs: readonly Value[], attributes: A, form: GraphForm) => Value | undefined;
  /** A cheaper expression of the same value, for inputs where there is one. */
  readonly simplify?: (inputs: readonly Value[], attributes: A) => Value | undefined;
  /** Points for the generated gradient test, away from kinks. Include broadcasting and axes of length 1. */
  readonly samples: (random: RandomStream) => readonly Sample<A>[];
};

/** One entry of the op table. */
export type OpDefinition<A extends object> = Common<A> & {
  readonly shape: (shapes: readonly Shape[], attributes: A, where: string) => Shape;
  /** Default: all inputs have one type, and so has the result. */
  readonly dtype?: (dtypes: readonly Dtype[], attributes: A, where: string) => Dtype;
  /** Restricts the inputs' type where the default rule applies. */
  readonly accepts?: 'float' | 'any';
  /**
   * Cotangents of the inputs from the cotangent `g` of the output `y`; null where an input has none. They may
   * have the broadcast shape: reverse mode sums them back. Required: an op without a derivative says why.
   */
  readonly vjp:
    | ((g: Value, inputs: readonly Value[], y: Value, attributes: A) => readonly (Value | null)[])
    | NotDifferentiable;
};

/** Frames of this folder are not where the user's mistake is. A folder of the user's may have the same name. */
const ownFolder = new URL('.', import.meta.url).pathname;
const ownFrames = [ownFolder, decodeURI(ownFolder), 'node:internal'];

function callSite(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  const frame = frames.find((line) => !ownFrames.some((own) => line.includes(own)));
  const place = frame?.match(/([^/\\(]+:\d+):\d+\)?$/)?.[1];
  return place === undefined ? '' : ` at ${place}`;
}

/** A value for an operand; numbers take `dtype`. */
export function asValue(operand: Operand, dtype: Dtype): Value {
  return typeof operand === 'number' ? scalar(operand, dtype) : operand;
}

/** Numbers become scalars of the first traced operand's type. */
export function asValues(operands: readonly Operand[]): Value[] {
  const traced = operands.find((operand) => typeof operand !== 'number');
  const dtype = traced?.dtype ?? 'float32';
  return operands.map((operand) => asValue(operand, dtype));
}

/** Runs the checks of a call; what they throw then names the call: `matmul(float32[2, 3], float32[4, 5]) at file.ts:12`. */
export function checkCall<T>(name: string, inputs: readonly Signature[], check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    const call = `${name}(${inputs.map(formatValue).join(', ')})${callSite()}`;
    const Failure = error.constructor as new (details: object) => RetortError;
    throw new Failure({ where: call, wanted: error.wanted, got: error.got, fix: error.fix });
  }
}

/**
 * Applies an op: checks types and shapes and returns the traced outputs.
 * @throws ShapeError or DtypeError naming the op, its operands and the line that called it.
 */
export function applyOp(op: Op, inputs: readonly Value[], attributes: object): readonly Value[] {
  const signatures = checkCall(op.name, inputs, () => op.infer(inputs, attributes, op.name));
  const outputs: Value[] = [];
  const node: Node = { kind: 'op', op, attributes, inputs, outputs };
  for (const [index, { dtype, shape }] of signatures.entries()) outputs.push({ node, index, dtype, shape });
  return outputs;
}

function oneType(dtypes: readonly Dtype[], accepts: 'float' | 'any', where: string): Dtype {
  const [first] = dtypes;
  if (first === undefined || dtypes.some((dtype) => dtype !== first)) {
    throw new DtypeError({ where, wanted: 'operands of one type', got: dtypes.join(', '), fix: 'cast one of them' });
  }
  if (accepts === 'float' && !isFloat(first)) {
    throw new DtypeError({ where, wanted: 'float32 or float64', got: first, fix: 'cast it first' });
  }
  return first;
}

function toOp<A extends object>(definition: OpDefinition<A>): Op {
  const { vjp } = definition;
  // The attributes of a node were checked against A by the call that made the node.
  return {
    name: definition.name,
    onnx: definition.onnx as OnnxForm<object>,
    compose: definition.compose as Op['compose'],
    simplify: definition.simplify as Op['simplify'],
    infer: (inputs, attributes, where) => {
      const own = attributes as A;
      const dtypes = inputs.map((value) => value.dtype);
      const dtype = definition.dtype?.(dtypes, own, where) ?? oneType(dtypes, definition.accepts ?? 'float', where);
      const shapes = inputs.map((value) => value.shape);
      return [{ dtype, shape: definition.shape(shapes, own, where) }];
    },
    vjp:
      typeof vjp === 'function'
        ? ([g], inputs, [y], attributes) => vjp(g as Value, inputs, y as Value, attributes as A)
        : vjp,
    samples: definition.samples as Op['samples'],
  };
}

/** An op with one operand, e.g. `softmax(x, { axis: -1 })`. */
export type UnaryOp<A extends object = NoAttributes> = { readonly op: Op } & (object extends A
  ? (x: Value, attributes?: A) => Value
  : (x: Value, attributes: A) => Value);
export type BinaryOp<A extends object = NoAttributes> = { readonly op: Op } & (object extends A
  ? (a: Operand, b: Operand, attributes?: A) => Value
  : (a: Operand, b: Operand, attributes: A) => Value);
export type VariadicOp<A extends object = NoAttributes> = { readonly op: Op } & (object extends A
  ? (operands: readonly Operand[], attributes?: A) => Value
  : (operands: readonly Operand[], attributes: A) => Value);

/** Ops without attributes. */
export type NoAttributes = object;

/** Defines an op with one operand. See `docs/engine.md` for a walk through one entry. */
export function defineUnary<A extends object = NoAttributes>(definition: OpDefinition<A>): UnaryOp<A> {
  const op = toOp(definition);
  const call = (x: Value, attributes: object = {}) => applyOp(op, [x], attributes)[0] as Value;
  return Object.assign(call, { op }) as UnaryOp<A>;
}

/** Defines an op with two operands, either of which may be a number. */
export function defineBinary<A extends object = NoAttributes>(definition: OpDefinition<A>): BinaryOp<A> {
  const op = toOp(definition);
  const call = (a: Operand, b: Operand, attributes: object = {}) =>
    applyOp(op, asValues([a, b]), attributes)[0] as Value;
  return Object.assign(call, { op }) as BinaryOp<A>;
}

/** Defines an op over a list of operands. */
export function defineVariadic<A extends object = NoAttributes>(definition: OpDefinition<A>): VariadicOp<A> {
  const op = toOp(definition);
  const call = (operands: readonly Operand[], attributes: object = {}) =>
    applyOp(op, asValues(operands), attributes)[0] as Value;
  return Object.assign(call, { op }) as VariadicOp<A>;
}
