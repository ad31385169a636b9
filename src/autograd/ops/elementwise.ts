/** @file Arithmetic on each element. Binary ops broadcast as NumPy does; reverse mode sums cotangents back. */

import type { RandomStream } from '../../tensor/random.js';
import { broadcastShapes, type Shape, sameShape } from '../../tensor/shape.js';
import { type BinaryOp, defineBinary, defineUnary, type UnaryOp } from '../op.js';
import { type Sample, scalar, type Value } from '../value.js';
import { cast, greater, less } from './compare.js';
import { distinct, signed, uniform } from './samples.js';
import { unexpanded } from './shaping.js';

const same = ([x]: readonly Shape[]): Shape => x as Shape;
const broadcast = ([a, b]: readonly Shape[], _attributes: object, at: string): Shape =>
  broadcastShapes(a as Shape, b as Shape, at);

function unarySamples(low: number, high: number) {
  return (random: RandomStream): Sample<object>[] => [
    { inputs: [uniform(random, [2, 3], low, high)] },
    { about: 'rank 0', inputs: [uniform(random, [], low + (high - low) * 0.75, high)] },
    { about: 'axes of length 1', inputs: [uniform(random, [1, 4, 1], low, high)] },
  ];
}

/** Shapes every binary op is tried on: equal, broadcast both ways, axes of length 1. */
const PAIRS: readonly (readonly [about: string, a: readonly number[], b: readonly number[]])[] = [
  ['equal shapes', [2, 3], [2, 3]],
  ['row broadcast', [2, 3], [3]],
  ['outer', [2, 1], [1, 3]],
  ['rank 0', [], [2, 2]],
  ['leading axis', [3], [2, 1, 3]],
];

function binarySamples(left: readonly [number, number], right: readonly [number, number]) {
  return (random: RandomStream): Sample<object>[] =>
    PAIRS.map(([about, a, b]) => ({ about, inputs: [uniform(random, a, ...left), uniform(random, b, ...right)] }));
}

/** Pairs in which each side is larger somewhere, by 0.1 at least. */
function contests(random: RandomStream): Sample<object>[] {
  const GAP = 0.4;
  return PAIRS.map(([about, a, b]) => {
    const right = distinct(random, b, GAP);
    // Ladders stand on multiples of half a gap; a quarter keeps them apart.
    const shifted = { ...right, data: right.data.map((value) => value + GAP / 4) };
    return { about, inputs: [distinct(random, a, GAP), shifted] };
  });
}

/** The op on operands that it will broadcast by itself, if one of them was broadcast before. */
function simpler(op: BinaryOp, a: Value, b: Value): Value | undefined {
  const left = unexpanded(a, b);
  const right = unexpanded(b, left);
  return left === a && right === b ? undefined : op(left, right);
}

/** The other factor where one is a constant 1 everywhere; cotangents of sums and counts of row losses are. */
function factorOfOne(a: Value, b: Value): Value | undefined {
  const shape = broadcastShapes(a.shape, b.shape, 'mul');
  if (isOnes(b) && sameShape(a.shape, shape)) return a;
  return isOnes(a) && sameShape(b.shape, shape) ? b : undefined;
}

function isOnes({ node }: Value): boolean {
  if (node.kind !== 'constant') return false;
  const { data } = node.tensor;
  return data instanceof BigInt64Array
    ? data.every((element) => element === 1n)
    : data.every((element) => element === 1);
}

export const neg: UnaryOp = defineUnary({
  name: 'neg',
  onnx: { type: 'Neg', since: 13 },
  shape: same,
  vjp: (g) => [neg(g)],
  samples: unarySamples(-2, 2),
});

export const add: BinaryOp = defineBinary({
  name: 'add',
  simplify: ([a, b]) => simpler(add, a as Value, b as Value),
  onnx: { type: 'Add', since: 14 },
  accepts: 'any',
  shape: broadcast,
  vjp: (g) => [g, g],
  samples: binarySamples([-2, 2], [-2, 2]),
});

export const sub: BinaryOp = defineBinary({
  name: 'sub',
  simplify: ([a, b]) => simpler(sub, a as Value, b as Value),
  onnx: { type: 'Sub', since: 14 },
  accepts: 'any',
  shape: broadcast,
  vjp: (g) => [g, neg(g)],
  samples: binarySamples([-2, 2], [-2, 2]),
});

export const mul: BinaryOp = defineBinary({
  name: 'mul',
  simplify: ([a, b]) => factorOfOne(a as Value, b as Value) ?? simpler(mul, a as Value, b as Value),
  onnx: { type: 'Mul', since: 14 },
  accepts: 'any',
  shape: broadcast,
  vjp: (g, [a, b]) => [mul(g, b as Value), mul(g, a as Value)],
  samples: binarySamples([-2, 2], [-2, 2]),
});

export const div: BinaryOp = defineBinary({
  name: 'div',
  simplify: ([a, b]) => simpler(div, a as Value, b as Value),
  onnx: { type: 'Div', since: 14 },
  shape: broadcast,
  // d(a / b) = da / b - (a / b) db / b
  vjp: (g, [, b], y) => {
    const overB = div(g, b as Value);
    return [overB, neg(mul(overB, y))];
  },
  samples: binarySamples([-2, 2], [0.5, 2]),
});

/** a^b for a > 0. */
export const pow: BinaryOp = defineBinary({
  name: 'pow',
  onnx: { type: 'Pow', since: 15 },
  shape: broadcast,
  vjp: (g, [a, b], y) => [
    mul(g, mul(b as Value, pow(a as Value, sub(b as Value, 1)))),
    mul(g, mul(y, log(a as Value))),
  ],
  samples: binarySamples([0.5, 2], [-2, 2]),
});

/** Largest of two. Where they are equal each side gets half of the cotangent, so that max(x, x) has slope 1. */
export const maximum = contested('maximum', 'Max', (a, b) => winnerShare(a, b));

/** Smallest of two; ties as in `maximum`. */
export const minimum = contested('minimum', 'Min', (a, b) => winnerShare(b, a));

/** @param share Of the first operand in the result. */
function contested(name: string, type: string, share: (a: Value, b: Value) => Value): BinaryOp {
  return defineBinary({
    name,
    onnx: { type, since: 13 },
    shape: broadcast,
    vjp: (g, [a, b]) => {
      const toA = share(a as Value, b as Value);
      return [mul(g, toA), mul(g, sub(1, toA))];
    },
    samples: contests,
  });
}

/** 1 where a > b, 0 where a < b, 1/2 where they are equal. */
function winnerShare(a: Value, b: Value): Value {
  const wins = cast(greater(a, b), { to: a.dtype });
  const loses = cast(less(a, b), { to: a.dtype });
  return mul(add(sub(wins, loses), 1), 0.5);
}

export const exp = defineUnary({
  name: 'exp',
  onnx: { type: 'Exp', since: 13 },
  shape: same,
  vjp: (g, _inputs, y) => [mul(g, y)],
  samples: unarySamples(-2, 2),
});

export const log = defineUnary({
  name: 'log',
  onnx: { type: 'Log', since: 13 },
  shape: same,
  vjp: (g, [x]) => [div(g, x as Value)],
  samples: unarySamples(0.3, 3),
});

export const sqrt = defineUnary({
  name: 'sqrt',
  onnx: { type: 'Sqrt', since: 13 },
  shape: same,
  vjp: (g, _inputs, y) => [mul(0.5, div(g, y))],
  samples: unarySamples(0.3, 3),
});

export const reciprocal = defineUnary({
  name: 'reciprocal',
  onnx: { type: 'Reciprocal', since: 13 },
  shape: same,
  vjp: (g, _inputs, y) => [neg(mul(g, mul(y, y)))],
  samples: unarySamples(0.5, 2),
});

/** |x|; the slope at 0 is 0. */
export const abs = defineUnary({
  name: 'abs',
  onnx: { type: 'Abs', since: 13 },
  shape: same,
  vjp: (g, [x]) => [mul(g, sign(x as Value))],
  samples: (random) => [
    { inputs: [signed(random, [2, 3], 0.1, 2)] },
    { about: 'axes of length 1', inputs: [signed(random, [1, 5], 0.1, 2)] },
  ],
});

/** −1, 0 or 1. */
export const sign = defineUnary({
  name: 'sign',
  onnx: { type: 'Sign', since: 13 },
  shape: same,
  vjp: { notDifferentiable: 'piecewise constant' },
  samples: (random) => [{ inputs: [signed(random, [2, 3], 0.1, 2)] }],
});

export const tanh = defineUnary({
  name: 'tanh',
  onnx: { type: 'Tanh', since: 13 },
  shape: same,
  vjp: (g, _inputs, y) => [mul(g, sub(1, mul(y, y)))],
  samples: unarySamples(-2, 2),
});

export const sigmoid = defineUnary({
  name: 'sigmoid',
  onnx: { type: 'Sigmoid', since: 13 },
  shape: same,
  vjp: (g, _inputs, y) => [mul(g, mul(y, sub(1, y)))],
  samples: unarySamples(-2, 2),
});

/** max(x, 0); the slope at 0 is 0, as in PyTorch. */
export const relu = defineUnary({
  name: 'relu',
  onnx: { type: 'Relu', since: 14 },
  shape: same,
  vjp: (g, _inputs, y) => [mul(g, cast(greater(y, 0), { to: y.dtype }))],
  samples: (random) => [
    { inputs: [signed(random, [3, 4], 0.1, 2)] },
    { about: 'axes of length 1', inputs: [signed(random, [1, 6], 0.1, 2)] },
  ],
});

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** The Gauss error function. */
export const erf = defineUnary({
  name: 'erf',
  onnx: { type: 'Erf', since: 13 },
  shape: same,
  compose: ([x]) => (x?.dtype === 'float64' ? erfSeries(x) : undefined),
  vjp: (g, [x]) => [mul(g, mul(TWO_OVER_SQRT_PI, exp(neg(mul(x as Value, x as Value)))))],
  samples: unarySamples(-2, 2),
});

/**
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!! (DLMF 7.6.2). All terms of one sign, so nothing cancels; 120 of
 * them are exact to float64 for |x| ≤ 6, beyond which erf is ±1. ONNX Runtime has no double kernel for Erf.
 */
function erfSeries(x: Value): Value {
  const clipped = minimum(maximum(x, -6), 6);
  const square = mul(clipped, clipped);
  let sum: Value = scalar(1, 'float64');
  for (let n = 119; n >= 1; n--) sum = add(1, mul(sum, mul(square, 2 / (2 * n + 1))));
  return mul(mul(TWO_OVER_SQRT_PI, exp(neg(square))), mul(clipped, sum));
}

/** The same value, through which no gradient flows. */
export const stopGradient = defineUnary({
  name: 'stopGradient',
  onnx: { emit: (_emitter, [x]) => [x as string] },
  simplify: ([x]) => x,
  accepts: 'any',
  shape: same,
  vjp: { notDifferentiable: 'stops the gradient on purpose' },
  samples: unarySamples(-2, 2),
});
