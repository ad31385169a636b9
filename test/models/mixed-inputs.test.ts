/** @file Mixtures of rows: the arithmetic by a golden vector, the rest by rows whose mixture is one of them. */
import { describe, expect, test } from 'vitest';
import { input, type Value } from '../../src/autograd/value.js';
import { bilstm } from '../../src/models/bilstm.js';
import { forwardMixed } from '../../src/models/mixed-inputs.js';
import { mlp } from '../../src/models/mlp.js';
import type { Model } from '../../src/models/model.js';
import { evaluationContext } from '../../src/nn/context.js';
import { constantParameters, initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { readGolden } from '../losses/golden-cases.js';
import { evaluate, expectGolden } from '../nn/evaluate.js';
import { smallEncoders } from './small-encoders.js';

const tiny = { vocab_size: 12, embedding_size: 4, hidden_size: 3, dense_size: 5, dropout: 0 };
const MODELS: Readonly<Record<string, Model>> = {
  ...Object.fromEntries(
    smallEncoders({ layers: 2, maxPositions: 10, initializerRange: 0.5 }).map((model) => [model.kind, model]),
  ),
  bilstm: bilstm(tiny),
  'bilstm of pairs': bilstm({ ...tiny, is_pair: true }),
};

/** Rows of 5, 2 and 3 tokens; second texts of 3, 1 and 2. */
function batchOf(model: Model): Record<string, Tensor> {
  const pad = Number(model.config.pad_token_id);
  const rows = (lengths: number[], S: number, of: (row: number, at: number) => number, rest: number) =>
    fromNumbers(
      'int64',
      [3, S],
      lengths.flatMap((n, row) => Array.from({ length: S }, (_, at) => (at < n ? of(row, at) : rest))),
    );
  const word = (row: number, at: number) => 2 + ((5 * row + 3 * at) % 10);
  return {
    input_ids: rows([5, 2, 3], 5, word, pad),
    attention_mask: rows([5, 2, 3], 5, () => 1, 0),
    token_type_ids: rows([5, 2, 3], 5, () => 0, 0),
    input_ids_b: rows([3, 1, 2], 3, (row, at) => word(row + 1, at), pad),
    attention_mask_b: rows([3, 1, 2], 3, () => 1, 0),
  };
}

async function logitsOf(model: Model, partner: number[], lambda: number, dims = { B: 'B', S: 'S', S2: 'S2' }) {
  const inputs = Object.fromEntries(
    model.inputs(dims).map(({ name, dtype, shape }) => [name, input(name, dtype, shape)]),
  );
  const context = evaluationContext(constantParameters(initialiseParameters(model.parameters, 3)));
  const mixing = { partner: input('partner', 'int64', ['B']), lambda: input('lambda', 'float32', ['B']) };
  const plain = model.forward(context, inputs).logits;
  const mixed = forwardMixed(model, context, inputs, mixing).logits;
  const results = await evaluate(
    { plain, mixed },
    {
      ...batchOf(model),
      partner: fromNumbers('int64', [3], partner),
      lambda: fromNumbers('float32', [3], [lambda, lambda, lambda]),
    },
  );
  const rows = (of: Tensor) => [0, 1, 2].map((row) => toNumbers(of).slice(2 * row, 2 * row + 2));
  return { plain: rows(results.plain), mixed: rows(results.mixed) };
}

const near = (ours: number[] | undefined, wanted: number[] | undefined) => {
  for (const [c, value] of (wanted ?? []).entries()) expect(ours?.[c]).toBeCloseTo(value, 5);
};

describe('forwardMixed', () => {
  // Witness: the method specification's golden vector.
  test('mixes word vectors as lambda · own + (1 − lambda) · partner’s', async () => {
    type Case = {
      readonly inputs: { readonly e_i: number[][]; readonly e_j: number[][]; readonly lambda: number };
      readonly expected: { readonly mixed: number[][] };
    };
    const { inputs, expected } = readGolden<Record<string, Case>>('golden.json')['mixkd/mix_embeddings'] as Case;
    const x = input('x', 'float64', [2, 2, 2]);
    const echo: Model = {
      kind: 'echo',
      config: {},
      parameters: [],
      signals: ['logits'],
      inputs: () => [],
      words: () => ({ x }),
      forward: (_context, _inputs, words) => ({ logits: words?.x as Value }),
    };
    const mixing = { partner: input('partner', 'int64', [2]), lambda: input('lambda', 'float64', [2]) };
    const { logits } = forwardMixed(echo, evaluationContext(inputParameters([])), { x }, mixing);
    const { mixed } = await evaluate(
      { mixed: logits },
      {
        x: fromNumbers('float64', [2, 2, 2], [...inputs.e_i.flat(), ...inputs.e_j.flat()]),
        partner: fromNumbers('int64', [2], [1, 0]),
        lambda: fromNumbers('float64', [2], [inputs.lambda, inputs.lambda]),
      },
    );
    expectGolden(
      { ...mixed, data: (mixed.data as Float64Array).subarray(0, 4) } as Tensor,
      expected.mixed,
      1e-12,
      'mixed',
    );
  });

  test.each(Object.keys(MODELS))('%s: with lambda 1 and itself for a partner a row is as it was', async (name) => {
    const { plain, mixed } = await logitsOf(MODELS[name] as Model, [0, 1, 2], 1);
    for (const row of [0, 1, 2]) near(mixed[row], plain[row]);
    expect(plain[0]).not.toEqual(plain[1]);
  });

  test.each(Object.keys(MODELS))(
    '%s: with lambda 0 a row is its longer partner: its words, places and mask are the longer one’s',
    async (name) => {
      const { plain, mixed } = await logitsOf(MODELS[name] as Model, [2, 0, 1], 0);
      near(mixed[1], plain[0]);
      // Row 0 has more tokens than its partner: the partner's padding is read as words, so it is neither of them.
      expect(mixed[0]?.[0]).not.toBeCloseTo(plain[2]?.[0] as number, 3);
    },
  );

  test('a model that reads no words is refused by name', () => {
    const model = mlp();
    const inputs = { pixels: input('pixels', 'uint8', [2, 784]) };
    const mixing = { partner: input('partner', 'int64', [2]), lambda: input('lambda', 'float32', [2]) };
    expect(() => forwardMixed(model, evaluationContext(inputParameters(model.parameters)), inputs, mixing)).toThrow(
      'a mixed forward pass of mlp: wanted a model with word embeddings, got inputs pixels',
    );
  });
});
