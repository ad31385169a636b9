import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { toProgram } from '../../src/autograd/lower.js';
import { input, type Value } from '../../src/autograd/value.js';
import { CheckpointError, FileError, OptionError } from '../../src/errors/failures.js';
import { FAMILIES, FAMILY_NAMES } from '../../src/models/families.js';
import { openForward } from '../../src/models/forward.js';
import { type HuggingFaceModel, loadHuggingFace, saveHuggingFace } from '../../src/models/hugging-face.js';
import { mlp } from '../../src/models/mlp.js';
import type { TrainedModel } from '../../src/models/model.js';
import { saveModel } from '../../src/models/saved-model.js';
import { evaluationContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { openSession } from '../../src/runtime/session.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.js';
import { fromNumbers, type Tensor, toNumbers, zeros } from '../../src/tensor/tensor.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { minilmTest } from '../tokenizers/minilm-test.js';
import { vocabText } from '../tokenizers/tokenizer-files.js';

type Tiny = {
  readonly config: string;
  readonly safetensors: string;
  readonly inputIds: readonly number[][];
  readonly attentionMask: readonly number[][];
  readonly tokenTypeIds: readonly number[][];
  readonly logits: readonly number[][];
  readonly pooled: readonly number[][];
};
type Sampled = { readonly max: number; readonly indices: readonly number[]; readonly values: readonly number[] };
type MiniLm = Pick<Tiny, 'inputIds' | 'tokenTypeIds' | 'logits' | 'pooled'> & {
  readonly texts: readonly (readonly [string, string | null])[];
  readonly length: number;
  readonly head: { readonly weight: readonly number[][]; readonly bias: readonly number[] };
  readonly signals: Readonly<Record<string, Sampled>>;
};

/** Witness of all numbers: Python's `transformers`; see make_hugging_face_fixture.py. */
function fixtureOf<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`hugging-face.${name}.json`, import.meta.url), 'utf8')) as T;
}
const tiny = fixtureOf<Tiny>('tiny');
const tinyTensors = decodeSafetensors(Buffer.from(tiny.safetensors, 'base64'), 'fixture').tensors;

const root = temporaryFolder();
const folder = join(root, 'model');

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), tiny.config);
  writeFileSync(join(folder, 'model.safetensors'), Buffer.from(tiny.safetensors, 'base64'));
});

function config(changes: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...JSON.parse(tiny.config), ...changes }));
}

function tensors(change: (tensors: Map<string, Tensor>) => void): void {
  const changed = new Map(tinyTensors);
  change(changed);
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(changed));
}

async function failure(options = {}): Promise<string> {
  const error = await loadHuggingFace(folder, options).catch((thrown: unknown) => thrown);
  expect(error).toSatisfy((e) => e instanceof CheckpointError || e instanceof FileError);
  return String(error).replaceAll(folder, 'DIR');
}

const int64 = (rows: readonly number[][]) => fromNumbers('int64', [rows.length, rows[0]!.length], rows.flat());
const tinyBatch = {
  input_ids: int64(tiny.inputIds),
  attention_mask: int64(tiny.attentionMask),
  token_type_ids: int64(tiny.tokenTypeIds),
};

async function answers({ model, weights }: Pick<TrainedModel, 'model' | 'weights'>, batch: Record<string, Tensor>) {
  const forward = await openForward(model, ['logits', 'pooledOutput']);
  try {
    return await forward.run(weights, batch);
  } finally {
    await forward.release();
  }
}

/** The largest difference. */
function distance(got: Tensor | undefined, wanted: readonly number[]): number {
  const numbers = toNumbers(got as Tensor);
  expect(numbers).toHaveLength(wanted.length);
  return Math.max(...numbers.map((x, i) => Math.abs(x - (wanted[i] ?? NaN))));
}

async function expectTiny(loaded: HuggingFaceModel): Promise<void> {
  const { logits, pooledOutput } = await answers(loaded, tinyBatch);
  expect(distance(logits, tiny.logits.flat())).toBeLessThan(1e-5);
  expect(distance(pooledOutput, tiny.pooled.flat())).toBeLessThan(1e-5);
}

describe('loadHuggingFace', () => {
  test('what transformers saved answers as it does there', async () => {
    const loaded = await loadHuggingFace(folder);
    expect(loaded.labelNames).toEqual(['no', 'maybe', 'yes']);
    expect(loaded.notices).toEqual([]);
    await expectTiny(loaded);
  });

  test('shards by an index give the same model', async () => {
    rmSync(join(folder, 'model.safetensors'));
    const names = [...tinyTensors.keys()];
    const shards = [names.slice(0, 10), names.slice(10)].map((part, i) => {
      const file = `model-0000${i + 1}-of-00002.safetensors`;
      writeFileSync(join(folder, file), encodeSafetensors(new Map(part.map((name) => [name, tinyTensors.get(name)!]))));
      return part.map((name) => [name, file] as const);
    });
    const weight_map = Object.fromEntries(shards.flat());
    const index = join(folder, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ metadata: { total_size: 1 }, weight_map }));
    await expectTiny(await loadHuggingFace(folder));

    const moved = { ...weight_map, [names[0]!]: 'model-00002-of-00002.safetensors' };
    writeFileSync(index, JSON.stringify({ weight_map: moved }));
    expect(await failure()).toContain(`wanted tensor '${names[0]}', as model.safetensors.index.json says, got none`);
    const { [names[0]!]: _, ...silent } = weight_map;
    writeFileSync(index, JSON.stringify({ weight_map: silent }));
    expect(await failure()).toContain(
      `wanted the tensors that model.safetensors.index.json names, got '${names[0]}' beside`,
    );
    writeFileSync(index, JSON.stringify({ weight_map: { ...weight_map, ghost: 'model-00001-of-00002.safetensors' } }));
    expect(await failure()).toContain(
      "wanted tensor 'ghost', as model.safetensors.index.json says, got none of that name",
    );
  });

  test.each([
    '../outside.safetensors',
    '/etc/outside.safetensors',
    'a/b.safetensors',
    '..',
    'a\\b.safetensors',
    'weights.bin',
    '',
  ])('an index may not name the file %j', async (file) => {
    rmSync(join(folder, 'model.safetensors'));
    writeFileSync(join(root, 'outside.safetensors'), Buffer.from(tiny.safetensors, 'base64'));
    const weight_map = { 'bert.pooler.dense.bias': file };
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
    expect(await failure()).toMatch(
      /index\.json: weight_map.*got wanted the name of a \.safetensors file beside it|name of a \.safetensors/,
    );
  });

  test('names without prefix, old names and buffers are understood', async () => {
    tensors((all) => {
      for (const [name, tensor] of tinyTensors) {
        all.delete(name);
        const old = name
          .replace(/^bert\./, '')
          .replace('LayerNorm.weight', 'LayerNorm.gamma')
          .replace('LayerNorm.bias', 'LayerNorm.beta');
        all.set(old, tensor);
      }
      all.set('embeddings.position_ids', zeros('int64', [1, 10]));
    });
    const loaded = await loadHuggingFace(folder);
    expect(loaded.notices).toEqual([]);
    await expectTiny(loaded);
  });

  test('a missing classifier is new, the same for a seed, and said', async () => {
    tensors((all) => {
      all.delete('classifier.weight');
      all.delete('classifier.bias');
    });
    const options = { labelNames: ['a', 'b'], seed: 4 };
    const [one, two, other] = await Promise.all([
      loadHuggingFace(folder, options),
      loadHuggingFace(folder, options),
      loadHuggingFace(folder, { ...options, seed: 5 }),
    ]);
    expect(one.notices).toEqual(['the head is newly initialised (seed 4): train the model before you use it']);
    expect(one.weights['classifier.weight']?.shape).toEqual([2, 8]);
    expect(one.labelNames).toEqual(['a', 'b']);
    expect(two.weights).toEqual(one.weights);
    expect(other.weights['classifier.weight']).not.toEqual(one.weights['classifier.weight']);
    expect(distance((await answers(one, tinyBatch)).pooledOutput, tiny.pooled.flat())).toBeLessThan(1e-5);
  });

  test('newHead replaces a classifier that is there; without it, another number of classes is an error', async () => {
    const labelNames = ['a', 'b'];
    expect(await failure({ labelNames })).toContain(
      "DIR/model.safetensors: tensor 'classifier.weight': wanted a head for 2 classes, got one for 3; pass newHead: true",
    );
    const loaded = await loadHuggingFace(folder, { labelNames, newHead: true });
    expect(loaded.weights['classifier.weight']?.shape).toEqual([2, 8]);
  });

  test('heads of other tasks are left out, and said', async () => {
    tensors((all) => {
      for (const name of ['cls.predictions.bias', 'cls.seq_relationship.bias', 'qa.a', 'qa.b'])
        all.set(name, zeros('float32', [2]));
    });
    const { notices } = await loadHuggingFace(folder);
    expect(notices).toEqual([
      'left out the tensors of other heads: cls.predictions.bias, cls.seq_relationship.bias, qa.a and 1 more',
    ]);
  });

  test('missing, unknown, misshapen and repeated tensors are named', async () => {
    const query = 'bert.encoder.layer.1.attention.self.query.weight';
    tensors((all) => all.delete(query));
    expect(await failure()).toContain(
      "DIR/model.safetensors: tensor 'encoder.layer.1.attention.self.query.weight': wanted float32[8, 8], got none",
    );
    tensors((all) => all.set(query, zeros('float32', [8, 9])));
    expect(await failure()).toContain("self.query.weight': wanted float32[8, 8], got float32[8, 9]");
    tensors((all) => all.set('bert.encoder.layer.2.output.dense.bias', zeros('float32', [8])));
    expect(await failure()).toContain("got one named 'encoder.layer.2.output.dense.bias'");
    tensors((all) => all.set('pooler.dense.bias', zeros('float32', [8])));
    expect(await failure()).toContain("wanted tensor 'pooler.dense.bias' once, got it twice");
    tensors((all) => all.delete('classifier.bias'));
    expect(await failure()).toContain("tensor 'classifier.bias': wanted float32[3], got none of that name");
  });

  test('a pickle is refused with a word on converting', async () => {
    rmSync(join(folder, 'model.safetensors'));
    expect(await failure()).toContain('DIR: wanted model.safetensors or model.safetensors.index.json, got neither');
    writeFileSync(join(folder, 'pytorch_model.bin'), 'PK');
    expect(await failure()).toMatch(
      /pytorch_model\.bin: wanted model\.safetensors, got a pickle.* can execute code.*save_pretrained/,
    );
  });

  test.each([
    [{ model_type: 'gpt2' }, `config.json: model_type: wanted ${FAMILY_NAMES.join(', ')}, got "gpt2"`],
    [{ model_type: undefined }, 'config.json: model_type'],
    [{ position_embedding_type: 'relative_key' }, 'config.json: position_embedding_type'],
    [{ is_decoder: true }, 'config.json: is_decoder'],
    [{ hidden_size: 7 }, 'num_attention_heads: wanted a divisor of hidden_size 7, got 2'],
    [{ hidden_size: 1e300 }, 'config.json: hidden_size'],
    [{ num_hidden_layers: 2000 }, 'config.json: num_hidden_layers'],
    [{ hidden_act: 'mish' }, 'config.json: hidden_act'],
    [{ id2label: { 0: 'a', 2: 'b' } }, 'config.json: id2label: wanted a name for class 1, got none'],
    [{ id2label: null, num_labels: 1e9 }, 'config.json: num_labels'],
    [{ vocab_size: 24 }, "tensor 'embeddings.word_embeddings.weight': wanted float32[24, 8], got float32[23, 8]"],
  ])('a config with %j is an error that says so', async (change, message) => {
    config(change);
    expect(await failure()).toContain(message);
  });

  test("a folder of retort's own is sent to loadModel", async () => {
    const model = mlp({ inputs: 2, hidden: [2], classes: 2 });
    await saveModel(folder, { model, weights: initialiseParameters(model.parameters, 1), labelNames: [] });
    expect(await failure()).toContain("got one of retort's own; read that folder with loadModel");
  });
});

type Case = Pick<Tiny, 'config' | 'safetensors'> & {
  readonly shape: readonly number[];
  readonly logits: readonly number[];
};
const { _meta: batchOfCases, ...cases } = fixtureOf<
  Readonly<Record<string, Case>> & { readonly _meta: Pick<Tiny, 'inputIds' | 'attentionMask'> }
>('families');

describe('every head of every family', () => {
  const batch = {
    input_ids: int64(batchOfCases.inputIds),
    attention_mask: int64(batchOfCases.attentionMask),
    token_type_ids: zeros('int64', [2, 6]),
  };
  const answer = async ({ model, weights }: HuggingFaceModel) => {
    const forward = await openForward(model, ['logits']);
    const { logits } = await forward.run(weights, batch);
    await forward.release();
    return logits;
  };
  /** Logits of padding are nobody's business, and differ: masks are not made alike. */
  const realOnly = (values: readonly number[], shape: readonly number[]) => {
    if (shape.length === 2) return values;
    const width = shape[2] ?? 0;
    const mask = batchOfCases.attentionMask.flat();
    return values.filter((_, i) => mask[Math.floor(i / width)] === 1);
  };

  test('the fixture has the classes of every family', () => {
    const classes = Object.values(FAMILIES).flatMap(({ huggingFace }) => Object.values(huggingFace.classes));
    expect(Object.keys(cases).sort()).toEqual(classes.sort());
  });

  test.each(Object.keys(cases))('%s answers as in transformers, and comes back from a save', async (name) => {
    const { config: text, safetensors, shape, logits } = cases[name] as Case;
    writeFileSync(join(folder, 'config.json'), text);
    writeFileSync(join(folder, 'model.safetensors'), Buffer.from(safetensors, 'base64'));
    const loaded = await loadHuggingFace(folder);
    expect(loaded.notices).toEqual([]);
    const got = await answer(loaded);
    expect(got?.shape).toEqual(shape);
    const ours = realOnly(toNumbers(got as Tensor), shape);
    expect(ours.length).toBeGreaterThan(5);
    for (const [i, wanted] of realOnly(logits, shape).entries())
      expect(Math.abs((ours[i] ?? NaN) - wanted)).toBeLessThan(1e-5);

    const again = join(root, name);
    await saveHuggingFace(again, loaded);
    expect(JSON.parse(readFileSync(join(again, 'config.json'), 'utf8')).architectures).toEqual([name]);
    const names = (bytes: Uint8Array) => [...decodeSafetensors(bytes, name).tensors.keys()].sort();
    expect(names(readFileSync(join(again, 'model.safetensors')))).toEqual(names(Buffer.from(safetensors, 'base64')));
    expect((await loadHuggingFace(again)).weights).toEqual(loaded.weights);
  });

  test('a head may be another than the class of the folder has; what it lacks is new', async () => {
    const { config: text, safetensors } = cases.RobertaForMaskedLM as Case;
    writeFileSync(join(folder, 'config.json'), text);
    writeFileSync(join(folder, 'model.safetensors'), Buffer.from(safetensors, 'base64'));
    const { model, notices, weights } = await loadHuggingFace(folder, { head: 'tokens', labelNames: ['A', 'B'] });
    expect(model.config.head).toBe('tokens');
    expect(weights['classifier.weight']?.shape).toEqual([2, 4]);
    expect(notices).toEqual([
      'left out the tensors of other heads: lm_head.bias, lm_head.dense.bias, lm_head.dense.weight and 2 more',
      'the head is newly initialised (seed 0): train the model before you use it',
    ]);
  });
});

describe('saveHuggingFace', () => {
  test('comes back as it was, byte for byte as transformers wrote the weights', async () => {
    const loaded = await loadHuggingFace(folder);
    const saved = join(root, 'saved');
    writeFileSync(join(folder, 'vocab.txt'), vocabText);
    const tokenizer = await loadTokenizer(folder);
    await saveHuggingFace(saved, { ...loaded, tokenizer });
    const again = await loadHuggingFace(saved);
    expect(again.weights).toEqual(loaded.weights);
    expect([again.labelNames, again.model.config]).toEqual([loaded.labelNames, loaded.model.config]);
    // Witness: the file that save_pretrained wrote.
    expect(readFileSync(join(saved, 'model.safetensors')).equals(Buffer.from(tiny.safetensors, 'base64'))).toBe(true);
    const written = JSON.parse(readFileSync(join(saved, 'config.json'), 'utf8'));
    const { torch_dtype, ...rest } = written;
    expect(JSON.parse(tiny.config)).toMatchObject({ ...rest, dtype: torch_dtype });
    expect((await loadTokenizer(saved)).encodeRow('hello').ids).toEqual(tokenizer.encodeRow('hello').ids);
  });

  test('names that do not fit, and models of another kind, are refused', async () => {
    const loaded = await loadHuggingFace(folder);
    const save = (content: Partial<TrainedModel>) => saveHuggingFace(join(root, 'no'), { ...loaded, ...content });
    await expect(save({ labelNames: ['a', 'b'] })).rejects.toThrow(
      /wanted 3 different names, or none, got 2 different of 2/,
    );
    await expect(save({ labelNames: ['a', 'b', 'a'] })).rejects.toThrow(OptionError);
    await expect(save({ model: mlp({ inputs: 2, hidden: [2], classes: 2 }) })).rejects.toThrow(
      `wanted ${FAMILY_NAMES.join(', ')}, got a mlp`,
    );
  });
});

describe('all-MiniLM-L6-v2', () => {
  minilmTest(
    'logits and pooled output are within 1e-5 of transformers, other signals within 1e-5 of their maximum',
    async (path) => {
      const minilm = fixtureOf<MiniLm>('minilm');
      const { model, weights, notices } = await loadHuggingFace(path);
      expect(notices).toHaveLength(1);
      const tokenizer = await loadTokenizer(path);
      const rows = minilm.texts.map(([a, b]) => tokenizer.encodeRow(a, b ?? undefined));
      expect(rows.map(({ ids }) => [...ids, ...Array(minilm.length - ids.length).fill(0)])).toEqual(minilm.inputIds);
      const batch = tokenizer.encode(
        minilm.texts.filter(([, b]) => b === null).map(([a]) => a),
        undefined,
        { padding: minilm.length },
      );
      expect(batch.input_ids.shape[1]).toBe(minilm.length);

      const ids = int64(minilm.inputIds);
      const mask = int64(
        rows.map((row) => Array.from({ length: minilm.length }, (_, s) => Number(s < row.ids.length))),
      );
      const types = int64(minilm.tokenTypeIds);
      const dims = { B: rows.length, S: minilm.length };
      const parameters = inputParameters(model.parameters);
      const inputs = Object.fromEntries(
        model.inputs(dims).map(({ name, dtype, shape }) => [name, input(name, dtype, shape)]),
      );
      const signals = model.forward(evaluationContext(parameters), inputs);
      const outputs: Record<string, Value> = { logits: signals.logits, pooled: signals.pooledOutput as Value };
      for (const kind of ['hiddenStates', 'attentionScores'] as const) {
        for (const [i, value] of (signals[kind] ?? []).entries()) outputs[`${kind}.${i}`] = value;
      }
      const session = await openSession(toProgram({ outputs, form: 'export' }));
      const head = {
        'classifier.weight': fromNumbers('float32', [2, 384], minilm.head.weight.flat()),
        'classifier.bias': fromNumbers('float32', [2], minilm.head.bias),
      };
      const feeds = { ...weights, ...head, input_ids: ids, attention_mask: mask, token_type_ids: types };
      const got = await session.run(feeds);
      await session.release();
      expect(distance(got.logits, minilm.logits.flat())).toBeLessThan(1e-5);
      expect(distance(got.pooled, minilm.pooled.flat())).toBeLessThan(1e-5);
      expect(Object.keys(minilm.signals)).toHaveLength(13);
      for (const [name, { max, indices, values }] of Object.entries(minilm.signals)) {
        const data = got[name]?.data as Float32Array;
        const worst = Math.max(...indices.map((index, i) => Math.abs((data[index] ?? NaN) - (values[i] ?? NaN))));
        expect(worst / max, name).toBeLessThan(1e-5);
      }
    },
  );
});
