import { describe, expect, test } from 'vitest';
import { vectorJacobianProduct } from '../../src/autograd/backward.js';
import { gradientProblems, gradientProblemsAt } from '../../src/autograd/gradient-check.js';
import { applyOp } from '../../src/autograd/op.js';
import { abs, add, maximum, minimum, mul, relu } from '../../src/autograd/ops/elementwise.js';
import { reduceMax, reduceMin, sum } from '../../src/autograd/ops/reduce.js';
import { OPS } from '../../src/autograd/ops/table.js';
import { input, type Op, type Sample, type Value } from '../../src/autograd/value.js';
import { openSession } from '../../src/runtime/session.js';
import { isFloat } from '../../src/tensor/dtype.js';
import { RandomStream } from '../../src/tensor/random.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { numbersOf } from './evaluate.js';

const ops = Object.entries(OPS).map(([name, { op }]) => [name, op as Op] as const);
const differentiable = ops.filter(([, op]) => typeof op.vjp === 'function');
/** One thread: the graphs are tiny. */
const open = (program: Parameters<typeof openSession>[0]) => openSession(program, { threads: 1 });

describe('vjp of each op, against central differences in float64', () => {
  test.each(differentiable)('%s', async (_, op) => {
    expect(await gradientProblems(op, open)).toEqual([]);
  });

  /** x − x and x / x don't depend on x; x and y of the others do. */
  const CONSTANT_OF_ONE = new Set(['sub', 'div']);

  /** Samples that feed one tensor to two operands, wherever the op takes that. */
  function usedTwice(op: Op): Sample<object>[] {
    return op.samples(new RandomStream(2, op.name)).flatMap((sample) =>
      sample.inputs.flatMap((first, i) =>
        sample.inputs.flatMap((second, j) => {
          if (j <= i || !isFloat(first.dtype) || first.dtype !== second.dtype) return [];
          const inputs = sample.inputs.with(j, first);
          const values = inputs.map((tensor, k) => input(`x${k}`, tensor.dtype, tensor.shape));
          try {
            applyOp(op, values, sample.attributes ?? {});
          } catch {
            return [];
          }
          const zero = CONSTANT_OF_ONE.has(op.name) ? { zeroGradients: [i] } : {};
          return [{ ...sample, inputs, about: `inputs ${i} and ${j} are one tensor`, ...zero }];
        }),
      ),
    );
  }

  const withVariants = differentiable.filter(
    ([, op]) => op.isIdentifiedByAttributes !== true && usedTwice(op).length > 0,
  );

  test('the variants with one tensor in two places reach all binary ops', () => {
    expect(withVariants.map(([name]) => name)).toEqual(
      expect.arrayContaining(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'matmul', 'concat', 'where']),
    );
  });

  test.each(withVariants)('%s with one tensor in two places', async (_, op) => {
    const random = new RandomStream(3, op.name);
    for (const sample of usedTwice(op)) expect(await gradientProblemsAt(op, sample, open, random)).toEqual([]);
  });
});

describe('the gradient check itself', () => {
  const scaled = (op: Op, factor: number): Op => {
    const { vjp } = op;
    if (typeof vjp !== 'function') throw new TypeError(op.name);
    return {
      ...op,
      vjp: (...call) => vjp(...call).map((cotangent) => (cotangent === null ? null : mul(cotangent, factor))),
    };
  };
  /** One sentence for each gradient that should not pass: those that are not zero by theory. */
  const gradientsOf = (op: Op) =>
    op
      .samples(new RandomStream(1, `gradient check of ${op.name}`))
      .flatMap(({ inputs, zeroGradients = [] }) =>
        inputs.flatMap(({ dtype }, i) => (isFloat(dtype) && !zeroGradients.includes(i) ? [i] : [])),
      ).length;

  test.each(differentiable)('sees every gradient of %s halved, and negated', async (_, op) => {
    expect(gradientsOf(op)).toBeGreaterThan(0);
    for (const factor of [0.5, -1]) {
      expect(await gradientProblems(scaled(op, factor), open)).toHaveLength(gradientsOf(op));
    }
  });

  test('sees a gradient that is missing', async () => {
    const missing: Op = { ...OPS.mul.op, vjp: ([g], [, b]) => [mul(g as Value, b as Value), null] };
    const problems = await gradientProblems(missing, open);
    expect(problems).toHaveLength(5);
    expect(problems[0]).toMatch(/^mul \(equal shapes\), input 1: relative error /);
  });

  test('refuses a sample that shows nothing, and a zero that is declared but is none', async () => {
    const x = fromNumbers('float64', [2], [1, 2]);
    const random = new RandomStream(1, 'refuses');
    const flat = { inputs: [x, fromNumbers('float64', [2], [1e-3, -1e-3])] };
    expect(await gradientProblemsAt(OPS.mul.op, flat, open, random)).toEqual([
      expect.stringMatching(/^mul, input 0: norm .* shows nothing/),
    ]);
    const declared = { inputs: [x], zeroGradients: [0] };
    expect(await gradientProblemsAt(OPS.exp.op, declared, open, random)).toEqual([
      expect.stringMatching(/^exp, input 0: declared zero, but its norm is /),
    ]);
  });
});

describe('conventions on kinks', () => {
  const slopes = async (f: (x: Value) => Value, at: readonly number[]): Promise<number[]> => {
    const x = input('x', 'float64', [at.length]);
    const y = f(x);
    const [gradient] = vectorJacobianProduct([[y, input('r', 'float64', y.shape)]], [x]) as [Value];
    const size = y.shape.reduce<number>((product, dim) => product * Number(dim), 1);
    const r = fromNumbers('float64', y.shape as number[], new Array<number>(size).fill(1));
    return numbersOf(gradient, { x: fromNumbers('float64', [at.length], at), r });
  };

  // witness: PyTorch's derivatives.yaml (threshold_backward is 0 at the threshold; abs uses sgn).
  test('relu and abs have slope 0 at 0, and at −0', async () => {
    expect(await slopes(relu, [0, -0, 1, -1])).toEqual([0, 0, 1, 0]);
    expect((await slopes(abs, [0, -0, 2, -2])).map((slope) => slope + 0)).toEqual([0, 0, 1, -1]);
  });

  // witness: PyTorch's derivatives.yaml, maximum: grad.masked_fill(self == other, grad / 2).
  test('maximum and minimum share a tie in halves, so that max(x, x) has slope 1', async () => {
    expect(await slopes((x) => maximum(x, 0), [0, 3, -3])).toEqual([0.5, 1, 0]);
    expect(await slopes((x) => minimum(x, 0), [0, 3, -3])).toEqual([0.5, 0, 1]);
    expect(await slopes((x) => maximum(x, x), [0, 3, -3])).toEqual([1, 1, 1]);
  });

  // witness: PyTorch's amax, which distributes the gradient evenly between equal maxima.
  test('reduceMax and reduceMin share evenly between equal winners', async () => {
    expect(await slopes((x) => reduceMax(x), [2, 5, 5, 1])).toEqual([0, 0.5, 0.5, 0]);
    expect(await slopes((x) => reduceMin(x), [3, 1, 1, 1])).toEqual([0, 1 / 3, 1 / 3, 1 / 3]);
  });

  test('gradients of one value that is used several times add up', async () => {
    // d/dx (x² + x³ + x) = 2x + 3x² + 1
    const f = (x: Value) => add(add(mul(x, x), mul(x, mul(x, x))), x);
    expect(await slopes((x) => sum(f(x)), [2, -1])).toEqual([17, 2]);
  });
});
