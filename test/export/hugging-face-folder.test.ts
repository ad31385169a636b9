import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportModel } from '../../src/export/export-model.js';
import { openTextModel } from '../../src/export/open-text-model.js';
import { load } from '../../src/inference/load.js';
import { openAnyModel } from '../../src/models/any-model.js';
import { bilstm } from '../../src/models/bilstm.js';
import { mlp } from '../../src/models/mlp.js';
import type { Model } from '../../src/models/model.js';
import { ngram } from '../../src/models/ngram.js';
import { saveModel } from '../../src/models/saved-model.js';
import { staticModel } from '../../src/models/static-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { readModel } from '../../src/onnx/read.js';
import { onnxTeacher } from '../../src/teachers/onnx-teacher.js';
import { tensor } from '../../src/tensor/tensor.js';
import { fitNgrams, type NgramOptions } from '../../src/tokenizers/fit-ngrams.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import type { Tokenizer } from '../../src/tokenizers/tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, TEXTS, VOCABULARY } from '../inference/text-student.js';
import { fixture } from '../tokenizers/tokenizer-files.js';

const root = temporaryFolder();
const texts = TEXTS.slice(0, 80);
let pieces: Tokenizer;

const size = { vocab_size: fixture.vocab.length, num_labels: 3 };
const MODELS: Readonly<Record<string, () => Model>> = {
  bert: () => smallBert().model,
  bilstm: () => bilstm({ ...size, embedding_size: 8, hidden_size: 6, dense_size: 10 }),
  static: () => staticModel({ ...size, embedding_size: 8, hidden_sizes: [6], ngram_sizes: [2], ngram_buckets: 32 }),
};

/** A checkpoint with weights that tell texts apart. */
async function saved(name: string, model: Model, tokenizer: Tokenizer): Promise<string> {
  const drawn = Object.entries(initialiseParameters(model.parameters, 3));
  const weights = Object.fromEntries(
    drawn.map(([key, { shape, data }], i) => {
      const values = data.map((value, k) => 3 * value || Math.sin(k * 7 + i));
      return [key, tensor('float32', shape, values)];
    }),
  );
  const folder = join(root, name);
  const content = { model, weights, labelNames: LABELS, readsPairs: false, tokenizerFiles: tokenizer.files };
  await saveModel(folder, content);
  return folder;
}

function ngramsOf(options: NgramOptions, second?: readonly string[]): { model: Model; tokenizer: Tokenizer } {
  const tokenizer = ngramTokenizer(fitNgrams(texts, second, options));
  return { tokenizer, model: ngram({ vocab_size: tokenizer.vocabularySize, num_labels: 3 }) };
}

async function answersOf(path: string, precision?: 'float32' | 'int8' | 'float16') {
  const model = await load(path, precision && { precision });
  const answers = await model.predict(texts);
  await model.release();
  return answers.map(({ probabilities }) => probabilities ?? []);
}

function expectSame(found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void {
  // Sums of float32 in another order.
  for (const [i, row] of wanted.entries()) {
    for (const [c, value] of row.entries()) expect(Math.abs((found[i]?.[c] ?? NaN) - value)).toBeLessThan(1e-6);
  }
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  pieces = await loadTokenizer(root);
});

describe('export to a Hugging Face folder', () => {
  test.each(Object.keys(MODELS))('a %s answers as its plain export does, in all precisions', async (kind) => {
    const model = await saved(kind, MODELS[kind]?.() as Model, pieces);
    await exportModel({ model, outputDir: join(root, `${kind}-onnx`) });
    const wanted = await answersOf(join(root, `${kind}-onnx`));
    const first = wanted.map(([probability = 0]) => probability);
    expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(0.1);
    const outputDir = join(root, `${kind}-hf`);
    const { precisions } = await exportModel({ model, to: 'hf', outputDir, precision: ['float32', 'int8', 'float16'] });
    expect(precisions).toEqual(['float32', 'int8', 'float16']);
    expect(readdirSync(join(outputDir, 'onnx'))).toEqual(['model.onnx', 'model_fp16.onnx', 'model_quantized.onnx']);
    expectSame(await answersOf(outputDir), wanted);
    for (const precision of ['float16', 'int8'] as const) {
      await exportModel({ model, outputDir: join(root, `${kind}-${precision}`), precision });
      expectSame(await answersOf(outputDir, precision), await answersOf(join(root, `${kind}-${precision}`)));
    }
  });

  test('n-grams of pieces are found in the graph, from ids alone: as by the tokenizer of n-grams', async () => {
    const { model, tokenizer } = ngramsOf({ words: [1, 3], chars: null, minTexts: 1, tokenizer: pieces });
    const path = await saved('pieces', model, tokenizer);
    await exportModel({ model: path, outputDir: join(root, 'pieces-onnx') });
    const outputDir = join(root, 'pieces-hf');
    await exportModel({ model: path, to: 'hf', outputDir });
    const { graph, metadata } = readModel(readFileSync(join(outputDir, 'onnx/model.onnx')), 'model.onnx');
    expect(graph.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask']);
    expect(metadata['retort.vocabulary_size']).toBe(String(fixture.vocab.length));
    expectSame(await answersOf(outputDir), await answersOf(join(root, 'pieces-onnx')));
    expect(existsSync(join(outputDir, 'ngrams.json'))).toBe(false);
    // A text of any length is read, and what looks like a special token in it is none that stands around it.
    const [whole, plain] = await Promise.all([load(outputDir), load(join(root, 'pieces-onnx'))]);
    const odd = ['', 'zzz', '[SEP] a film [CLS]', `${'the film '.repeat(2000)}of a man`];
    const [found, wanted] = [await whole.predict(odd), await plain.predict(odd)];
    expectSame(
      found.map(({ probabilities }) => probabilities ?? []),
      wanted.map(({ probabilities }) => probabilities ?? []),
    );
  });

  test.each([
    ['words and chars', {}, undefined],
    ['pieces and chars', { chars: [3, 3] as const }, undefined],
    ['pieces of two texts', { chars: null }, texts],
    ['hashed n-grams', { chars: null, buckets: 64 }, undefined],
  ])('a model over n-grams of %s is refused', async (what, options, second) => {
    const tokenizer = what.startsWith('words') ? undefined : pieces;
    const made = ngramsOf({ ...options, tokenizer }, second);
    const model = await saved(what, made.model, made.tokenizer);
    const outputDir = join(root, `no-${what}`);
    await expect(exportModel({ model, to: 'hf', outputDir })).rejects.toThrow(
      `to hf: wanted a model that reads the token ids of single texts, as the programs of the Hugging Face hub give them, got one over ${what.startsWith('hashed') ? '' : 'n-grams of '}${what}${what.startsWith('hashed') ? ' (--buckets)' : ''}; use --to js, one module`,
    );
    expect(existsSync(outputDir)).toBe(false);
  });

  test('a model with a second input is refused, and one of images', async () => {
    const model = await saved('pairs', bilstm({ ...size, embedding_size: 8, hidden_size: 6, is_pair: true }), pieces);
    const outputDir = join(root, 'no-pairs');
    await expect(exportModel({ model, to: 'hf', outputDir })).rejects.toThrow(
      'got a bilstm of pairs, whose second texts',
    );
    const digits = join(root, 'digits');
    const { weights, ...made } = { model: mlp(), weights: initialiseParameters(mlp().parameters, 1), labelNames: [] };
    await saveModel(digits, { ...made, weights });
    await expect(exportModel({ model: digits, to: 'hf', outputDir })).rejects.toThrow('got a mlp, which reads no text');
  });

  test('a BiLSTM is called what transformers.js knows, has no model.safetensors, and retort does not take it for that', async () => {
    const folder = join(root, 'bilstm-hf');
    const config = json(join(folder, 'config.json'));
    expect(config).toMatchObject({ model_type: 'distilbert', id2label: { 0: 'no', 1: 'maybe', 2: 'yes' } });
    expect(config.retort).toMatchObject({ kind: 'bilstm', config: { hidden_size: 6 }, readsPairs: false });
    expect(existsSync(join(folder, 'model.safetensors'))).toBe(false);
    await expect(openAnyModel(folder)).rejects.toThrow(
      'wanted a model with weights to train or export again, got the export of a bilstm, called distilbert',
    );
    const model = await openTextModel(folder);
    expect(model.labels).toEqual(LABELS);
    await model.release();
  });

  test('a BERT has its weights for Python, too, and is an encoder like any other', async () => {
    const opened = await openAnyModel(join(root, 'bert-hf'));
    expect([opened.model.kind, opened.labelNames, opened.notices]).toEqual(['bert', LABELS, []]);
  });

  test('a version is a teacher by its path', async () => {
    const teacher = await onnxTeacher(join(root, 'bilstm-hf/onnx/model_quantized.onnx'));
    expect(teacher.labelNames).toEqual(LABELS);
  });

  test('the tokenizer says where texts are truncated and what pads', async () => {
    const of = (name: string) => json(join(root, name, 'tokenizer_config.json'));
    expect(of('bert-hf')).toEqual({ tokenizer_class: 'BertTokenizer', pad_token: '[PAD]', model_max_length: 40 });
    expect(of('bilstm-hf')).toMatchObject({ tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: 512 });
    expect(of('pieces-hf')).toEqual({ tokenizer_class: 'PreTrainedTokenizerFast', pad_token: '[PAD]' });
  });

  test('what transformers.js opens by itself is said where it is not the usual', async () => {
    const model = join(root, 'bilstm');
    const configOf = async (options: object) => {
      const outputDir = join(root, `told-${JSON.stringify(options).length}`);
      await exportModel({ model, to: 'hf', outputDir, overwrite: true, ...options });
      return json(join(outputDir, 'config.json'))['transformers.js_config'];
    };
    expect(await configOf({})).toBeUndefined();
    expect(await configOf({ precision: 'int8' })).toEqual({ dtype: 'q8' });
    expect(await configOf({ layout: 'root' })).toEqual({ dtype: 'fp32' });
  });

  test('layout root has one model.onnx; other layouts and numbers of versions are refused', async () => {
    const model = join(root, 'bilstm');
    const outputDir = join(root, 'flat');
    await exportModel({ model, to: 'hf', outputDir, layout: 'root', precision: 'int8' });
    expect(readdirSync(outputDir)).toContain('model.onnx');
    expect(readdirSync(outputDir)).not.toContain('onnx');
    expectSame(await answersOf(outputDir), await answersOf(join(root, 'bilstm-hf'), 'int8'));
    const wrong = (options: object) => exportModel({ model, outputDir: join(root, 'none'), ...options });
    await expect(wrong({ to: 'hf', layout: 'root', precision: ['float32', 'int8'] })).rejects.toThrow(
      'precision: wanted one, since the folder has one model.onnx, got float32,int8; name one, such as float32',
    );
    await expect(wrong({ layout: 'onnx' })).rejects.toThrow('layout: wanted root, got onnx, with to onnx');
    await expect(wrong({ precision: [] })).rejects.toThrow('precision: wanted one, since');
  });

  test('an earlier export is replaced on request, but no folder with other files in onnx', async () => {
    const model = join(root, 'bilstm');
    const outputDir = join(root, 'again');
    await exportModel({ model, to: 'hf', outputDir });
    await exportModel({ model, to: 'hf', outputDir, overwrite: true, precision: 'float32' });
    expect(readdirSync(join(outputDir, 'onnx'))).toEqual(['model.onnx']);
    mkdirSync(join(outputDir, 'onnx'), { recursive: true });
    writeFileSync(join(outputDir, 'onnx/model_q4.onnx'), '');
    await expect(exportModel({ model, to: 'hf', outputDir, overwrite: true })).rejects.toThrow(
      'wanted an earlier export, or a new folder, got one with onnx/model_q4.onnx',
    );
  });
});
