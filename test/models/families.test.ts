/** @file Every family of encoders and its heads against transformers, float64 (`test/python/make_models.py`). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Value } from '../../src/autograd/value.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { distilbert, distilbertDefaults } from '../../src/models/distilbert.js';
import type { EncoderFamily } from '../../src/models/encoder-family.js';
import { FAMILIES, familyOf } from '../../src/models/families.js';
import { HEADS, type HeadName } from '../../src/models/heads.js';
import { type Model, readsText, type Signals } from '../../src/models/model.js';
import { IMAGE_KINDS } from '../../src/models/model-format.js';
import { roberta, robertaDefaults } from '../../src/models/roberta.js';
import { loadModel, saveModel } from '../../src/models/saved-model.js';
import { SMALL_BERTS } from '../../src/models/small-berts.js';
import { MODELS } from '../../src/models/table.js';
import { evaluationContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';
import {
  dropoutsOf,
  expectWitness,
  inputsOf,
  PRECISIONS,
  readWitnesses,
  runExported,
  tensorsOf,
  type Witness,
} from './witness.js';

const headOf = (name: string): HeadName => (name === 'regression' ? 'classification' : (name as HeadName));

const cases = Object.keys(FAMILIES).flatMap((family) =>
  Object.entries(readWitnesses(family)).map(([name, witness]) => ({ family, name, witness })),
);
const modelOf = (family: string, name: string, witness: Witness): Model =>
  (familyOf(family) as EncoderFamily)({ ...witness.config, head: headOf(name) });
const read = ({ logits, hiddenStates = [] }: Signals): Record<string, Value> => ({
  logits,
  ...Object.fromEntries(hiddenStates.map((hidden, i) => [`hidden ${i}`, hidden])),
});
const [B, S] = [2, 5];

test.each(Object.entries(FAMILIES))('%s has a witness of each head, and is found by its kind', (kind, family) => {
  // transformers has no class for the mean over tokens: mean-head.test.ts has its formula.
  const ofHub = HEADS.filter((head) => head !== 'mean');
  expect(Object.keys(readWitnesses(kind))).toEqual(expect.arrayContaining(ofHub));
  expect(family().kind).toBe(kind);
});

describe.each(cases)('$family, $name', ({ family, name, witness }) => {
  const model = modelOf(family, name, witness);

  test('bears the parameter names and shapes of transformers', () => {
    expect(model.parameters.map((spec) => spec.name).sort()).toEqual(Object.keys(witness.parameters).sort());
    for (const spec of model.parameters) {
      expect(spec.shape, spec.name).toEqual(nestedTensor('float64', witness.parameters[spec.name] as Nested).shape);
    }
  });

  test.each(PRECISIONS)('agrees with transformers in %s: logits, hidden states, gradients', async (...precision) => {
    await expectWitness(model, witness, { B, S }, precision, read);
  });

  test('gives the signals that it lists', () => {
    const signals = model.forward(evaluationContext(inputParameters(model.parameters)), inputsOf(model, { B, S }));
    const given = Object.keys(signals).filter((signal) => !['attentionMask', 'classRows'].includes(signal));
    expect(given.sort()).toEqual([...model.signals].sort());
    expect(model.signals.includes('pooledOutput')).toBe(headOf(name) === 'classification');
  });

  test('one exported graph runs at any batch and length', async () => {
    const cut = Object.fromEntries(
      Object.entries(witness.inputs).map(([key, rows]) => [key, [((rows as Nested[])[1] as Nested[]).slice(0, 3)]]),
    );
    const [whole, row] = await runExported(model, witness, [witness.inputs, cut]);
    const wanted = witness.outputs.logits as Nested[];
    expectGolden(whole?.logits, wanted, 5e-5, 'whole batch');
    // Witness: the row's three tokens in the padded batch.
    const padded = wanted[1] as Nested[];
    expectGolden(row?.logits, headOf(name) === 'classification' ? padded : padded.slice(0, 3), 5e-5, 'one row');
  });
});

describe('roberta', () => {
  const witness = readWitnesses('roberta').tokens as Witness;

  test('padding in front of a text does not move its positions', async () => {
    // Witness: the text's first row in transformers, which stands without padding.
    const model = modelOf('roberta', 'tokens', witness);
    const { logits } = model.forward(
      evaluationContext(inputParameters(model.parameters, 'float64')),
      inputsOf(model, { B: 1, S: 7 }),
    );
    const [first] = witness.inputs.input_ids as Nested[][];
    const results = await evaluate(
      { logits },
      {
        ...tensorsOf('float64', witness.parameters),
        input_ids: nestedTensor('int64', [[1, 1, ...(first as Nested[])]]),
        attention_mask: nestedTensor('int64', [[0, 0, 1, 1, 1, 1, 1]]),
      },
    );
    const wanted = (witness.outputs.logits as Nested[][])[0] as Nested[];
    const behind = { ...results.logits, data: results.logits.data.slice(2 * 3), shape: [1, 5, 3] };
    expectGolden(behind as typeof results.logits, wanted, 1e-9, 'logits of the text');
  });

  test('has room for max_position_embeddings less the rows that no token has', () => {
    const model = roberta({ ...witness.config, head: 'tokens' });
    const context = evaluationContext(inputParameters(model.parameters));
    expect(() => model.forward(context, inputsOf(model, { B: 1, S: 7 }))).not.toThrow();
    expect(() => model.forward(context, inputsOf(model, { B: 1, S: 8 }))).toThrow(
      'roberta: wanted at most 7 tokens (max_position_embeddings), got 8; truncate the texts',
    );
  });
});

describe('the family, what it starts from and refuses', () => {
  const count = (model: Model, prefix = '') =>
    model.parameters.reduce(
      (total, { name, shape }) => total + (prefix !== '' && name.startsWith(prefix) ? 0 : sizeOf(shape)),
      0,
    );

  test('the defaults are the released base models', () => {
    // Witness: transformers, sum of numel: RobertaForSequenceClassification and DistilBertForSequenceClassification of
    // roberta-base's and distilbert-base-uncased's config.json.
    expect(count(roberta(robertaDefaults))).toBe(124_647_170);
    expect(count(distilbert(distilbertDefaults))).toBe(66_955_010);
  });

  test('the 24 small BERTs have the sizes of BertModel, under the hub’s names', () => {
    const { sizes } = JSON.parse(
      readFileSync(new URL('../golden/models.transformers.json', import.meta.url), 'utf8'),
    ) as { readonly sizes: Readonly<Record<string, number>> };
    const found = Object.values(SMALL_BERTS).map(({ config, hubId }) => [hubId, count(bert(config), 'classifier.')]);
    expect(Object.fromEntries(found)).toEqual(sizes);
    expect(Object.keys(sizes)).toHaveLength(24);
    // Witness: the table of google-research/bert's README.
    expect(SMALL_BERTS['bert-tiny'].hubId).toBe('google/bert_uncased_L-2_H-128_A-2');
    expect(SMALL_BERTS['bert-mini'].hubId).toBe('google/bert_uncased_L-4_H-256_A-4');
    expect(SMALL_BERTS['bert-small'].hubId).toBe('google/bert_uncased_L-4_H-512_A-8');
    expect(SMALL_BERTS['bert-medium'].hubId).toBe('google/bert_uncased_L-8_H-512_A-8');
    expect(SMALL_BERTS['bert-base'].hubId).toBe('google/bert_uncased_L-12_H-768_A-12');
    expect(SMALL_BERTS['bert-l6-h256'].hubId).toBe('google/bert_uncased_L-6_H-256_A-4');
  });

  const dropoutSites = (family: string) =>
    dropoutsOf(modelOf(family, 'classification', readWitnesses(family).classification as Witness), { B, S });

  test.each(Object.keys(FAMILIES))('every dropout of %s has a stream of its own', (family) => {
    const sites = dropoutSites(family);
    expect(new Set(sites).size).toBe(sites.length);
  });

  test.each([
    // Witness: the modules of transformers' classes: Dropout in embeddings, layers and head.
    ['bert', 1 + 3 + 1],
    ['roberta', 1 + 3 + 2],
    ['distilbert', 1 + 2 + 1],
  ])('%s has %i dropouts', (family, wanted) => {
    expect(dropoutSites(family)).toHaveLength(wanted);
  });

  test.each([
    [
      () => bert({ head: 'summary' as HeadName }),
      'bert head: wanted classification, mean, tokens, masked-lm, got summary',
    ],
    [() => distilbert({ dim: 10, n_heads: 3 }), 'distilbert n_heads: wanted a divisor of dim 10, got 3'],
    [() => distilbert({ n_layers: 0 }), 'distilbert n_layers: wanted an integer ≥ 1, got 0'],
    [() => roberta({ hidden_act: 'mish' as 'gelu' }), 'roberta hidden_act: wanted gelu, gelu_new'],
  ])('case %#', (make, message) => {
    expect(make).toThrow(message);
  });
});

test('what reads images is told by its kind alone', () => {
  const { 'multi-task': _, ...makers } = MODELS;
  for (const [kind, make] of Object.entries(makers)) expect(readsText(make()), kind).toBe(!IMAGE_KINDS.has(kind));
});

describe('saved models of text', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'retort-family-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const models = [
    ...cases.map(({ family, name, witness }) => modelOf(family, name, witness)),
    bilstm({ vocab_size: 10, embedding_size: 4, hidden_size: 3, dense_size: 5, is_pair: true }),
  ];

  test.each(models.map((model, i) => [model.kind, i, model] as const))('%s, %i, comes back', async (kind, i, model) => {
    const weights = initialiseParameters(model.parameters, 1);
    await saveModel(join(folder, `${i}`), { model, weights, labelNames: [] });
    const loaded = await loadModel(join(folder, `${i}`));
    expect(loaded.model.kind).toBe(kind);
    expect(loaded.model.config).toEqual(model.config);
    expect(loaded.weights).toEqual(weights);
  });

  test('a bert that was saved before there were other heads is a classifier', async () => {
    const [model] = models as [Model];
    const path = join(folder, 'old');
    await saveModel(path, { model, weights: initialiseParameters(model.parameters, 1), labelNames: [] });
    const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as {
      model: { config: { head?: string } };
    };
    delete config.model.config.head;
    writeFileSync(join(path, 'config.json'), JSON.stringify(config));
    rmSync(join(path, 'manifest.json'));
    expect((await loadModel(path)).model.config).toEqual(model.config);
  });
});
