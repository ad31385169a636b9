/**
 * @file Long short-term memory over whole sequences (Hochreiter & Schmidhuber 1997). In training graphs one loop for
 * both directions; in shipped graphs ONNX's LSTM, which hides its gates and so can't be differentiated.
 */
import { DtypeError, ShapeError } from '../../errors/failures.js';
import { isFloat } from '../../tensor/dtype.js';
import { type Dim, dimProduct, formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { applyOp } from '../op.js';
import { type Op, type Signature, scalar, type Value } from '../value.js';
import { cast, equal, less } from './compare.js';
import { add, mul, sigmoid, sub, tanh } from './elementwise.js';
import { gather, positions } from './indexing.js';
import { linearProduct, matmul } from './matmul.js';
import { sum } from './reduce.js';
import { uniform } from './samples.js';
import { scan } from './scan.js';
import { expandLike, matrixTranspose, reshape } from './shaping.js';
import { concat, slice } from './slicing.js';

/** The weights of one direction in PyTorch's layout; the gates are stacked in the order i, f, g, o. */
export type LstmDirection = {
  /** [4H, I] */
  readonly weightIh: Value;
  /** [4H, H] */
  readonly weightHh: Value;
  /** [4H] */
  readonly biasIh: Value;
  /** [4H] */
  readonly biasHh: Value;
};

export type LstmResult = {
  /** [T, B, D·H], zero beyond a row's length; the directions stand side by side. */
  readonly output: Value;
  /** [D, B, H] after a row's last token, for the second direction after its first. */
  readonly h: Value;
  readonly c: Value;
};

type Attributes = {
  /** Whether the values that the backward pass reads are outputs too; see `Steps`. */
  readonly keepsSteps: boolean;
};

/**
 * Values at every step, [T, D, B, H] each. Axis T counts steps: the second direction's first step is at the last token.
 */
type Steps = Readonly<
  Record<'cell' | 'hiddenBefore' | 'cellBefore' | 'inputGate' | 'forgetGate' | 'candidate' | 'outputGate', Value>
>;
const STEP_OUTPUTS = 7;

type Operands = { readonly x: Value; readonly lengths: Value; readonly directions: readonly LstmDirection[] };

function operandsOf([x, lengths, ...weights]: readonly Value[]): Operands {
  const directions: LstmDirection[] = [];
  for (let i = 0; i < weights.length; i += 4) {
    const [weightIh, weightHh, biasIh, biasHh] = weights.slice(i, i + 4) as [Value, Value, Value, Value];
    directions.push({ weightIh, weightHh, biasIh, biasHh });
  }
  return { x: x as Value, lengths: lengths as Value, directions };
}

const hiddenSize = ({ directions }: Operands): number => directions[0]?.weightHh.shape[1] as number;

function infer(inputs: readonly Value[], attributes: object, where: string): readonly Signature[] {
  const operands = operandsOf(inputs);
  const { x, lengths, directions } = operands;
  const floats = [x, ...directions.flatMap((direction) => Object.values(direction))];
  const { dtype } = x;
  if (!isFloat(dtype) || floats.some((value) => value.dtype !== dtype) || lengths.dtype !== 'int64') {
    const got = [x, lengths, ...floats.slice(1)].map((value) => value.dtype).join(', ');
    throw new DtypeError({ where, wanted: 'floats of one type, and int64 lengths', got });
  }
  const [T, B, I] = x.shape as [Dim, Dim, Dim];
  const H = hiddenSize(operands);
  const wanted: Shape[] = [[4 * H, I], [4 * H, H], [4 * H], [4 * H]];
  const fits =
    x.shape.length === 3 &&
    sameShape(lengths.shape, [B]) &&
    directions.every(({ weightIh, weightHh, biasIh, biasHh }) =>
      [weightIh, weightHh, biasIh, biasHh].every(({ shape }, i) => sameShape(shape, wanted[i] as Shape)),
    );
  if (!fits) {
    throw new ShapeError({
      where,
      wanted: 'x [T, B, I], lengths [B], and for each direction weights [4H, I], [4H, H] and biases [4H], [4H]',
      got: inputs.map(({ shape }) => formatShape(shape)).join(', '),
    });
  }
  const D = directions.length;
  const shapes: Shape[] = [
    [T, B, D * H],
    [D, B, H],
    [D, B, H],
  ];
  const { keepsSteps } = attributes as Attributes;
  if (keepsSteps) for (let i = 0; i < STEP_OUTPUTS; i++) shapes.push([T, D, B, H]);
  return shapes.map((shape) => ({ dtype, shape }));
}

/** x [T, ..] from the last row to the first. */
function reversed(x: Value): Value {
  // −1, −2 …: Gather counts negative numbers from the end.
  return gather(x, sub(scalar(-1, 'int64'), positions(x, { axis: 0 })));
}

/** From the order of tokens to the order of steps, and back. */
const inStepOrder = (x: Value, direction: number): Value => (direction === 0 ? x : reversed(x));

/** One value [T, B, N] a direction, in the order of tokens -> [T, D, B, N] in the order of steps. */
function joinDirections(values: readonly Value[]): Value {
  const rows = values.map((value, d) => {
    const [T, B, N] = value.shape as [Dim, Dim, Dim];
    return reshape(inStepOrder(value, d), [T, 1, B, N]);
  });
  return rows.length === 1 ? (rows[0] as Value) : concat(rows, { axis: 1 });
}

/** [T, D, B, N] -> one [T, B, N] a direction, still in the order of steps. */
function splitDirections(x: Value): Value[] {
  const [T, D, B, N] = x.shape as [Dim, number, Dim, Dim];
  return Array.from({ length: D }, (_, d) =>
    reshape(D === 1 ? x : slice(x, { axis: 1, start: d, end: d + 1 }), [T, B, N]),
  );
}

/** Stacks matrices: [D, M, N]. */
function stackMatrices(matrices: readonly Value[]): Value {
  const rows = matrices.map((matrix) => reshape(matrix, [1, ...matrix.shape]));
  return rows.length === 1 ? (rows[0] as Value) : concat(rows, { axis: 0 });
}

/** 1 where a step is at a token, 0 beyond the length; and 1 at a direction's last token alone: [T, D, B, 1]. */
function masks({ x, lengths, directions }: Operands): { readonly isToken: Value; readonly isLast: Value } {
  const [T, B] = x.shape as [Dim, Dim];
  const position = reshape(positions(x, { axis: 0 }), [T, 1]);
  const length = reshape(lengths, [1, B]);
  const mask = (condition: (direction: number) => Value): Value =>
    joinDirections(directions.map((_, d) => reshape(cast(condition(d), { to: x.dtype }), [T, B, 1])));
  return {
    isToken: mask(() => less(position, length)), // [T, 1] < [1, B]
    isLast: mask((d) => equal(position, d === 0 ? sub(length, 1) : mul(length, 0))),
  };
}

/** The op as a loop: its outputs, then the steps'. */
function runSteps(inputs: readonly Value[]): Value[] {
  const operands = operandsOf(inputs);
  const { x, directions } = operands;
  const [, B] = x.shape as [Dim, Dim];
  const D = directions.length;
  const H = hiddenSize(operands);
  const fromInput = joinDirections(
    directions.map(({ weightIh, biasIh, biasHh }) => add(linearProduct(x, weightIh), add(biasIh, biasHh))),
  ); // [T, B, I] x [4H, I] -> [T, D, B, 4H]
  const recurrent = stackMatrices(directions.map(({ weightHh }) => matrixTranspose(weightHh))); // [D, H, 4H]
  const { isToken, isLast } = masks(operands);
  const one = slice(slice(fromInput, { axis: 0, start: 0, end: 1 }), { axis: 3, start: 0, end: H });
  const zero = expandLike(scalar(0, x.dtype), reshape(one, [D, B, H]));
  const { stacks } = scan({
    carry: [zero, zero],
    sequences: [fromInput, isToken],
    body: ([hiddenBefore, cellBefore], [projected, isTokenNow]) => {
      const gates = add(matmul(hiddenBefore as Value, recurrent), projected as Value); // [D, B, 4H]
      const gate = (k: number): Value => slice(gates, { axis: 2, start: k * H, end: (k + 1) * H }); // [D, B, H]
      const [inputGate, forgetGate, outputGate] = [sigmoid(gate(0)), sigmoid(gate(1)), sigmoid(gate(3))];
      const candidate = tanh(gate(2));
      // Zero beyond the length, and with it the hidden state: so the second direction starts at a row's last token.
      const cell = mul(add(mul(forgetGate, cellBefore as Value), mul(inputGate, candidate)), isTokenNow as Value);
      const hidden = mul(outputGate, tanh(cell));
      const kept = [cell, hiddenBefore as Value, cellBefore as Value, inputGate, forgetGate, candidate, outputGate];
      return { carry: [hidden, cell], stack: [hidden, ...kept] };
    },
  });
  const [hidden, ...kept] = stacks as [Value, Value, ...Value[]]; // [T, D, B, H]
  const byToken = splitDirections(hidden).map(inStepOrder); // D of [T, B, H]
  const output = D === 1 ? (byToken[0] as Value) : concat(byToken, { axis: 2 });
  const last = (stack: Value): Value => sum(mul(stack, isLast), { axes: [0] }); // [D, B, H]
  return [output, last(hidden), last(kept[0] as Value), ...kept];
}

function stepsOf(inputs: readonly Value[]): Steps {
  const outputs = applyOp(lstmOp, inputs, { keepsSteps: true } satisfies Attributes).slice(3);
  const [cell, hiddenBefore, cellBefore, inputGate, forgetGate, candidate, outputGate] = outputs as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  return { cell, hiddenBefore, cellBefore, inputGate, forgetGate, candidate, outputGate };
}

/**
 * With c' = f c + i g and h' = o tanh(c'):  dc' += dh' o (1 − tanh²c'), and by the gates' inputs
 * di = dc' g i(1 − i),  df = dc' c f(1 − f),  dg = dc' i (1 − g²),  do = dh' tanh(c') o(1 − o).
 * All factors of dc' and dh' are known before the loop, and all gradients of weights are one product behind it.
 */
function vjp(g: readonly (Value | null)[], inputs: readonly Value[]): (Value | null)[] {
  const operands = operandsOf(inputs);
  const { x, directions } = operands;
  const [T, B] = x.shape as [Dim, Dim];
  const I = x.shape[2] as Dim;
  const D = directions.length;
  const H = hiddenSize(operands);
  const { cell, hiddenBefore, cellBefore, inputGate: i, forgetGate: f, candidate, outputGate: o } = stepsOf(inputs);
  const { isToken, isLast } = masks(operands);
  const complement = (gate: Value): Value => sub(1, gate);
  const squashed = tanh(cell);
  const maskedInput = mul(isToken, i);
  const maskedForget = mul(isToken, f);
  const factors = concat(
    [
      mul(mul(maskedInput, complement(i)), candidate),
      mul(mul(maskedForget, complement(f)), cellBefore),
      mul(maskedInput, complement(mul(candidate, candidate))),
      mul(mul(o, complement(o)), squashed), // tanh(c') is 0 beyond the length
    ],
    { axis: 3 },
  ); // [T, D, B, 4H]
  const hiddenToCell = mul(o, complement(mul(squashed, squashed))); // [T, D, B, H]

  const [toOutput, toLastHidden, toLastCell] = g;
  const atLast = (cotangent: Value): Value => mul(reshape(cotangent, [1, D, B, H]), isLast);
  const parts: Value[] = [];
  if (toOutput) {
    const side = (d: number): Value =>
      D === 1 ? toOutput : slice(toOutput, { axis: 2, start: d * H, end: (d + 1) * H });
    parts.push(joinDirections(directions.map((_, d) => side(d))));
  }
  if (toLastHidden) parts.push(atLast(toLastHidden));
  const toHidden = parts.length === 0 ? mul(hiddenToCell, 0) : parts.reduce((a, b) => add(a, b));

  const recurrent = stackMatrices(directions.map(({ weightHh }) => weightHh)); // [D, 4H, H]
  const one = slice(hiddenToCell, { axis: 0, start: 0, end: 1 });
  const none = expandLike(scalar(0, x.dtype), reshape(one, [D, B, H]));
  const { stacks } = scan({
    carry: [none, none],
    sequences: [toHidden, hiddenToCell, factors, maskedForget, ...(toLastCell ? [atLast(toLastCell)] : [])],
    isReversed: true,
    body: ([fromNext, cellFromNext], [arriving, slope, factor, forget, cellArriving]) => {
      const dHidden = add(fromNext as Value, arriving as Value); // [D, B, H]
      const throughHidden = add(cellFromNext as Value, mul(dHidden, slope as Value));
      const dCell = cellArriving === undefined ? throughHidden : add(throughHidden, cellArriving);
      const dGates = mul(concat([dCell, dCell, dCell, dHidden], { axis: 2 }), factor as Value); // [D, B, 4H]
      return { carry: [matmul(dGates, recurrent), mul(dCell, forget as Value)], stack: [dGates] };
    },
  });

  const rowsOf = (value: Value, width: Dim): Value => reshape(value, [dimProduct([T, B]), width]);
  const dGates = splitDirections(stacks[0] as Value); // [T, B, 4H]
  const hiddens = splitDirections(hiddenBefore).map((value) => rowsOf(value, H));
  const toX: Value[] = [];
  const toWeights = directions.flatMap(({ weightIh }, d): Value[] => {
    const byStep = dGates[d] as Value;
    const gates = rowsOf(byStep, 4 * H); // [T·B, 4H]
    const swapped = matrixTranspose(gates);
    toX.push(inStepOrder(matmul(byStep, weightIh), d)); // [T, B, 4H] x [4H, I]
    const rows = rowsOf(inStepOrder(x, d), I);
    // Reverse mode sums the rows for the biases.
    return [matmul(swapped, rows), matmul(swapped, hiddens[d] as Value), gates, gates];
  });
  return [toX.reduce((a, b) => add(a, b)), null, ...toWeights];
}

/** Of ONNX's gates i, o, f, c, which one of PyTorch's i, f, g, o each is. */
const ONNX_GATES = [0, 3, 1, 2];

const lstmOp: Op = {
  name: 'lstm',
  infer,
  compose: (inputs, attributes, form) => {
    if ((attributes as Attributes).keepsSteps) return runSteps(inputs);
    if (form === 'export' && inputs[0]?.dtype === 'float32') return undefined;
    return applyOp(lstmOp, inputs, { keepsSteps: true } satisfies Attributes).slice(0, 3);
  },
  onnx: {
    emit: (emitter, [x, lengths, ...weights], _attributes, values) => {
      const operands = operandsOf(values);
      const D = operands.directions.length;
      const H = hiddenSize(operands);
      const ints = (numbers: readonly number[]) => emitter.constant(fromNumbers('int64', [numbers.length], numbers));
      const rows = ints(ONNX_GATES.flatMap((gate) => Array.from({ length: H }, (_, row) => gate * H + row)));
      const axis = { axis: { kind: 'int', value: 0 } } as const;
      const joined = (names: readonly string[]) => emitter.node('Concat', names, axis)[0] as string;
      const reordered = (direction: number, part: number): string =>
        emitter.node('Gather', [weights[direction * 4 + part] as string, rows], axis)[0] as string;
      const stacked = (of: (direction: number) => string): string =>
        joined(Array.from({ length: D }, (_, d) => emitter.node('Unsqueeze', [of(d), ints([0])])[0] as string));
      const lengths32 = emitter.node('Cast', [lengths as string], { to: { kind: 'int', value: 6 } })[0] as string;
      const [output, ...states] = emitter.node(
        'LSTM',
        [
          x as string,
          stacked((d) => reordered(d, 0)), // [D, 4H, I]
          stacked((d) => reordered(d, 1)), // [D, 4H, H]
          stacked((d) => joined([reordered(d, 2), reordered(d, 3)])), // [D, 8H]
          lengths32,
        ],
        {
          hidden_size: { kind: 'int', value: H },
          direction: { kind: 'string', value: D === 2 ? 'bidirectional' : 'forward' },
        },
        3,
      ) as [string, string, string]; // [T, D, B, H]
      const byRow = emitter.node('Transpose', [output], { perm: { kind: 'ints', value: [0, 2, 1, 3] } });
      return [...emitter.node('Reshape', [...byRow, ints([0, 0, D * H])]), ...states];
    },
  },
  vjp,
  samples: (random) =>
    [
      { about: 'two directions', D: 2, T: 3, B: 3, I: 1, H: 2, lengths: [3, 2, 3] },
      { about: 'one direction, one unit', D: 1, T: 4, B: 2, I: 2, H: 1, lengths: [3, 4] },
    ].map(({ about, D, T, B, I, H, lengths }) => ({
      about,
      inputs: [
        uniform(random, [T, B, I], 0.5, 1.5),
        fromNumbers('int64', [B], lengths),
        ...Array.from({ length: D }, () => [
          uniform(random, [4 * H, I], 0.3, 0.9),
          uniform(random, [4 * H, H], 0.3, 0.9),
          uniform(random, [4 * H], -0.5, 0.5),
          uniform(random, [4 * H], -0.5, 0.5),
        ]).flat(),
      ],
      attributes: { keepsSteps: false } satisfies Attributes,
    })),
};

/**
 * Runs one layer over x [T, B, I] in one direction or two, each from states of zero. Row b is `lengths[b]` long
 * (int64 [B], from 1 to T): the second direction starts at its last token, and outputs behind it are 0.
 * @throws ShapeError, DtypeError if the weights don't fit, or the directions are not one or two.
 */
export function lstm(x: Value, lengths: Value, directions: readonly LstmDirection[]): LstmResult {
  if (directions.length !== 1 && directions.length !== 2) {
    throw new ShapeError({ where: 'lstm', wanted: 'one or two directions', got: String(directions.length) });
  }
  const weights = directions.flatMap(({ weightIh, weightHh, biasIh, biasHh }) => [weightIh, weightHh, biasIh, biasHh]);
  const [output, h, c] = applyOp(lstmOp, [x, lengths, ...weights], { keepsSteps: false } satisfies Attributes);
  return { output: output as Value, h: h as Value, c: c as Value };
}
lstm.op = lstmOp;
