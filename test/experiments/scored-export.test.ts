import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportScored, type ScoredExportOptions } from '../../src/experiments/scored-export.js';
import { openTextModel } from '../../src/export/open-text-model.js';
import { ngram } from '../../src/models/ngram.js';
import { saveModel } from '../../src/models/saved-model.js';
import { uniform } from '../../src/nn/initialisers.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { readModel } from '../../src/onnx/read.js';
import { tensor } from '../../src/tensor/tensor.js';
import { fitNgrams } from '../../src/tokenizers/fit-ngrams.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { smallBert, TEXTS, VOCABULARY } from '../inference/text-student.js';

const root = temporaryFolder();
const [good, brittle, rows] = ['good', 'brittle', 'rows.jsonl'].map((name) => join(root, name)) as [
  string,
  string,
  string,
];
let made = 0;

/** A model's own answers, as rows: float32 has all of them right. */
async function rowsOf(model: string): Promise<string> {
  const opened = await openTextModel(model, { threads: 1 });
  const answers = await opened.predict(TEXTS, { badRows: 'stop' });
  await opened.release();
  return answers.map(({ label }, i) => JSON.stringify({ text: TEXTS[i], label })).join('\n');
}

beforeAll(async () => {
  const saved = smallBert();
  const tokenizerFiles = new Map([['vocab.txt', VOCABULARY]]);
  await saveModel(good, { ...saved, tokenizerFiles });
  writeFileSync(rows, await rowsOf(good));
  // All classes read the first unit with a weight beside which 7 bits hold nothing of the others.
  const { shape, data } = saved.weights['classifier.weight'] as (typeof saved.weights)[string];
  const width = shape[1] as number;
  const weight = tensor(
    'float32',
    shape,
    data.map((value, i) => (i % width === 0 ? 1000 : value)),
  );
  await saveModel(brittle, { ...saved, weights: { ...saved.weights, 'classifier.weight': weight }, tokenizerFiles });
  writeFileSync(`${rows}.brittle.jsonl`, await rowsOf(brittle));
});

function run(options: Partial<ScoredExportOptions>) {
  const outputDir = join(root, `out-${made++}`);
  const written = exportScored({ model: good, precision: 'int8', outputDir, ...options });
  const metadata = () => readModel(readFileSync(join(outputDir, 'model.onnx')), 'model.onnx').metadata;
  return { outputDir, written, metadata };
}

describe('exportScored', () => {
  test('a precision is scored beside float32 on the same rows, and the file says how it did', async () => {
    const { written, metadata } = run({ data: rows, maxDrop: 100 });
    const { forms = [], scoredOn } = await written;
    expect(scoredOn).toEqual({ data: 'rows.jsonl', rows: TEXTS.length });
    const [float, int8] = forms;
    expect(float).toMatchObject({ name: 'float32', metric: 'accuracy', value: 1, drop: 0, flips: 0, largestChange: 0 });
    expect(int8?.name).toBe('int8, a scale a token');
    // Rows with float32's labels: what flips is what is lost.
    expect(int8?.drop).toBeCloseTo((100 * (int8?.flips ?? 0)) / TEXTS.length);
    expect(int8?.agreement).toBeCloseTo(1 - (int8?.flips ?? 0) / TEXTS.length);
    expect(int8?.largestChange).toBeGreaterThan(0);
    expect(int8?.bytes).toBeLessThan((float?.bytes ?? 0) / 2);
    expect(int8?.gzippedBytes).toBeLessThan(int8?.bytes ?? 0);
    for (const { one, many, throughput } of forms.map(({ speed }) => speed)) {
      expect(Math.min(one.p95 - one.p50, many.p95 - many.p50)).toBeGreaterThanOrEqual(0);
      expect(throughput).toBeGreaterThan(0);
    }
    const said = JSON.parse(metadata()['retort.scores'] ?? '');
    expect(said).toMatchObject({ data: 'rows.jsonl', rows: TEXTS.length, metric: 'accuracy', value: int8?.value });
  });

  test('the model card of a Hugging Face folder has the scores of its versions', async () => {
    const { outputDir, written } = run({ data: rows, maxDrop: 100, to: 'hf', precision: ['float32', 'int8'] });
    await written;
    const card = readFileSync(join(outputDir, 'README.md'), 'utf8');
    expect(card).toContain(`Each version on the same ${TEXTS.length} rows of rows.jsonl:`);
    expect(card).toMatch(/^\| float32 \| 100\.00 \| .* \| 100\.00 % \| 0\.0000 \|/m);
    expect(card).toMatch(/^\| int8, a scale a token \|/m);
  });

  test('one that loses too much is withheld: nothing is written, and the layer that hurts is named', async () => {
    const data = `${rows}.brittle.jsonl`;
    const { outputDir, written } = run({ model: brittle, data });
    await expect(written).rejects.toThrow(
      /^int8, a scale a token: wanted at most 0\.5 points of accuracy lost beside float32, on \d+ rows of .*, got [\d.]+ ± [\d.]+ points: [\d.]+ for 100\.00; nothing was written; keep .*--keep classifier,/,
    );
    expect(existsSync(outputDir)).toBe(false);
    const kept = run({ model: brittle, data, keep: ['classifier'], maxDrop: 10 });
    await kept.written;
    expect(kept.metadata()).toMatchObject({ 'retort.kept': '["classifier"]' });
  });

  test('fixed ranges come from texts', async () => {
    const { written, metadata } = run({ calibrate: rows, data: rows, maxDrop: 100 });
    expect((await written).forms?.[1]?.name).toBe('int8, fixed ranges');
    expect(metadata()).toMatchObject({ 'retort.activations': 'range' });
  });

  test('one JavaScript file is scored by its own code, and has no layers to keep', async () => {
    const model = join(root, 'n-grams');
    const features = fitNgrams(TEXTS);
    const linear = ngram({ vocab_size: features.size, num_labels: 3 });
    const spread = linear.parameters.map((spec) => ({ ...spec, initialise: uniform(-1, 1) }));
    const weights = initialiseParameters(spread, 1);
    const tokenizerFiles = ngramTokenizer(features).files;
    await saveModel(model, {
      model: linear,
      weights,
      labelNames: ['no', 'maybe', 'yes'],
      readsPairs: false,
      tokenizerFiles,
    });
    const data = `${rows}.ngrams.jsonl`;
    writeFileSync(data, await rowsOf(model));
    const { outputDir, written } = run({ model, to: 'js', data, maxDrop: 100 });
    const { forms, bytes } = await written;
    expect(forms?.map(({ name }) => name)).toEqual(['float32', 'int8, one JavaScript file']);
    expect(forms?.[1]?.bytes).toBe(bytes);
    expect(forms?.[1]?.largestChange).toBeGreaterThan(0);
    expect(readFileSync(join(outputDir, 'student.js')).length).toBe(bytes);
    // Two weights beside which a scale a class holds nothing of the others.
    weights['embed.weight']?.data.fill(1e4, 0, 3);
    await saveModel(`${model}-brittle`, {
      model: linear,
      weights,
      labelNames: ['no', 'maybe', 'yes'],
      readsPairs: false,
      tokenizerFiles,
    });
    writeFileSync(data, await rowsOf(`${model}-brittle`));
    await expect(run({ model: `${model}-brittle`, to: 'js', data }).written).rejects.toThrow(
      /^int8, one JavaScript file: wanted at most 0\.5 points .* nothing was written; use --to onnx, or allow more: --max_drop$/,
    );
  });

  test('without rows a precision is marked unscored', async () => {
    const { written, metadata } = run({});
    expect((await written).forms).toBeUndefined();
    expect(metadata()).toMatchObject({ 'retort.activations': 'token', 'retort.scores': 'unscored' });
  });

  test.each<[string, Partial<ScoredExportOptions>]>([
    ['maxDrop: wanted data to score on, got none', { maxDrop: 1 }],
    ['split: wanted data to score on', { split: 'test' }],
    ['dataDir: wanted data by name', { dataDir: root }],
    ['keep: wanted precision int8 or float16, got float32', { precision: 'float32', keep: ['classifier'] }],
    ['calibrate: wanted precision int8, got float16', { precision: 'float16', calibrate: rows }],
    ['keep: wanted layers among', { keep: ['nothing'] }],
  ])('%s', async (message, options) => {
    const { outputDir, written } = run(options);
    await expect(written).rejects.toThrow(message);
    expect(existsSync(outputDir)).toBe(false);
  });
});
