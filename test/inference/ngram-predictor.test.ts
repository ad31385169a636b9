import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { load } from '../../src/inference/load.js';
import { loadNgramPredictor } from '../../src/inference/load-ngram-predictor.js';
import { ngramPredictor } from '../../src/inference/ngram-predictor.js';
import { ngram } from '../../src/models/ngram.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { tensor } from '../../src/tensor/tensor.js';
import { fitNgrams } from '../../src/tokenizers/fit-ngrams.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, TEXTS } from './text-student.js';

const root = temporaryFolder();
const SECONDS = [...TEXTS].reverse();

/** An exported model over the n-grams of the texts, with weights that make its logits large. */
async function exported(name: string, hidden: number, labelNames: readonly string[], isPair = false): Promise<string> {
  const tokenizer = ngramTokenizer(fitNgrams(TEXTS, isPair ? SECONDS : undefined));
  const model = ngram({
    vocab_size: tokenizer.vocabularySize,
    hidden_size: hidden,
    num_labels: Math.max(1, labelNames.length),
  });
  const spread = initialiseParameters(ngram({ ...model.config, hidden_size: hidden || 1 }).parameters, 1);
  const weights = Object.fromEntries(
    model.parameters.map(({ name: one, shape }) => {
      const { data } = spread[one] ?? { data: new Float32Array() };
      const length = shape.reduce((product, size) => product * size, 1);
      return [
        one,
        tensor(
          'float32',
          shape,
          Float32Array.from({ length }, (_, i) => 5 * (data[i % data.length] ?? 0)),
        ),
      ];
    }),
  );
  const folder = join(root, name);
  await saveOnnx(folder, { model, weights, labelNames, readsPairs: isPair, tokenizer });
  return folder;
}

let linear: string;
beforeAll(async () => {
  linear = await exported('linear', 0, LABELS);
});

describe('loadNgramPredictor', () => {
  test.each([
    ['linear', 0, LABELS, false],
    ['through a layer', 64, LABELS, false],
    ['pairs', 8, LABELS, true],
    ['a regression', 4, ['score'], false],
  ] as const)('%s: the answers are those of the ONNX file', async (name, hidden, labels, isPair) => {
    const folder = name === 'linear' ? linear : await exported(name, hidden, labels, isPair);
    const predictor = await loadNgramPredictor(folder);
    const onnx = await load(folder, { threads: 1 });
    try {
      const inputs = TEXTS.map((text, i) => (isPair ? ([text, SECONDS[i] ?? ''] as const) : text));
      const wanted = await onnx.predict(inputs, { badRows: 'stop' });
      expect(predictor.labels).toEqual(onnx.labels);
      const largest = Math.max(...wanted.map(({ score }) => Math.abs(score)));
      expect(largest).toBeGreaterThan(0.5);
      for (const [i, input] of inputs.entries()) {
        const { label, score, probabilities } = predictor.predict(input);
        expect(label).toBe(wanted[i]?.label);
        expect(Math.abs(score - (wanted[i]?.score ?? NaN))).toBeLessThan(1e-5 * Math.max(1, largest));
        for (const [c, p] of probabilities.entries()) {
          expect(Math.abs(p - (wanted[i]?.probabilities[c] ?? NaN))).toBeLessThan(1e-5);
        }
      }
    } finally {
      await onnx.release();
    }
  });

  test('logits of a row: the sum of its features’ rows and the bias', () => {
    // By hand: 'a b' has the words a and b, of one text both, so both values are 1/√2.
    const features = fitNgrams(['a b'], undefined, { words: [1, 1], chars: null });
    const weights = {
      'embed.weight': tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)),
      'fc.bias': tensor('float32', [2], Float32Array.of(0.5, -0.5)),
    };
    const predictor = ngramPredictor({ features, weights, labels: ['no', 'yes'] });
    const [no, yes] = predictor.logits(features.row('a b'));
    expect(no).toBeCloseTo(4 / Math.SQRT2 + 0.5, 6);
    expect(yes).toBeCloseTo(6 / Math.SQRT2 - 0.5, 6);
    expect(() => ngramPredictor({ features, weights, labels: ['one'] })).toThrow(
      "tensor 'embed.weight': wanted float32[2, 1], got float32[2, 2]; give weights, config, tokenizer and labels of one model",
    );
  });

  test('a pair where single texts are read is refused', async () => {
    const predictor = await loadNgramPredictor(linear);
    expect(() => predictor.predict(['a', 'b'])).toThrow('wanted a single text, as in training, got a pair');
  });

  test('files that are changed, missing or of another model', async () => {
    const damaged = join(root, 'damaged');
    const copy = () => {
      rmSync(damaged, { recursive: true, force: true });
      mkdirSync(damaged);
      for (const name of readdirSync(linear)) copyFileSync(join(linear, name), join(damaged, name));
    };
    copy();
    writeFileSync(join(damaged, 'ngrams.json'), '{}');
    await expect(loadNgramPredictor(damaged)).rejects.toThrow(/ngrams\.json/);
    rmSync(join(damaged, 'manifest.json'));
    await expect(loadNgramPredictor(damaged)).rejects.toThrow(/ngrams\.json: format: wanted "retort-ngrams"/);
    const other = ngramTokenizer(fitNgrams(['others']));
    writeFileSync(join(damaged, 'ngrams.json'), other.files.get('ngrams.json') ?? '');
    await expect(loadNgramPredictor(damaged)).rejects.toThrow('wanted the n-grams that the model was exported with');
    writeFileSync(join(damaged, 'model.onnx'), 'no model');
    await expect(loadNgramPredictor(damaged)).rejects.toThrow(/model\.onnx: wanted an ONNX model/);
  });
});
