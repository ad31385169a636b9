/** @file LSTM layers against PyTorch 2.13 over packed rows (`test/python/make_nn.py`). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vectorJacobianProduct } from '../../src/autograd/backward.js';
import { lowerToGraph, toProgram } from '../../src/autograd/lower.js';
import { lstm as lstmOp } from '../../src/autograd/ops/lstm.js';
import { constant, input, type Value } from '../../src/autograd/value.js';
import { evaluationContext } from '../../src/nn/context.js';
import { lstm } from '../../src/nn/lstm.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { openSession } from '../../src/runtime/session.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate as evaluateForm } from '../autograd/evaluate.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from './evaluate.js';

type Tensors = Readonly<Record<string, Nested>>;
type Case = { readonly parameters: Tensors; readonly inputs: Tensors; readonly cotangents: Tensors } & {
  readonly outputs: Readonly<Record<'y' | 'h' | 'c', Nested>>;
  readonly gradients: Tensors;
};
const golden = JSON.parse(readFileSync(new URL('../golden/nn.torch-2.13.json', import.meta.url), 'utf8')) as {
  readonly layers: Readonly<Record<string, Case>>;
};
const [I, H] = [3, 2];

const caseOf = (name: string) => {
  const witness = golden.layers[name] as Case;
  return { witness, layer: lstm('rnn', I, H, { isBidirectional: name === 'lstm-bidirectional' }) };
};

function feedsOf({ parameters, inputs }: Case, dtype: 'float32' | 'float64'): Record<string, Tensor> {
  return {
    x: nestedTensor(dtype, inputs.x as Nested),
    lengths: nestedTensor('int64', inputs.lengths as Nested),
    ...Object.fromEntries(
      Object.entries(parameters).map(([name, nested]) => [`rnn.${name}`, nestedTensor(dtype, nested)]),
    ),
  };
}

describe.each(['lstm', 'lstm-bidirectional'])('%s', (name) => {
  const { witness, layer } = caseOf(name);

  test('bears the parameter names and shapes of torch.nn.LSTM', () => {
    expect(layer.parameters.map((spec) => spec.name)).toEqual(
      Object.keys(witness.parameters).map((own) => `rnn.${own}`),
    );
    for (const spec of layer.parameters) {
      const own = witness.parameters[spec.name.slice('rnn.'.length)] as Nested;
      expect(spec.shape, spec.name).toEqual(nestedTensor('float64', own).shape);
    }
  });

  test.each([
    ['float64', 1e-9],
    ['float32', 2e-5],
  ] as const)(
    'agrees with PyTorch over packed rows in %s: outputs, last states, gradients',
    async (dtype, tolerance) => {
      const parameters = inputParameters(layer.parameters, dtype);
      const feeds = feedsOf(witness, dtype);
      const x = input('x', dtype, [3, 5, I]);
      const { output, h, c } = layer.forward(evaluationContext(parameters), x, input('lengths', 'int64', [3]));
      const outputs: Record<string, Value> = { y: output, h, c };
      const cotangents = Object.entries(witness.cotangents).map(
        ([key, r]) => [outputs[key] as Value, constant(nestedTensor(dtype, r))] as const,
      );
      const wrt = { ...parameters.values, x };
      const traced = vectorJacobianProduct(cotangents, Object.values(wrt));
      for (const [i, key] of Object.keys(wrt).entries()) outputs[`d ${key}`] = traced[i] as Value;
      const results = await evaluate(outputs, feeds);
      for (const [key, wanted] of Object.entries(witness.outputs)) expectGolden(results[key], wanted, tolerance, key);
      for (const [key, wanted] of Object.entries(witness.gradients)) {
        expectGolden(results[key === 'x' ? 'd x' : `d rnn.${key}`], wanted, tolerance, `gradient by ${key}`);
      }
    },
  );

  test.each(['y', 'h', 'c'] as const)(
    'a loss on %s alone has the gradients that the sum of all has in part',
    async (key) => {
      // Witness: the gradient is linear in the cotangents; zeros for the others are another graph.
      const parameters = inputParameters(layer.parameters, 'float64');
      const x = input('x', 'float64', [3, 5, I]);
      const { output, h, c } = layer.forward(evaluationContext(parameters), x, input('lengths', 'int64', [3]));
      const values = { y: output, h, c };
      const wrt = [x, ...Object.values(parameters.values)];
      const r = nestedTensor('float64', witness.cotangents[key] as Nested);
      const zerosFor = (value: Value): Value => {
        const size = (value.shape as number[]).reduce((product, dim) => product * dim, 1);
        return constant(fromNumbers('float64', value.shape as number[], new Float64Array(size)));
      };
      const alone = vectorJacobianProduct([[values[key], constant(r)]], wrt);
      const among = vectorJacobianProduct(
        Object.entries(values).map(([own, value]) => [value, own === key ? constant(r) : zerosFor(value)]),
        wrt,
      );
      const named = (list: readonly Value[], kind: string) => list.map((value, i) => [`${kind}${i}`, value]);
      const results: Record<string, Tensor> = await evaluate(
        Object.fromEntries([...named(alone, 'a'), ...named(among, 'b')]) as Record<string, Value>,
        feedsOf(witness, 'float64'),
      );
      for (const i of wrt.keys()) {
        expectGolden(results[`a${i}`], toNumbers(results[`b${i}`] as Tensor), 1e-12, `gradient ${i}`);
      }
    },
  );

  test('its two forms agree to 1e-5 in float32: the loop, and one native LSTM', async () => {
    const feeds = feedsOf(witness, 'float32');
    const context = evaluationContext(inputParameters(layer.parameters));
    const { output, h, c } = layer.forward(context, input('x', 'float32', [3, 5, I]), input('lengths', 'int64', [3]));
    const outputs = { y: output, h, c };
    const typesOf = (form: 'training' | 'export') => lowerToGraph({ outputs, form }).nodes.map(({ opType }) => opType);
    expect(typesOf('training').filter((type) => /LSTM|Scan/.test(type))).toEqual(['Scan']);
    expect(typesOf('export').filter((type) => /LSTM|Scan/.test(type))).toEqual(['LSTM']);
    const [training, shipped] = [
      await evaluateForm(outputs, feeds, { form: 'training' }),
      await evaluateForm(outputs, feeds, { form: 'export' }),
    ];
    for (const [key, wanted] of Object.entries(witness.outputs)) {
      expectGolden(shipped[key as 'y'], toNumbers(training[key as 'y']), 1e-5, `${key}, native against loop`);
      expectGolden(shipped[key as 'y'], wanted, 1e-5, `${key}, native against PyTorch`);
    }
  });

  test('exports with names for rows and tokens; one graph runs at any batch and length', async () => {
    const parameters = inputParameters(layer.parameters);
    const [x, lengths] = [input('x', 'float32', ['N', 'S', I]), input('lengths', 'int64', ['N'])];
    const { output, h, c } = layer.forward(evaluationContext(parameters), x, lengths);
    const program = toProgram({ outputs: { y: output, h, c }, form: 'export' });
    const D = name === 'lstm' ? 1 : 2;
    expect(program.outputs.map(({ shape }) => shape)).toEqual([
      ['N', 'S', D * H],
      [D, 'N', H],
      [D, 'N', H],
    ]);
    const session = await openSession(program, { threads: 1 });
    try {
      const feeds = feedsOf(witness, 'float32');
      expectGolden((await session.run(feeds)).y, witness.outputs.y, 1e-5, 'whole batch');
      const row = (witness.inputs.x as Nested[][][])[1] as Nested[];
      const alone = await session.run({
        ...feeds,
        x: nestedTensor('float32', [row.slice(0, 3)]),
        lengths: nestedTensor('int64', [3]),
      });
      // Witness: the second row's three tokens, in PyTorch's padded batch.
      const padded = (witness.outputs.y as Nested[][])[1] as Nested[];
      expectGolden(alone.y, [padded.slice(0, 3)], 1e-5, 'one row without its padding');
    } finally {
      await session.release();
    }
  });

  test.each(['training', 'export'] as const)('what lies beyond the length changes nothing (%s form)', async (form) => {
    const feeds = feedsOf(witness, 'float32');
    const context = evaluationContext(inputParameters(layer.parameters));
    const outputs = layer.forward(context, input('x', 'float32', [3, 5, I]), input('lengths', 'int64', [3]));
    const lengths = witness.inputs.lengths as number[];
    const other = (witness.inputs.x as number[][][]).map((row, b) =>
      row.map((token, t) => (t < (lengths[b] as number) ? token : token.map((value) => 50 - value))),
    );
    const before = await evaluateForm(outputs, feeds, { form });
    const after = await evaluateForm(outputs, { ...feeds, x: nestedTensor('float32', other) }, { form });
    const plain = (x: Tensor) => toNumbers(x).map((value) => value + 0); // −0 is 0
    for (const key of ['output', 'h', 'c'] as const) expect(plain(after[key])).toEqual(plain(before[key]));
    const [, S, width] = before.output.shape as [number, number, number];
    const behind = toNumbers(before.output).filter((_, i) => {
      return Math.floor(i / width) % S >= (lengths[Math.floor(i / (S * width))] as number);
    });
    expect(behind).toHaveLength(6 * width); // lengths 5, 3, 1 of 5
    expect(behind.every((value) => value === 0)).toBe(true);
  });
});

describe('lstm, what it refuses and starts from', () => {
  test('weights that do not fit, lengths of another batch, directions of none', () => {
    const x = input('x', 'float32', [4, 2, 3]);
    const lengths = input('lengths', 'int64', [2]);
    const direction = {
      weightIh: input('a', 'float32', [8, 3]),
      weightHh: input('b', 'float32', [8, 2]),
      biasIh: input('c', 'float32', [8]),
      biasHh: input('d', 'float32', [8]),
    };
    const wanted = 'wanted x [T, B, I], lengths [B], and for each direction weights [4H, I], [4H, H] and biases';
    expect(() => lstmOp(x, lengths, [{ ...direction, weightIh: input('a', 'float32', [6, 3]) }])).toThrow(wanted);
    expect(() => lstmOp(x, input('lengths', 'int64', [3]), [direction])).toThrow(wanted);
    expect(() => lstmOp(x, input('lengths', 'float32', [2]), [direction])).toThrow('int64 lengths');
    expect(() => lstmOp(x, lengths, [])).toThrow('lstm: wanted one or two directions, got 0');
  });

  test("new parameters fill PyTorch's U(±1 / √H)", () => {
    const { parameters } = lstm('rnn', 30, 16, { isBidirectional: true });
    const started = initialiseParameters(parameters, 3);
    for (const [name, { data }] of Object.entries(started)) {
      const largest = Math.max(...data.map(Math.abs));
      expect(largest, name).toBeLessThanOrEqual(0.25);
      expect(largest, name).toBeGreaterThan(0.2);
    }
    expect(started['rnn.weight_hh_l0']?.data).not.toEqual(started['rnn.weight_hh_l0_reverse']?.data);
  });
});
