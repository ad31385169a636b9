/** @file The static model against the same network in PyTorch (`test/python/make_models.py`). */
import { describe, expect, test } from 'vitest';
import { type StaticConfig, staticModel } from '../../src/models/static-model.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';
import {
  dropoutsOf,
  expectWitness,
  inputsOf,
  PRECISIONS,
  readWitnesses,
  runExported,
  type Witness,
} from './witness.js';

const NAMES = ['single', 'linear', 'pair', 'ngrams', 'ngrams-pair'] as const;
type Name = (typeof NAMES)[number];
const witnesses = readWitnesses('static') as Readonly<Record<Name, Witness>>;
const modelOf = (name: Name) => staticModel(witnesses[name].config as Partial<StaticConfig>);
const DIMS = { B: 4, S: 5, S2: 3 };

describe.each(NAMES)('static, %s', (name) => {
  const witness = witnesses[name];
  const model = modelOf(name);

  test('bears PyTorch’s parameter names and shapes', () => {
    expect(model.parameters.map((spec) => spec.name)).toEqual(Object.keys(witness.parameters));
    for (const spec of model.parameters) {
      expect(spec.shape, spec.name).toEqual(nestedTensor('float64', witness.parameters[spec.name] as Nested).shape);
    }
  });

  test.each(PRECISIONS)('agrees with PyTorch in %s: outputs and all gradients', async (...precision) => {
    await expectWitness(model, witness, DIMS, precision, ({ logits, pooledOutput }) => ({
      logits,
      ...(pooledOutput && { pooledOutput }),
    }));
  });

  test('one exported graph runs at any batch and length', async () => {
    // The second row without its padding: three tokens, and three of the second text.
    const cut = Object.fromEntries(
      Object.entries(witness.inputs).map(([key, rows]) => [key, [((rows as Nested[])[1] as Nested[]).slice(0, 3)]]),
    );
    const [whole, row] = await runExported(model, witness, [witness.inputs, cut]);
    expectGolden(whole?.logits, witness.outputs.logits as Nested, 1e-5, 'whole batch');
    expectGolden(row?.logits, [(witness.outputs.logits as Nested[])[1] as Nested], 1e-5, 'one row');
  });

  test('drops out before each layer', () => {
    expect(dropoutsOf(model, DIMS)).toEqual(
      model.parameters.flatMap(({ name: parameter }) => {
        const layer = /^fc(\d+)\.weight$/.exec(parameter)?.[1];
        return layer === undefined ? [] : [`dropout${layer}`];
      }),
    );
  });
});

describe('staticModel', () => {
  test('drops whole tokens and n-grams out of the mean, each by itself', () => {
    const model = staticModel({ ...witnesses['ngrams-pair'].config, dropout: 0, token_dropout: 0.3 });
    expect(dropoutsOf(model, DIMS)).toEqual(
      ['input_ids', '2-grams', 'input_ids_b', '2-grams_b'].map((name) => `token_dropout/${name}`),
    );
  });

  test.each([
    [{ embedding_size: 0 }, 'static embedding_size: wanted an integer ≥ 1, got 0'],
    [{ hidden_sizes: [8, 0] }, 'static hidden_sizes: wanted integers ≥ 1, got 0'],
    [{ ngram_sizes: [1], ngram_buckets: 9 }, 'static ngram_sizes: wanted integers ≥ 2, got 1'],
    [{ ngram_sizes: [2] }, 'static ngram_buckets: wanted an integer ≥ 1, since there are n-grams, got 0'],
    [{ ngram_buckets: 9 }, 'static ngram_buckets: wanted 0, since there are no n-grams, got 9'],
    [{ dropout: 1 }, "dropout 'dropout1': wanted a rate ≥ 0 and < 1, got 1"],
    [{ pad_token_id: 30522 }, "paddingIndex of 'embed': wanted a row from 0 to 30521, got 30522"],
  ])('%j', (config, message) => {
    expect(() => staticModel(config)).toThrow(message);
  });

  test('a batch without a length, a missing text', () => {
    const pair = modelOf('pair');
    expect(() => pair.inputs({ B: 1 })).toThrow('static: wanted inputs [B, S], got [B]');
    const { input_ids_b: _, ...rest } = inputsOf(pair, DIMS);
    const context = evaluationContext(inputParameters(pair.parameters));
    expect(() => pair.forward(context, rest)).toThrow("static: wanted input 'input_ids_b'");
  });
});
