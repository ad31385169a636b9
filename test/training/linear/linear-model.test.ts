import { describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { type TextColumns, textTable } from '../../../src/data/text-table.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { NgramFeatures } from '../../../src/tokenizers/ngram-features.js';
import type { NgramTokenizer } from '../../../src/tokenizers/ngram-rows.js';
import { withEvaluator } from '../../../src/training/evaluation/evaluate.js';
import { fitLinearModel } from '../../../src/training/linear/linear-model.js';

const WORDS = [
  ['fine', 'great', 'lovely', 'warm'],
  ['bad', 'dull', 'flat', 'weak'],
] as const;

/** A text of five words: three of its class, two of any. */
function texts(size: number, seed: number): { readonly texts: string[]; readonly labels: number[] } {
  const drawn = new RandomStream(seed, 'texts');
  const pick = (of: readonly string[]) => of[Math.floor(drawn.uniform() * of.length)] as string;
  const labels = Array.from({ length: size }, (_, i) => i % 2);
  const any = ['the', 'film', 'was', 'story', 'of', 'a', 'man'];
  return {
    labels,
    texts: labels.map((label) => {
      const own = WORDS[label as 0 | 1];
      return [pick(any), pick(own), pick(any), pick(own), pick(any)].join(' ');
    }),
  };
}

function table(name: string, size: number, seed: number, more: Partial<TextColumns> = {}) {
  return textTable(name, { ...texts(size, seed), labelNames: ['good', 'poor'], ...more });
}

/** By ONNX Runtime, as any model is scored. */
async function accuracyOf(train: Parameters<typeof fitLinearModel>[0], on: typeof train): Promise<number> {
  const { model, weights, tokenizer } = await fitLinearModel(train, { seed: 1 });
  const { metrics } = await withEvaluator({ model, data: textDataset(on, tokenizer, { model }) }, (open) =>
    open.evaluate(weights),
  );
  return metrics.accuracy ?? Number.NaN;
}

describe('fitLinearModel', () => {
  test('learns which words tell two classes apart, from labelled rows alone', async () => {
    const given = texts(120, 1);
    // Every third row has no label.
    const train = table('train', 120, 1, { labels: given.labels.map((label, i) => (i % 3 === 2 ? -100 : label)) });
    expect(await accuracyOf(train, table('dev', 60, 2))).toBe(1);
  });

  test('is a model like others: label names, tokenizer, what it reads', async () => {
    const train = table('train', 40, 1);
    const fitted = await fitLinearModel(train, { seed: 1 });
    expect(fitted).toMatchObject({ labelNames: ['good', 'poor'], readsPairs: false, model: { kind: 'ngram' } });
    expect(fitted.model.config).toEqual({
      vocab_size: fitted.tokenizer.vocabularySize,
      hidden_size: 0,
      num_labels: 2,
    });
    expect([...fitted.tokenizer.files.keys()]).toEqual(['ngrams.json']);
    expect(fitted.fit.converged).toBe(true);
  });

  test('n-grams are counted once a table, and seeds give the same features', async () => {
    const train = table('train', 40, 3);
    const features = async (seed: number) =>
      ((await fitLinearModel(train, { seed })).tokenizer as NgramTokenizer).features;
    const first = await features(1);
    expect(first).toBeInstanceOf(NgramFeatures);
    expect(await features(2)).toBe(first);
  });

  test('of 5,000 rows or more an n-gram has to be in two, of fewer in one', async () => {
    const sizeOf = async (size: number) => {
      const rows = table('train', size, 1);
      const [, ...others] = rows.texts;
      // In one row alone.
      const train = table('train', size, 1, { texts: ['zyx', ...others] });
      const { tokenizer } = await fitLinearModel(train, { seed: 1, ngrams: undefined });
      return (tokenizer as NgramTokenizer).features.parts.blocks.some(({ grams }) => grams?.includes('zyx'));
    };
    expect(await sizeOf(4999)).toBe(true);
    expect(await sizeOf(5000)).toBe(false);
  });

  test('the second text of a pair has features of its own', async () => {
    const rows = texts(120, 5);
    const filler = rows.texts.map(() => 'the film');
    const train = textTable('pairs', { ...rows, texts: filler, pairs: rows.texts, labelNames: ['good', 'poor'] });
    expect(await accuracyOf(train, train)).toBe(1);
  });

  test('scores are predicted as they are: the mean of rows that say nothing is what the training rows have', async () => {
    const { texts: all, labels } = texts(200, 7);
    const scores = labels.map((label) => 3 + label);
    const train = textTable('scores', { texts: all, scores });
    const { model, weights, tokenizer, labelNames } = await fitLinearModel(train, { seed: 1 });
    expect(labelNames).toEqual(['score']);
    const { logits } = await withEvaluator({ model, data: textDataset(train, tokenizer, { model }) }, (open) =>
      open.predict(weights),
    );
    for (const [i, logit] of logits.entries()) expect(Math.abs(logit - (scores[i] as number))).toBeLessThan(0.25);
  });
});
