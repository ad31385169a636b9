/**
 * @file Recurrence: a body that runs once a step, carrying values along. One ONNX `Scan`, however long the sequence.
 */
import { ShapeError } from '../../errors/failures.js';
import { type Dtype, isFloat } from '../../tensor/dtype.js';
import { type Dim, formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import { vectorJacobianProduct, zerosLike } from '../backward.js';
import { applyOp } from '../op.js';
import { substitute } from '../rewrite.js';
import { topologicalOrder } from '../topological-order.js';
import { input, type Node, type Op, type Value } from '../value.js';
import { add, mul, tanh } from './elementwise.js';
import { uniform } from './samples.js';

/** One loop. Outputs of its node: the last carries, then one stack for each of `stacked`. */
type Body = {
  /** Values at the start of a step. */
  readonly carryIn: readonly Value[];
  /** Slices of the sequences at a step. */
  readonly sliceIn: readonly Value[];
  readonly carryOut: readonly Value[];
  /**
   * Values of the body whose stacks over all steps are outputs. Any value of the body can be stacked; the backward
   * pass adds to this list what it needs of the forward one, and what nothing reads is not written.
   */
  readonly stacked: Value[];
  /** Values from outside that the body reads. */
  readonly captured: readonly Value[];
  readonly length: Dim;
  readonly isReversed: boolean;
};

export type ScanRequest = {
  /** Values carried from step to step, as they are before the first. */
  readonly carry: readonly Value[];
  /** Sequences, [T, ..]; the body sees one slice [..] a step. */
  readonly sequences?: readonly Value[];
  /** From the last slice to the first; stacks keep the order of the sequences. */
  readonly isReversed?: boolean;
  /** Traced once. Values from outside may be used freely. */
  readonly body: (
    carry: readonly Value[],
    slices: readonly Value[],
  ) => { readonly carry: readonly Value[]; readonly stack?: readonly Value[] };
};

export type ScanResult = {
  /** The carries after the last step. */
  readonly carry: readonly Value[];
  /** Each value of the body's `stack` over all steps, [T, ..]. */
  readonly stacks: readonly Value[];
};

function bodyOf(attributes: object): Body {
  return attributes as Body;
}

/** Nodes of the body that depend on a step: all others belong outside. */
function innerNodes(body: Pick<Body, 'carryIn' | 'sliceIn'>, results: readonly Value[]): Set<Node> {
  const inner = new Set<Node>([...body.carryIn, ...body.sliceIn].map((value) => value.node));
  for (const node of topologicalOrder(results)) {
    if (node.inputs.some((value) => inner.has(value.node))) inner.add(node);
  }
  return inner;
}

/** What the results read from outside the loop, constants left out: those are written where they are used. */
function captures(inner: ReadonlySet<Node>, results: readonly Value[]): Value[] {
  const captured = new Map<Node, Map<number, Value>>();
  const note = (value: Value): void => {
    if (inner.has(value.node) || value.node.kind === 'constant') return;
    const outputs = captured.get(value.node) ?? new Map<number, Value>();
    captured.set(value.node, outputs.set(value.index, value));
  };
  for (const value of results) note(value);
  for (const node of topologicalOrder(results, (candidate) => inner.has(candidate))) node.inputs.forEach(note);
  return [...captured.values()].flatMap((outputs) => [...outputs.values()]);
}

const scanOp: Op = {
  name: 'scan',
  isIdentifiedByAttributes: true,
  compose: undefined,
  infer: (_inputs, attributes) => {
    const { carryOut, stacked, length } = bodyOf(attributes);
    return [
      ...carryOut.map(({ dtype, shape }) => ({ dtype, shape })),
      ...stacked.map(({ dtype, shape }) => ({ dtype, shape: [length, ...shape] })),
    ];
  },
  onnx: {
    emit: (emitter, inputs, attributes, values) => {
      const body = bodyOf(attributes);
      const carries = body.carryOut.length;
      const written = body.stacked.map((_, i) => i).filter((i) => emitter.isUsed(carries + i));
      const results = [...body.carryOut, ...written.map((i) => body.stacked[i] as Value)];
      const first = carries + body.sliceIn.length;
      const captured = body.captured.map((value, i) => [value, values[first + i] as Value] as const);
      const graph = emitter.subgraph([...body.carryIn, ...body.sliceIn], results, new Map(captured));
      const direction = body.isReversed ? 1 : 0;
      const names = emitter.node(
        'Scan',
        inputs.slice(0, first),
        {
          body: { kind: 'graph', value: graph },
          num_scan_inputs: { kind: 'int', value: body.sliceIn.length },
          scan_input_directions: { kind: 'ints', value: body.sliceIn.map(() => direction) },
          scan_output_directions: { kind: 'ints', value: written.map(() => direction) },
        },
        results.length,
      );
      const outputs = names.slice(0, carries);
      for (const [position, i] of written.entries()) outputs[carries + i] = names[carries + position] as string;
      return outputs;
    },
  },
  vjp: (g, inputs, outputs, attributes) => scanVjp(g, inputs, outputs, bodyOf(attributes)),
  samples: (random) =>
    [false, true].map((isReversed) => {
      // h <- tanh(h * w + x) with w from outside, and h * x stacked.
      const width = isReversed ? 1 : 2;
      const carry = input('carry', 'float64', [width]);
      const sequence = input('sequence', 'float64', [3, width]);
      const weight = input('weight', 'float64', [width]);
      const { carry: last } = scan({
        carry: [carry],
        sequences: [sequence],
        isReversed,
        body: ([h], [x]) => {
          const next = tanh(add(mul(h as Value, weight), x as Value));
          return { carry: [next], stack: [mul(next, x as Value)] };
        },
      });
      const [{ node }] = last as [Value];
      return {
        about: isReversed ? 'reversed, width 1' : 'forward',
        inputs: [
          uniform(random, [width], 0.2, 0.4),
          uniform(random, [3, width], 0.1, 0.3),
          uniform(random, [width], 0.7, 1),
        ],
        attributes: node.kind === 'op' ? node.attributes : {},
      };
    }),
};

/** The stack of a value of the body, made an output of the loop's node if it is not one yet. */
function stackOf(node: Node, body: Body, value: Value): Value {
  if (node.kind !== 'op') throw new TypeError('a loop is an op');
  if (!body.stacked.includes(value)) body.stacked.push(value);
  const outputs = node.outputs as Value[];
  for (const { dtype, shape } of body.stacked.slice(outputs.length - body.carryOut.length)) {
    outputs.push({ node, index: outputs.length, dtype, shape: [body.length, ...shape] });
  }
  return outputs[body.carryOut.length + body.stacked.indexOf(value)] as Value;
}

/**
 * The backward pass is a loop over the same steps in the opposite order. It carries the cotangents of the carries and
 * of what the body captured; what it needs of the forward pass is stacked there, nothing is computed twice.
 */
function scanVjp(
  g: readonly (Value | null)[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  body: Body,
): (Value | null)[] {
  const [first] = outputs;
  const node = (first as Value).node;
  const carries = body.carryOut.length;
  const isDifferentiable = ({ dtype }: Value) => isFloat(dtype);
  const floatCarries = body.carryIn.flatMap((value, i) => (isDifferentiable(value) ? [i] : []));
  const floatSlices = body.sliceIn.flatMap((value, i) => (isDifferentiable(value) ? [i] : []));
  const floatCaptured = body.captured.flatMap((value, i) => (isDifferentiable(value) ? [i] : []));

  // The body's own backward pass, in terms of cotangents at a step.
  const carryCotangents = floatCarries.map((i) => placeholder(body.carryOut[i] as Value));
  const stackCotangents = body.stacked.flatMap((value, i) => {
    const arriving = g[carries + i] ?? null;
    return arriving === null ? [] : [{ value, arriving, atStep: placeholder(value) }];
  });
  const wrt = [
    ...floatCarries.map((i) => body.carryIn[i] as Value),
    ...floatSlices.map((i) => body.sliceIn[i] as Value),
    ...floatCaptured.map((i) => body.captured[i] as Value),
  ];
  const atStep = vectorJacobianProduct(
    [
      ...floatCarries.map((i, k) => [body.carryOut[i] as Value, carryCotangents[k] as Value] as const),
      ...stackCotangents.map(({ value, atStep: cotangent }) => [value, cotangent] as const),
    ],
    wrt,
  );
  const toCarries = atStep.slice(0, floatCarries.length);
  const toSlices = atStep.slice(floatCarries.length, floatCarries.length + floatSlices.length);
  const toCaptured = atStep.slice(floatCarries.length + floatSlices.length);

  // Values of the forward body that it reads come back as sequences.
  const forward = innerNodes(body, [...body.carryOut, ...body.stacked]);
  const needed = neededOf(forward, atStep);
  const sequences = needed.map((value) => {
    const slice = body.sliceIn.indexOf(value);
    return slice >= 0 ? (inputs[carries + slice] as Value) : stackOf(node, body, value);
  });

  const result = scan({
    carry: [
      ...floatCarries.map((i) => g[i] ?? zerosLike(outputs[i] as Value)),
      ...floatCaptured.map((i) => zerosLike(body.captured[i] as Value)),
    ],
    sequences: [...stackCotangents.map(({ arriving }) => arriving), ...sequences],
    isReversed: !body.isReversed,
    body: (carry, slices) => {
      const replacements = new Map<Value, Value>([
        ...carryCotangents.map((value, k) => [value, carry[k] as Value] as const),
        ...stackCotangents.map(({ atStep: value }, k) => [value, slices[k] as Value] as const),
        ...needed.map((value, k) => [value, slices[stackCotangents.length + k] as Value] as const),
        ...body.captured.map((value, i) => [value, inputs[carries + body.sliceIn.length + i] as Value] as const),
      ]);
      const replaced = substitute([...toCarries, ...toCaptured, ...toSlices], replacements);
      const forCarries = replaced.slice(0, toCarries.length);
      const forCaptured = replaced.slice(toCarries.length, toCarries.length + toCaptured.length);
      const sums = forCaptured.map((value, k) => add(carry[toCarries.length + k] as Value, value));
      return { carry: [...forCarries, ...sums], stack: replaced.slice(toCarries.length + toCaptured.length) };
    },
  });

  const toInputs: (Value | null)[] = inputs.map(() => null);
  floatCarries.forEach((i, k) => {
    toInputs[i] = result.carry[k] as Value;
  });
  floatSlices.forEach((i, k) => {
    toInputs[carries + i] = result.stacks[k] as Value;
  });
  floatCaptured.forEach((i, k) => {
    toInputs[carries + body.sliceIn.length + i] = result.carry[floatCarries.length + k] as Value;
  });
  return toInputs;
}

/** Values of `forward` nodes that the expressions read directly. */
function neededOf(forward: ReadonlySet<Node>, expressions: readonly Value[]): Value[] {
  const needed = new Set<Value>();
  const note = (value: Value): void => {
    if (forward.has(value.node)) needed.add(value);
  };
  expressions.forEach(note);
  for (const node of topologicalOrder(expressions, (candidate) => !forward.has(candidate))) node.inputs.forEach(note);
  return [...needed];
}

let placeholders = 0;

/** A leaf that stands for a value of a step until the loop is written. */
function placeholder({ dtype, shape }: { readonly dtype: Dtype; readonly shape: Shape }): Value {
  return input(`step:${placeholders++}`, dtype, shape);
}

/**
 * Runs `body` once for each slice of the sequences, in order, carrying values along.
 * @throws ShapeError if the sequences differ in length or a carry changes its type or shape.
 */
export function scan({ carry, sequences = [], isReversed = false, body }: ScanRequest): ScanResult {
  const [length] = sequences.map(({ shape }) => shape[0]);
  if (length === undefined || sequences.some(({ shape }) => shape[0] !== length)) {
    throw new ShapeError({
      where: 'scan',
      wanted: 'at least one sequence, all of one length',
      got: sequences.map(({ shape }) => formatShape(shape)).join(', ') || 'none',
    });
  }
  const carryIn = carry.map(placeholder);
  const sliceIn = sequences.map(({ dtype, shape }) => placeholder({ dtype, shape: shape.slice(1) }));
  const traced = body(carryIn, sliceIn);
  for (const [i, before] of carry.entries()) {
    const after = traced.carry[i];
    if (after !== undefined && after.dtype === before.dtype && sameShape(after.shape, before.shape)) continue;
    throw new ShapeError({
      where: `scan, carry ${i}`,
      wanted: `${before.dtype}${formatShape(before.shape)} after a step, as before it`,
      got: after === undefined ? 'nothing' : `${after.dtype}${formatShape(after.shape)}`,
    });
  }
  const stacked = [...(traced.stack ?? [])];
  const results = [...traced.carry, ...stacked];
  const captured = captures(innerNodes({ carryIn, sliceIn }, results), results);
  const attributes: Body = { carryIn, sliceIn, carryOut: traced.carry, stacked, captured, length, isReversed };
  const outputs = applyOp(scanOp, [...carry, ...sequences, ...captured], attributes);
  return { carry: outputs.slice(0, carry.length), stacks: outputs.slice(carry.length) };
}
scan.op = scanOp;
