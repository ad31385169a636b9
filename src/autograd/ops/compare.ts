/** @file Comparisons, selection and casts. Comparisons give bool and have no derivative. */
import { DtypeError } from '../../errors/failures.js';
import { ELEMENT_TYPE } from '../../onnx/element-type.js';
import { type Dtype, isFloat } from '../../tensor/dtype.js';
import { broadcastShapes, type Shape } from '../../tensor/shape.js';
import { fromNumbers } from '../../tensor/tensor.js';
import { applyOp, asValues, defineBinary, defineUnary, defineVariadic, type UnaryOp } from '../op.js';
import { type Operand, scalar, type Value } from '../value.js';
import { uniform } from './samples.js';

function comparison(name: string, type: string, since: number) {
  return defineBinary({
    name,
    onnx: { type, since },
    shape: ([a, b], _attributes, at) => broadcastShapes(a as Shape, b as Shape, at),
    dtype: ([a, b], _attributes, at) => {
      if (a === b) return 'bool';
      throw new DtypeError({ where: at, wanted: 'operands of one type', got: `${a}, ${b}`, fix: 'cast one of them' });
    },
    vjp: { notDifferentiable: 'boolean output' },
    samples: () => [
      { inputs: [fromNumbers('float64', [2, 3], [1, 2, 3, 4, 5, 6]), fromNumbers('float64', [3], [4.5, 2, 0.5])] },
    ],
  });
}

export const equal = comparison('equal', 'Equal', 19);
export const greater = comparison('greater', 'Greater', 13);
export const greaterOrEqual = comparison('greaterOrEqual', 'GreaterOrEqual', 16);
export const less = comparison('less', 'Less', 13);
export const lessOrEqual = comparison('lessOrEqual', 'LessOrEqual', 16);

function logical(name: string, type: string) {
  return defineBinary({
    name,
    onnx: { type, since: 7 },
    shape: ([a, b], _attributes, at) => broadcastShapes(a as Shape, b as Shape, at),
    dtype: ([a, b], _attributes, at) => {
      if (a === 'bool' && b === 'bool') return 'bool';
      throw new DtypeError({ where: at, wanted: 'bool operands', got: `${a}, ${b}`, fix: 'compare first' });
    },
    vjp: { notDifferentiable: 'boolean output' },
    samples: () => [{ inputs: [fromNumbers('bool', [2, 2], [0, 0, 1, 1]), fromNumbers('bool', [2], [0, 1])] }],
  });
}

export const and = logical('and', 'And');
export const or = logical('or', 'Or');

export const not = defineUnary({
  name: 'not',
  onnx: { type: 'Not', since: 1 },
  shape: ([x]) => x as Shape,
  dtype: ([x], _attributes, at) => {
    if (x === 'bool') return 'bool';
    throw new DtypeError({ where: at, wanted: 'a bool operand', got: String(x), fix: 'compare first' });
  },
  vjp: { notDifferentiable: 'boolean output' },
  samples: () => [{ inputs: [fromNumbers('bool', [3], [0, 1, 1])] }],
});

/** Changes the element type. Differentiable between floating types. */
export const cast: UnaryOp<{ readonly to: Dtype }> = defineUnary({
  name: 'cast',
  onnx: { type: 'Cast', since: 21, attributes: ({ to }) => ({ to: { kind: 'int', value: ELEMENT_TYPE[to] } }) },
  simplify: ([x], { to }) => (x?.dtype === to ? x : undefined),
  shape: ([x]) => x as Shape,
  dtype: (_dtypes, { to }) => to,
  vjp: (g, [x]) => [isFloat((x as Value).dtype) ? cast(g, { to: (x as Value).dtype }) : null],
  samples: (random) => [
    { inputs: [uniform(random, [2, 3], -2, 2)], attributes: { to: 'float64' } },
    { about: 'axes of length 1', inputs: [uniform(random, [1, 4], -2, 2)], attributes: { to: 'float64' } },
  ],
});

const select = defineVariadic({
  name: 'where',
  onnx: { type: 'Where', since: 16 },
  shape: ([condition, a, b], _attributes, at) =>
    broadcastShapes(condition as Shape, broadcastShapes(a as Shape, b as Shape, at), at),
  dtype: ([condition, a, b], _attributes, at) => {
    if (condition === 'bool' && a === b && a !== undefined) return a;
    throw new DtypeError({
      where: at,
      wanted: 'a bool condition and two operands of one type',
      got: `${condition}, ${a}, ${b}`,
      fix: 'compare or cast first',
    });
  },
  vjp: (g, [condition]) => {
    const none = scalar(0, g.dtype);
    return [null, where(condition as Value, g, none), where(condition as Value, none, g)];
  },
  samples: (random) => {
    const condition = fromNumbers('bool', [2, 3], [0, 1, 1, 1, 0, 0]);
    return [
      { inputs: [condition, uniform(random, [2, 3], -2, 2), uniform(random, [2, 3], -2, 2)] },
      { about: 'broadcast', inputs: [condition, uniform(random, [3], -2, 2), uniform(random, [2, 1], -2, 2)] },
    ];
  },
});

/** `a` where the condition holds, else `b`; the other side gets no cotangent, not even a NaN. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  return applyOp(select.op, [condition, ...asValues([a, b])], {})[0] as Value;
}
where.op = select.op;
