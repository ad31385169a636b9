import { describe, expect, test } from 'vitest';
import { CheckpointError, OutputError } from '../../src/errors/failures.js';
import { exportOnnx } from '../../src/export/onnx.js';
import type { Precision } from '../../src/export/precisions.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { FAMILIES, familyOf } from '../../src/models/families.js';
import type { Model } from '../../src/models/model.js';
import { roberta } from '../../src/models/roberta.js';
import { staticModel } from '../../src/models/static-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { readModel } from '../../src/onnx/read.js';
import { readWeights } from '../../src/onnx/stored-weights.js';
import { openModelSession } from '../../src/runtime/session.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { readWitnesses, tensorsOf, type Witness } from '../models/witness.js';
import { expectGolden, type Nested } from '../nn/evaluate.js';

/** Witness of all logits: `transformers` and PyTorch, by test/python/make_models.py. */
const CASES: readonly (readonly [family: string, name: string, make: (config: object) => Model])[] = [
  ...Object.entries(FAMILIES).map(([kind, make]) => [kind, 'classification', make] as const),
  ['bert', 'regression', bert],
  ['bert', 'tokens', bert],
  ['bilstm', 'single', bilstm],
  ['bilstm', 'pair', bilstm],
  ['static', 'single', staticModel],
  ['static', 'pair', staticModel],
  ['static', 'ngrams', staticModel],
  ['static', 'ngrams-pair', staticModel],
];

function exportedWitness(family: string, name: string, make: (config: object) => Model) {
  const witness = readWitnesses(family)[name] as Witness;
  const weights = tensorsOf('float32', witness.parameters) as Record<string, Tensor<'float32'>>;
  const head = name === 'tokens' ? { head: name } : {};
  const model = make({ ...witness.config, ...head });
  return { witness, model, weights, bytes: exportOnnx({ model, weights, labelNames: [], tokenizerHash: 'f00' }) };
}

describe('exportOnnx', () => {
  test.each(CASES)('a %s (%s) answers as PyTorch does, in batches of other sizes too', async (family, name, make) => {
    const { witness, bytes } = exportedWitness(family, name, make);
    const session = await openModelSession(bytes, { threads: 1 });
    try {
      const feeds = tensorsOf('int64', witness.inputs);
      expectGolden((await session.run(feeds)).logits, witness.outputs.logits as Nested, 5e-5, 'logits');
      const first = Object.fromEntries(
        Object.entries(witness.inputs).map(([key, rows]) => [key, (rows as readonly Nested[]).slice(0, 1)]),
      );
      const { logits } = await session.run(tensorsOf('int64', first));
      expectGolden(logits, (witness.outputs.logits as readonly Nested[]).slice(0, 1), 5e-5, 'one row');
    } finally {
      await session.release();
    }
  });

  test.each(CASES)('nothing that a %s (%s) makes of its weights alone is left to the runtime', (family, name, make) => {
    const { graph } = readModel(exportedWitness(family, name, make).bytes, 'model.onnx');
    const constants = new Set(graph.initializers.map((initializer) => initializer.name));
    const constant = graph.nodes.filter(({ inputs }) => inputs.every((input) => constants.has(input)));
    expect(constant.map(({ opType, inputs }) => `${opType}(${inputs})`)).toEqual([]);
  });

  test.each(CASES)(
    'a %s (%s) in float16 answers nearly as in float32, in int8 as with its weights rounded',
    async (family, name, make) => {
      const { witness, model, weights } = exportedWitness(family, name, make);
      const feeds = tensorsOf('int64', witness.inputs);
      const logitsOf = async (content: { readonly weights: typeof weights; readonly precision?: Precision }) => {
        const session = await openModelSession(exportOnnx({ model, labelNames: [], ...content }), { threads: 1 });
        try {
          return (await session.run(feeds)).logits;
        } finally {
          await session.release();
        }
      };
      // 11 significant bits, and a few layers.
      expectGolden(
        await logitsOf({ weights, precision: 'float16' }),
        witness.outputs.logits as Nested,
        5e-3,
        'float16',
      );
      const int8 = await logitsOf({ weights, precision: 'int8' });
      if (model.kind === 'bilstm' || familyOf(model.kind) !== undefined) {
        // Of numbers in 7 or 8 bits; weights of these models are far larger than trained ones.
        expectGolden(int8, witness.outputs.logits as Nested, 0.1, 'int8');
      } else {
        const { graph } = readModel(exportOnnx({ model, weights, labelNames: [], precision: 'int8' }), 'model.onnx');
        const read = readWeights(graph);
        const rounded = Object.fromEntries(Object.entries(weights).map(([key, weight]) => [key, read[key] ?? weight]));
        expect(int8).toEqual(await logitsOf({ weights: rounded }));
      }
    },
  );

  test('an encoder in int8: metadata, layers that are kept, and a name that is none', () => {
    const { model, weights } = exportedWitness('bert', 'classification', bert);
    const content = { model, weights, labelNames: [], precision: 'int8' } as const;
    const { graph, metadata } = readModel(exportOnnx({ ...content, keep: ['encoder.layer.0', 'classifier'] }), 'x');
    expect(metadata).toMatchObject({
      'retort.precision': 'int8',
      'retort.activations': 'token',
      'retort.kept': '["encoder.layer.0","classifier"]',
      'retort.scores': 'unscored',
    });
    const float = graph.nodes.filter(({ opType, inputs }) => opType === 'MatMul' && inputs[1]?.includes('weight/'));
    expect(float.map(({ inputs }) => inputs[1])).toHaveLength(7);
    const wide = graph.initializers.filter(({ tensor }) => tensor.dtype === 'float32').map(({ name }) => name);
    expect(wide).toContain('embeddings.position_embeddings.weight');
    expect(() => exportOnnx({ ...content, keep: ['encoder.layer.9'] })).toThrow(
      /^keep: wanted layers among embeddings\.word_embeddings, .*, got 'encoder\.layer\.9'/,
    );
  });

  test('inputs and output have the names that transformers.js feeds and reads; weights keep theirs, with what became of them', () => {
    const { bytes, model } = exportedWitness('bert', 'classification', bert);
    const { graph, opset, metadata } = readModel(bytes, 'model.onnx');
    const text = { dtype: 'int64', shape: ['batch', 'sequence'] };
    expect(graph.inputs).toEqual(['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({ name, ...text })));
    expect(graph.outputs).toEqual([{ name: 'logits', dtype: 'float32', shape: ['batch', model.config.num_labels] }]);
    const turned = /(query|key|value|dense|classifier)\.weight$/;
    const stored = model.parameters.map(({ name: weight }) => (turned.test(weight) ? `${weight}/Transpose` : weight));
    expect(graph.initializers.map(({ name }) => name)).toEqual(expect.arrayContaining(stored));
    expect(Object.keys(readWeights(graph))).toEqual(expect.arrayContaining(model.parameters.map(({ name }) => name)));
    expect(opset).toBe(21);
    expect(metadata).toMatchObject({
      'retort.kind': 'bert',
      'retort.labels': '[]',
      'retort.tokenizer_sha256': 'f00',
      'retort.max_length': String(model.config.max_position_embeddings),
    });
  });

  test('an LSTM is one operator of ONNX', () => {
    const { graph } = readModel(exportedWitness('bilstm', 'single', bilstm).bytes, 'model.onnx');
    const types = graph.nodes.map(({ opType }) => opType);
    expect(types.filter((type) => type === 'LSTM')).toHaveLength(1);
    expect(types).not.toContain('Scan');
  });

  test('the length that fits is the positions that a model has; RoBERTa loses those up to its padding', () => {
    const model = roberta({ vocab_size: 10, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 1 });
    const bytes = exportOnnx({ model, weights: initialiseParameters(model.parameters, 1), labelNames: [] });
    // roberta-base has 514 positions and reads 512 tokens.
    expect(readModel(bytes, 'model.onnx').metadata['retort.max_length']).toBe('512');
  });

  test('a model of 2 GB or more is refused before anything is built', () => {
    const model = bilstm({ vocab_size: 2_000_000 });
    expect(() => exportOnnx({ model, weights: {}, labelNames: [] })).toThrow(OutputError);
    expect(() => exportOnnx({ model, weights: {}, labelNames: [] })).toThrow(/less than 2 GB.*got 2\.4 GB of weights/);
  });

  test('weights of another model are refused', () => {
    expect(() => exportOnnx({ model: bilstm({ vocab_size: 10 }), weights: {}, labelNames: [] })).toThrow(
      CheckpointError,
    );
  });
});
