/** @file Tang et al.'s BiLSTM against the same network in PyTorch (`test/python/make_models.py`). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lowerToGraph } from '../../src/autograd/lower.js';
import { input } from '../../src/autograd/value.js';
import { type BilstmConfig, bilstm, pairFeatures } from '../../src/models/bilstm.js';
import { evaluationContext, trainingContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { toNumbers } from '../../src/tensor/tensor.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';
import { expectWitness, inputsOf, PRECISIONS, readWitnesses, runExported, type Witness } from './witness.js';

const witnesses = readWitnesses('bilstm') as Readonly<Record<'single' | 'pair', Witness>>;
const modelOf = (name: 'single' | 'pair') =>
  bilstm({ ...(witnesses[name].config as Partial<BilstmConfig>), dropout: 0 });
const DIMS = { B: 3, S: 5, S2: 3 };

describe.each(['single', 'pair'] as const)('bilstm, %s', (name) => {
  const witness = witnesses[name];
  const model = modelOf(name);

  test('bears the parameter names and shapes of the authors’ network', () => {
    expect(model.parameters.map((spec) => spec.name)).toEqual(Object.keys(witness.parameters));
    for (const spec of model.parameters) {
      expect(spec.shape, spec.name).toEqual(nestedTensor('float64', witness.parameters[spec.name] as Nested).shape);
    }
  });

  test.each(PRECISIONS)('agrees with PyTorch in %s: logits and all gradients', async (...precision) => {
    await expectWitness(model, witness, DIMS, precision, ({ logits }) => ({ logits }));
  });

  test('exports two native LSTM directions in one node; one graph runs at any batch and length', async () => {
    const { logits } = model.forward(evaluationContext(inputParameters(model.parameters)), inputsOf(model, DIMS));
    const types = lowerToGraph({ outputs: { logits }, form: 'export' }).nodes.map(({ opType }) => opType);
    expect(types.filter((type) => /LSTM|Scan/.test(type))).toEqual(name === 'single' ? ['LSTM'] : ['LSTM', 'LSTM']);
    // The second row without its padding: three tokens, and three of the second text.
    const cut = Object.fromEntries(
      Object.entries(witness.inputs).map(([key, rows]) => [key, [((rows as Nested[])[1] as Nested[]).slice(0, 3)]]),
    );
    const [whole, row] = await runExported(model, witness, [witness.inputs, cut]);
    expectGolden(whole?.logits, witness.outputs.logits as Nested, 1e-5, 'whole batch');
    expectGolden(row?.logits, [(witness.outputs.logits as Nested[])[1] as Nested], 1e-5, 'one row');
  });
});

describe('pairFeatures', () => {
  test('[h1; h2; h1 ⊙ h2; |h1 − h2|]', async () => {
    const path = new URL('../golden/golden.json', import.meta.url);
    const golden = JSON.parse(readFileSync(path, 'utf8')) as Record<
      string,
      { readonly inputs: Readonly<Record<'h1' | 'h2', Nested>>; readonly expected: { readonly paper: Nested } }
    >;
    const { inputs, expected } = golden['tang/siamese_concat'] as (typeof golden)[string];
    const f = pairFeatures(input('h1', 'float64', [1, 3]), input('h2', 'float64', [1, 3]));
    const feeds = { h1: nestedTensor('float64', inputs.h1), h2: nestedTensor('float64', inputs.h2) };
    expectGolden((await evaluate({ f }, feeds)).f, expected.paper, 1e-12, 'tang/siamese_concat');
  });
});

describe('bilstm, what it starts from and refuses', () => {
  test('the paper’s 0.96 M parameters without the embeddings', () => {
    // Witness: the paper, section 4.3: 0.96 M. That is two copies of 300-wide vectors and a layer of 200, by hand
    // 2·(600·600 + 600·150 + 2·600) + (300·200 + 200) + (200·2 + 2).
    const { parameters } = bilstm({ embedding_size: 600, dense_size: 200 });
    const inner = parameters.filter(({ name }) => !name.startsWith('embed.'));
    expect(inner.reduce((total, { shape }) => total + sizeOf(shape), 0)).toBe(963_002);
  });

  test('new vectors fill U(±0.25), the padding row is zero; pairs have no dropout unless told', () => {
    const model = bilstm({ vocab_size: 400, embedding_size: 8 });
    const { data } = initialiseParameters(model.parameters, 1)['embed.weight'] ?? { data: new Float32Array() };
    expect([...data.slice(0, 8)]).toEqual(new Array(8).fill(0));
    const largest = Math.max(...data.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(0.25);
    expect(largest).toBeGreaterThan(0.24);
    expect(model.config.dropout).toBe(0.1);
    expect(bilstm({ is_pair: true }).config.dropout).toBe(0);
    expect(bilstm({ is_pair: true, dropout: 0.2 }).config.dropout).toBe(0.2);
  });

  test('dropout stands before the last layer alone', () => {
    const model = bilstm({ vocab_size: 10, embedding_size: 4, hidden_size: 3, dense_size: 5 });
    const sites: string[] = [];
    const context = trainingContext(inputParameters(model.parameters), (site) => {
      sites.push(site);
      return input(site, 'uint32', []);
    });
    model.forward(context, inputsOf(model, DIMS));
    expect(sites).toEqual(['dropout']);
  });

  test('a text without one token has finite logits, those of a text of one padding token', async () => {
    const model = modelOf('single');
    const { logits } = model.forward(
      evaluationContext(inputParameters(model.parameters)),
      inputsOf(model, { B: 2, S: 2 }),
    );
    const { parameters } = witnesses.single;
    const results = await evaluate(
      { logits },
      {
        ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, nestedTensor('float32', value)])),
        input_ids: nestedTensor('int64', [
          [0, 0],
          [0, 0],
        ]),
        attention_mask: nestedTensor('int64', [
          [0, 0],
          [1, 0],
        ]),
      },
    );
    const [a, b, c, d] = toNumbers(results.logits);
    expect([a, b]).toEqual([c, d]);
    expect(Number.isFinite(a)).toBe(true);
  });

  test.each([
    [{ hidden_size: 0 }, 'bilstm hidden_size: wanted an integer ≥ 1, got 0'],
    [{ num_labels: 1.5 }, 'bilstm num_labels: wanted an integer ≥ 1, got 1.5'],
    [{ dropout: 1 }, "dropout 'dropout': wanted a rate ≥ 0 and < 1, got 1"],
    [{ pad_token_id: 30522 }, "paddingIndex of 'embed': wanted a row from 0 to 30521, got 30522"],
  ])('%j', (config, message) => {
    expect(() => bilstm(config)).toThrow(message);
  });

  test('a batch without a length, a missing text', () => {
    const pair = modelOf('pair');
    expect(() => pair.inputs({ B: 1 })).toThrow('bilstm: wanted inputs [B, S], got [B]');
    expect(pair.inputs({ B: 2, S: 7 }).map(({ name, shape }) => [name, shape])).toEqual(
      ['input_ids', 'attention_mask', 'input_ids_b', 'attention_mask_b'].map((name) => [name, [2, 7]]),
    );
    const context = evaluationContext(inputParameters(pair.parameters));
    const { input_ids_b: _, ...rest } = inputsOf(pair, DIMS);
    expect(() => pair.forward(context, rest)).toThrow("bilstm: wanted input 'input_ids_b'");
  });
});
