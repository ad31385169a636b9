import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { toProgram } from '../../src/autograd/lower.js';
import { add, mul } from '../../src/autograd/ops/elementwise.js';
import { sum } from '../../src/autograd/ops/reduce.js';
import { constant, input, type Value } from '../../src/autograd/value.js';
import { type BertConfig, bert, bertDefaults } from '../../src/models/bert.js';
import type { Signals } from '../../src/models/model.js';
import { evaluationContext } from '../../src/nn/context.js';
import { constantParameters, initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { openSession } from '../../src/runtime/session.js';
import { RandomStream } from '../../src/tensor/random.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';
import { dropoutsOf } from './witness.js';

type Fixture = {
  readonly config: Partial<BertConfig>;
  readonly inputs: Readonly<Record<'inputIds' | 'attentionMask' | 'tokenTypeIds', Nested>>;
  readonly cotangents: Readonly<Record<'lastHiddenState' | 'pooled', Nested>>;
  readonly parameters: Readonly<Record<string, Nested>>;
  readonly outputs: {
    readonly lastHiddenState: Nested;
    readonly pooled: Nested;
    readonly hiddenStates: readonly Nested[];
    readonly attentionProbs: readonly Nested[];
  };
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Nested>>;
};
type Golden = { readonly bert: Fixture; readonly bertMasked: Pick<Fixture, 'loss' | 'gradients'> };

// Witness: transformers' BertModel (eager attention) in float64, two layers.
const golden = JSON.parse(readFileSync(new URL('../golden/nn.torch-2.13.json', import.meta.url), 'utf8')) as Golden;
const fixture = golden.bert;
const B = 3;
const S = 6;

const model = bert(fixture.config);
const feeds = {
  input_ids: nestedTensor('int64', fixture.inputs.inputIds),
  attention_mask: nestedTensor('int64', fixture.inputs.attentionMask),
  token_type_ids: nestedTensor('int64', fixture.inputs.tokenTypeIds),
};
const inputs = (dims: { B: number | string; S: number | string }): Record<string, Value> =>
  Object.fromEntries(model.inputs(dims).map(({ name, dtype, shape }) => [name, input(name, dtype, shape)]));
/** The fixture's parameters and zeros for the classifier, which BertModel lacks. */
const weights = (dtype: 'float32' | 'float64'): Record<string, Tensor> =>
  Object.fromEntries(
    model.parameters.map(({ name, shape }) => {
      const nested = fixture.parameters[name];
      return [
        name,
        nested === undefined ? fromNumbers(dtype, shape, new Float64Array(sizeOf(shape))) : nestedTensor(dtype, nested),
      ];
    }),
  );
const last = (signals: Signals) => signals.hiddenStates?.at(-1) as Value;

describe('bert', () => {
  test('bears the parameter names and shapes of transformers', () => {
    const ours = model.parameters.filter(({ name }) => !name.startsWith('classifier.'));
    expect(ours.map(({ name }) => name).sort()).toEqual(Object.keys(fixture.parameters).sort());
    for (const { name, shape } of ours)
      expect(shape).toEqual(nestedTensor('float64', fixture.parameters[name] as Nested).shape);
  });

  test.each([
    ['float64', 1e-9],
    ['float32', 2e-5],
  ] as const)('agrees with transformers in %s: signals, loss and all gradients', async (dtype, tolerance) => {
    const parameters = inputParameters(model.parameters, dtype);
    const signals = model.forward(evaluationContext(parameters), inputs({ B, S }));
    const names = Object.keys(fixture.parameters);
    const trained = names.map((name) => parameters.values[name] as Value);
    const pooled = sum(mul(signals.pooledOutput as Value, constant(nestedTensor(dtype, fixture.cotangents.pooled))));
    const r = constant(nestedTensor(dtype, fixture.cotangents.lastHiddenState)); // [B, S, H]
    const mask = constant(
      nestedTensor(
        dtype,
        (fixture.inputs.attentionMask as Nested[][]).map((row) => row.map((m) => [m])),
      ),
    );
    const losses = {
      whole: add(sum(mul(last(signals), r)), pooled),
      masked: add(sum(mul(last(signals), mul(r, mask))), pooled),
    };
    const outputs: Record<string, Value> = { ...losses, last: last(signals), pooled: signals.pooledOutput as Value };
    for (const [i, hidden] of (signals.hiddenStates ?? []).entries()) outputs[`hidden ${i}`] = hidden;
    for (const [kind, loss] of Object.entries(losses)) {
      for (const [i, gradient] of gradients(loss, trained).entries()) outputs[`${kind} ${names[i]}`] = gradient;
    }
    const results = await evaluate(outputs, { ...feeds, ...weights(dtype) });
    expectGolden(results.pooled, fixture.outputs.pooled, tolerance, 'pooled');
    for (const [i, hidden] of fixture.outputs.hiddenStates.entries()) {
      expectGolden(results[`hidden ${i}`], hidden, tolerance, `hidden ${i}`);
    }
    for (const [kind, witness] of [
      ['whole', fixture],
      ['masked', golden.bertMasked],
    ] as const) {
      expectGolden(results[kind], witness.loss, tolerance, `${kind} loss`);
      for (const name of names) {
        const gradient = results[`${kind} ${name}`];
        if (name.endsWith('self.key.bias')) {
          // Zero in exact arithmetic: softmax does not see a shift of all keys.
          for (const element of toNumbers(gradient as Tensor)) expect(Math.abs(element)).toBeLessThan(tolerance);
        } else expectGolden(gradient, witness.gradients[name] as Nested, tolerance, `${kind} gradient of ${name}`);
      }
    }
  });
});

type Text = {
  readonly ids: readonly number[][];
  readonly mask: readonly number[][];
  readonly types: readonly number[][];
};
const text: Text = {
  ids: fixture.inputs.inputIds as number[][],
  mask: fixture.inputs.attentionMask as number[][],
  types: fixture.inputs.tokenTypeIds as number[][],
};

/** A loss over logits and the hidden states of real tokens, and its gradients by all parameters. */
async function differentiate(dtype: 'float32' | 'float64', { ids, mask, types }: Text) {
  const dims = { B: ids.length, S: ids[0]?.length ?? 0 };
  const parameters = inputParameters(model.parameters, dtype);
  const signals = model.forward(evaluationContext(parameters), inputs(dims));
  const real = constant(
    nestedTensor(
      dtype,
      mask.map((row) => row.map((m) => [m])),
    ),
  );
  const cubed = (x: Value) => mul(x, mul(x, x)); // a loss that is not linear
  const loss = add(sum(cubed(signals.logits)), sum(cubed(mul(last(signals), real))));
  const names = Object.keys(parameters.values);
  const outputs: Record<string, Value> = { loss };
  for (const [i, g] of gradients(loss, Object.values(parameters.values)).entries()) outputs[`d ${names[i]}`] = g;
  return evaluate(outputs, {
    input_ids: nestedTensor('int64', ids),
    attention_mask: nestedTensor('int64', mask),
    token_type_ids: nestedTensor('int64', types),
    ...weights(dtype),
    ...classifier(dtype),
  });
}

function classifier(dtype: 'float32' | 'float64'): Record<string, Tensor> {
  const random = new RandomStream(5, 'classifier');
  const draw = (size: number) => Float64Array.from({ length: size }, () => random.uniform(-1, 1));
  return {
    'classifier.weight': fromNumbers(dtype, [2, 8], draw(16)),
    'classifier.bias': fromNumbers(dtype, [2], draw(2)),
  };
}

describe('bert, padding', () => {
  test.each(['float32', 'float64'] as const)('other tokens under the mask change no gradient (%s)', async (dtype) => {
    const plain = await differentiate(dtype, text);
    const ids = text.ids.map((row, b) => row.map((id, s) => (text.mask[b]?.[s] === 0 ? 17 - s : id)));
    const types = text.types.map((row, b) => row.map((type, s) => (text.mask[b]?.[s] === 0 ? 1 - type : type)));
    expect(ids).not.toEqual(text.ids);
    const other = await differentiate(dtype, { ...text, ids, types });
    for (const name of Object.keys(plain)) {
      const before = toNumbers(plain[name] as Tensor);
      for (const [i, g] of toNumbers(other[name] as Tensor).entries()) expect(g === before[i], name).toBe(true);
    }
  });

  test('a batch without its padding has the same loss and gradients to 1e-6', async () => {
    // The second row has four tokens.
    const cut = (length: number): Text => ({
      ids: [text.ids[1]?.slice(0, length) as number[]],
      mask: [text.mask[1]?.slice(0, length) as number[]],
      types: [text.types[1]?.slice(0, length) as number[]],
    });
    const padded = await differentiate('float32', cut(6));
    const tight = await differentiate('float32', cut(4));
    for (const [name, wanted] of Object.entries(padded)) {
      if (name.endsWith('self.key.bias')) continue; // zero, and rounding
      expectGolden(tight[name], toNumbers(wanted), 1e-6, name);
    }
  });

  test('a masked key has a score gradient of exactly 0, and a row of padding alone is finite', async () => {
    const parameters = inputParameters(model.parameters, 'float32');
    const signals = model.forward(evaluationContext(parameters), inputs({ B: 2, S: 3 }));
    const scores = signals.attentionScores as Value[];
    const [first] = gradients(sum(mul(last(signals), last(signals))), scores); // [B, A, S, S]
    const results = await evaluate(
      { g: first as Value, last: last(signals) },
      {
        input_ids: nestedTensor('int64', [
          [2, 7, 9],
          [0, 0, 0],
        ]),
        attention_mask: nestedTensor('int64', [
          [1, 1, 0],
          [0, 0, 0],
        ]),
        token_type_ids: nestedTensor('int64', [
          [0, 0, 0],
          [0, 0, 0],
        ]),
        ...weights('float32'),
      },
    );
    const g = toNumbers(results.g);
    // The third key of the first row, for both heads and all queries.
    expect(
      g
        .slice(0, 18)
        .filter((_, i) => i % 3 === 2)
        .map(Math.abs),
    ).toEqual(new Array(6).fill(0));
    expect(g.slice(0, 18).some((element) => element !== 0)).toBe(true);
    expect([...g, ...toNumbers(results.last)].every(Number.isFinite)).toBe(true);
  });
});

describe('bert, gradient check', () => {
  test('the whole model, float64, central differences: relative error at most 1e-6 for every parameter', async () => {
    const parameters = inputParameters(model.parameters, 'float64');
    const signals = model.forward(evaluationContext(parameters), inputs({ B, S }));
    const random = new RandomStream(3, 'gradient check');
    const against = (x: Value) => {
      const shape = x.shape as number[];
      const r = Float64Array.from({ length: sizeOf(shape) }, () => random.uniform(-1, 1));
      return sum(mul(x, constant(fromNumbers('float64', shape, r))));
    };
    const loss = [signals.logits, last(signals), ...(signals.attentionScores ?? [])]
      .map(against)
      .reduce((a, b) => add(a, b));
    const names = Object.keys(parameters.values);
    const analytic = gradients(loss, Object.values(parameters.values));
    const values: Record<string, Tensor> = { ...weights('float64'), ...classifier('float64') };
    const given = { ...feeds, ...values };
    const exact = await evaluate(
      Object.fromEntries(names.map((name, i) => [`d ${name}`, analytic[i] as Value])),
      given,
    );
    const session = await openSession(toProgram({ outputs: { loss } }), { threads: 1 });
    try {
      const lossAt = async (data: Float64Array, i: number, x: number): Promise<number> => {
        const held = data[i] as number;
        data[i] = x;
        const { loss: result } = await session.run(given);
        data[i] = held;
        return toNumbers(result as Tensor)[0] as number;
      };
      for (const name of names) {
        const gradient = toNumbers(exact[`d ${name}`] as Tensor);
        const { data } = values[name] as Tensor<'float64'>;
        // Rows that no token reads have no gradient; most of the picks should have one. The padding row is held at 0.
        const width = name.includes('word_embeddings') ? 8 : 0;
        const touched = gradient.flatMap((g, i) => (g !== 0 ? [i] : []));
        const picks = Array.from({ length: 3 }, () => touched[random.below(touched.length)] as number);
        picks.push(width + random.below(data.length - width));
        let squares = 0;
        let norm = 0;
        for (const i of picks) {
          const x = data[i] as number;
          const h = 1e-5;
          const numeric = ((await lossAt(data, i, x + h)) - (await lossAt(data, i, x - h))) / (2 * h);
          squares += (numeric - (gradient[i] as number)) ** 2;
          norm += numeric ** 2;
        }
        expect(Math.sqrt(squares) / Math.max(1, Math.sqrt(norm)), name).toBeLessThanOrEqual(1e-6);
        expect(Math.sqrt(norm), name).toBeGreaterThan(0.01);
      }
    } finally {
      await session.release();
    }
  });
});

describe('bert, export', () => {
  test('one graph with named dimensions runs at any batch and length', async () => {
    const named = inputs({ B: 'N', S: 'S' });
    const signals = model.forward(evaluationContext(constantParameters(weights('float32'))), named);
    const program = toProgram({
      outputs: { pooled: signals.pooledOutput as Value, last: last(signals) },
      inputs: Object.values(named),
      form: 'export',
    });
    expect(program.inputs.map(({ name, shape }) => [name, shape])).toEqual(
      ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => [name, ['N', 'S']]),
    );
    const session = await openSession(program, { threads: 1 });
    try {
      const whole = await session.run(feeds);
      expectGolden(whole.pooled, fixture.outputs.pooled, 2e-5, 'pooled');
      expectGolden(whole.last, fixture.outputs.lastHiddenState, 2e-5, 'last hidden state');
      const one = await session.run({
        input_ids: nestedTensor('int64', [text.ids[1]?.slice(0, 4) as number[]]),
        attention_mask: nestedTensor('int64', [[1, 1, 1, 1]]),
        token_type_ids: nestedTensor('int64', [[0, 0, 0, 0]]),
      });
      // Witness: the row's four real tokens in the padded batch.
      expectGolden(one.pooled, [(fixture.outputs.pooled as Nested[])[1] as Nested], 2e-5, 'pooled, one row');
    } finally {
      await session.release();
    }
  });
});

describe('bert, what it refuses and starts from', () => {
  test.each([
    [
      { hidden_size: 10, num_attention_heads: 3 },
      'bert num_attention_heads: wanted a divisor of hidden_size 10, got 3',
    ],
    [{ num_hidden_layers: 0 }, 'bert num_hidden_layers: wanted an integer ≥ 1, got 0'],
    [{ hidden_act: 'mish' as 'gelu' }, 'bert hidden_act: wanted gelu, gelu_new'],
    [{ hidden_dropout_prob: 1 }, "dropout 'embeddings.dropout': wanted a rate ≥ 0 and < 1, got 1"],
    [{ pad_token_id: -1 }, "paddingIndex of 'embeddings.word_embeddings': wanted a row from 0 to 30521, got -1"],
  ])('%j', (config, message) => {
    expect(() => bert(config)).toThrow(message);
  });

  test('more tokens than positions, a batch without a length, a missing input', () => {
    const context = evaluationContext(inputParameters(model.parameters));
    expect(() => model.forward(context, inputs({ B: 1, S: 13 }))).toThrow(
      'bert: wanted at most 12 tokens (max_position_embeddings), got 13; truncate the texts',
    );
    expect(() => model.inputs({ B: 1 })).toThrow('bert: wanted inputs [B, S], got [B]');
    expect(() => model.forward(context, { input_ids: input('i', 'int64', [1, 2]) })).toThrow("input 'attention_mask'");
  });

  test('the defaults have the 109,483,778 parameters of BERT base with two classes', () => {
    // Witness: transformers' BertForSequenceClassification(BertConfig()), sum of numel over parameters.
    expect(bert(bertDefaults).parameters.reduce((total, { shape }) => total + sizeOf(shape), 0)).toBe(109_483_778);
  });

  test('every dropout has a stream of its own: embeddings, three a layer, classifier', () => {
    const dropped = bert({ ...fixture.config, hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.2 });
    const sites = dropoutsOf(dropped, { B, S });
    expect(sites).toHaveLength(1 + 3 * 2 + 1);
    expect(new Set(sites).size).toBe(sites.length);
    expect(sites).toContain('encoder.layer.1.attention.self.dropout');
  });

  test('new weights: normal with initializer_range, zero biases and padding row, LayerNorm at 1 and 0', () => {
    const small = bert({ ...fixture.config, vocab_size: 400, initializer_range: 0.1 });
    const started = initialiseParameters(small.parameters, 1);
    const word = started['embeddings.word_embeddings.weight']?.data ?? new Float32Array();
    expect([...word.slice(0, 8)]).toEqual(new Array(8).fill(0));
    const std = Math.sqrt(word.slice(8).reduce((a, x) => a + x * x, 0) / (word.length - 8));
    expect(std).toBeGreaterThan(0.095);
    expect(std).toBeLessThan(0.105);
    expect(new Set(started['encoder.layer.0.output.dense.bias']?.data)).toEqual(new Set([0]));
    expect(new Set(started['encoder.layer.1.output.LayerNorm.weight']?.data)).toEqual(new Set([1]));
  });
});
