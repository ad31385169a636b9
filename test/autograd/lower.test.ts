import { describe, expect, test } from 'vitest';
import { gradients, vectorJacobianProduct } from '../../src/autograd/backward.js';
import { lowerToGraph, toProgram } from '../../src/autograd/lower.js';
import { defineUnary } from '../../src/autograd/op.js';
import { gelu } from '../../src/autograd/ops/activations.js';
import { add, div, exp, mul, neg, sub, tanh } from '../../src/autograd/ops/elementwise.js';
import { matmul } from '../../src/autograd/ops/matmul.js';
import { layerNorm, softmax } from '../../src/autograd/ops/normalise.js';
import { mean, sum } from '../../src/autograd/ops/reduce.js';
import { reshape, transpose } from '../../src/autograd/ops/shaping.js';
import { constant, input, scalar, type Value } from '../../src/autograd/value.js';
import type { OnnxGraph } from '../../src/onnx/graph.js';
import { fromNumbers, tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate, numbersOf } from './evaluate.js';

const x = input('x', 'float32', [2, 3]);
const w = input('w', 'float32', [3]);

const typesOf = ({ nodes }: OnnxGraph): string[] => nodes.map(({ opType }) => opType).sort();
const lower = (...values: Value[]) =>
  lowerToGraph({ outputs: Object.fromEntries(values.map((value, i) => [`y${i}`, value])) });

describe('lowering', () => {
  test('equal subexpressions are one node, wherever they were traced', () => {
    const twice = () => exp(mul(x, w));
    expect(typesOf(lower(add(twice(), twice())))).toEqual(['Add', 'Exp', 'Mul']);
    // Attributes and operand order tell nodes apart.
    expect(typesOf(lower(sub(sum(x, { axes: [0] }), mean(x, { axes: [0] }))))).toEqual([
      'ReduceMean',
      'ReduceSum',
      'Sub',
    ]);
    expect(typesOf(lower(sub(softmax(x, { axis: 0 }), softmax(x, { axis: 1 }))))).toEqual([
      'Softmax',
      'Softmax',
      'Sub',
    ]);
    expect(typesOf(lower(add(sub(x, w), sub(w, x))))).toEqual(['Add', 'Sub', 'Sub']);
  });

  test('nodes and inputs that no output reads are left out', () => {
    const unread = input('unread', 'float32', [2, 3]);
    void exp(add(unread, x));
    const graph = lowerToGraph({ outputs: { y: tanh(x) }, inputs: [unread, x, w] });
    expect(typesOf(graph)).toEqual(['Tanh']);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  test('inputs are listed in the order asked for, results under their names', () => {
    const graph = lowerToGraph({ outputs: { total: sum(mul(x, w)), scaled: mul(x, w) }, inputs: [w, x] });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['w', 'x']);
    expect(graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['total', []],
      ['scaled', [2, 3]],
    ]);
  });

  test('what stands between two nodes is declared in training, outputs once: by themselves', () => {
    const outputs = { y: exp(tanh(x)), same: exp(tanh(x)), z: neg(sum(x)) };
    const { nodes, values } = lowerToGraph({ outputs });
    const made = Object.fromEntries(nodes.map(({ opType, outputs }) => [opType, outputs[0]]));
    expect(values).toEqual([
      { name: made.Tanh, dtype: 'float32', shape: [2, 3] },
      { name: made.ReduceSum, dtype: 'float32', shape: [] },
    ]);
    expect(lowerToGraph({ outputs, form: 'export' }).values).toEqual([]);
  });

  test('two inputs of one name are refused', () => {
    const other = input('x', 'float32', [3]);
    expect(() => lower(add(x, other))).toThrow("graph: wanted inputs of different names, got two inputs named 'x'");
  });

  test('a result named as an input is refused, before ONNX Runtime would', () => {
    expect(() => toProgram({ outputs: { x: exp(x) } })).toThrow(
      "graph: wanted results with names of their own, got a result and an input named 'x'",
    );
  });

  test('reshapes of reshapes and transposes of transposes are one node, or none', () => {
    expect(typesOf(lower(reshape(reshape(x, [6]), [3, 2])))).toEqual(['Reshape']);
    expect(typesOf(lower(exp(transpose(transpose(x, [1, 0]), [1, 0]))))).toEqual(['Exp']);
    expect(typesOf(lower(exp(reshape(reshape(x, [6]), [2, 3]))))).toEqual(['Exp']);
  });

  test('an output may be an input, a constant, or the same value as another', async () => {
    const y = exp(x);
    const feeds = { x: fromNumbers('float32', [2, 3], [0, 0, 0, 0, 0, 0]) };
    const results = await evaluate({ a: y, b: y, c: x, d: scalar(3), e: add(y, 1) }, feeds);
    expect(Object.values(results).map((result) => toNumbers(result)[0])).toEqual([1, 1, 0, 3, 2]);
  });

  test('equal constants are one initialiser; −0 and 0, and types, are told apart', async () => {
    const zeros = lower(add(add(x, 0), scalar(0)), mul(x, 0));
    expect(zeros.initializers).toHaveLength(1);
    const signed = lower(add(x, 0), add(x, -0));
    expect(signed.initializers).toHaveLength(2);
    expect(signed.nodes.filter(({ opType }) => opType === 'Add')).toHaveLength(2);
    // 1 / (0 · 1) and 1 / (−0 · 1): merging the zeros would give one sign to both.
    const one = input('one', 'float32', []);
    const inverse = (zero: number) => div(1, mul(one, zero));
    const { plus, minus } = await evaluate(
      { plus: inverse(0), minus: inverse(-0) },
      { one: fromNumbers('float32', [], [1]) },
    );
    expect([toNumbers(plus), toNumbers(minus)]).toEqual([[Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY]]);
    // 2^53 + 1 is no number of JavaScript's.
    const big = [9007199254740992n, 9007199254740993n].map((value) =>
      constant(tensor('int64', [1], BigInt64Array.of(value))),
    );
    expect(lower(...big).initializers).toHaveLength(2);
  });

  // Ops were keyed by their names once: the second would have become the first.
  test('two ops of one name stay two ops', async () => {
    const define = (type: string) =>
      defineUnary({
        name: 'mine',
        onnx: { type, since: 13 },
        shape: ([shape = []]) => shape,
        vjp: { notDifferentiable: 'not needed here' },
        samples: () => [],
      });
    const [a, b] = [define('Exp')(x), define('Neg')(x)];
    expect(typesOf(lower(a, b))).toEqual(['Exp', 'Neg']);
  });

  // JSON writes −0 as 0 and infinities as null.
  test('attributes that JSON cannot write are told apart', () => {
    const clipped = defineUnary<{ readonly low: number }>({
      name: 'clipped',
      onnx: {
        emit: (emitter, [value = ''], { low }) =>
          emitter.node('Max', [value, emitter.constant(fromNumbers('float32', [], [low]))]),
      },
      shape: ([shape = []]) => shape,
      vjp: { notDifferentiable: 'not needed here' },
      samples: () => [],
    });
    const lows = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(typesOf(lower(...lows.map((low) => clipped(x, { low }))))).toEqual(['Max', 'Max', 'Max', 'Max']);
  });
});

describe('composition', () => {
  const norm = (form: 'training' | 'export', withGradients: boolean) => {
    const [weight, bias] = [input('weight', 'float32', [3]), input('bias', 'float32', [3])];
    const y = layerNorm(x, weight, bias, { eps: 1e-5 });
    const loss = sum(mul(y, y));
    const outputs: Record<string, Value> = { loss };
    const traced = withGradients ? gradients(loss, [x, weight, bias]) : [];
    for (const [i, gradient] of traced.entries()) outputs[`g${i}`] = gradient;
    return typesOf(lowerToGraph({ outputs, form }));
  };
  const count = (types: readonly string[], type: string) => types.filter((other) => other === type).length;

  test('an export holds the native layer norm and GELU', () => {
    expect(norm('export', false)).toEqual(['LayerNormalization', 'Mul', 'ReduceSum']);
    expect(typesOf(lowerToGraph({ outputs: { y: gelu(x, { approximate: 'none' }) }, form: 'export' }))).toEqual([
      'Gelu',
    ]);
  });

  test('the backward pass of layer norm shares mean, variance and their root with the forward one', () => {
    const types = norm('training', true);
    expect(count(types, 'LayerNormalization')).toBe(1);
    // The two of the backward pass: by hand from the formula.
    expect(count(types, 'ReduceMean')).toBe(2);
    expect(types).not.toContain('Sqrt');
  });

  test('the backward pass of GELU shares the gate with the forward one', () => {
    const y = gelu(x, { approximate: 'none' });
    const types = typesOf(lower(sum(y), ...gradients(sum(y), [x])));
    expect(count(types, 'Erf')).toBe(1);
  });

  test('a gradient that is not asked for costs nothing', () => {
    const [a, b] = [input('a', 'float32', [2, 3]), input('b', 'float32', [3, 4])];
    const loss = sum(matmul(a, b));
    expect(count(typesOf(lower(...gradients(loss, [a]))), 'MatMul')).toBe(1);
    expect(count(typesOf(lower(...gradients(loss, [a, b]))), 'MatMul')).toBe(2);
  });
});

describe('deep graphs', () => {
  const chain = (length: number): { readonly start: Value; readonly end: Value } => {
    const start = input('start', 'float32', []);
    let end: Value = start;
    for (let i = 0; i < length; i++) end = add(end, start);
    return { start, end };
  };

  test('a chain of 50,000 sums is traced, differentiated and written without overflowing the stack', async () => {
    const { start, end } = chain(50_000);
    const [gradient] = vectorJacobianProduct([[end, scalar(1)]], [start]) as [Value];
    const { bytes } = toProgram({ outputs: { end, gradient } });
    // 50,000 sums forward and as many backward, at about 20 bytes a node.
    expect(bytes.length).toBeGreaterThan(2e6);
    // ONNX Runtime itself takes longer than a test should with 50,000 nodes; the same code at 500:
    const short = chain(500);
    const [slope] = vectorJacobianProduct([[short.end, scalar(1)]], [short.start]) as [Value];
    expect(await numbersOf(slope)).toEqual([501]);
  });

  test('lowering 300,000 sums in a row ends: work that grew with their square would outlast any test', () => {
    const { end } = chain(300_000);
    expect(lowerToGraph({ outputs: { end } }).nodes).toHaveLength(300_000);
  });
});
