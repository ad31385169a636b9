/** @file `model: 'ngram'`: features of the training texts, exact resume, pairs, regressions, and what is refused. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TextTask } from '../../../src/data/text-task.js';
import { distillTexts } from '../../../src/experiments/distillation/distill-texts.js';
import { exportModel } from '../../../src/export/export-model.js';
import { openTextModel } from '../../../src/export/open-text-model.js';
import { loadNgramPredictor } from '../../../src/inference/ngram-predictor.js';
import { loadTextModel } from '../../../src/models/text-model.js';
import { runTraining } from '../../../src/training/run/run.js';
import { type FineTuneOptions, fineTune, prepareFineTuning } from '../../../src/training/text/fine-tune.js';
import { wordTable } from '../../data/words.js';
import { temporaryFolder } from '../../files/processes.js';

const root = temporaryFolder();
const task: TextTask = {
  name: 'words',
  train: wordTable('train', 400),
  labelNames: ['negative', 'positive'],
  metrics: ['accuracy'],
  isPair: false,
  isRegression: false,
};
const options = (name: string, more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  model: 'ngram',
  task,
  epochs: 4,
  batchSize: 16,
  threads: 1,
  outputDir: join(root, name),
  ...more,
});

describe('fineTune with model ngram', () => {
  test.each([
    ['linear', {}],
    ['through a layer', { hidden: 8, charNgrams: 'none' }],
  ])('%s: learns, and its folder is all that an answer needs', async (name, settings) => {
    const tuned = await fineTune(options(name, { ...settings, epochs: 20, learningRate: 0.05, earlyStopping: 0 }));
    const { accuracy = 0 } = tuned.record.metrics;
    // Witness: the labels follow from the words; always naming the most frequent is right on fewer than 75 %.
    expect(accuracy).toBeGreaterThan(0.85);
    const loaded = await loadTextModel(join(root, name));
    expect(loaded.model.config).toEqual(tuned.model.config);
    expect(loaded.weights).toEqual(tuned.weights);
    const opened = await openTextModel(join(root, name), { threads: 1 });
    const [answer] = await opened.predict('good good film');
    await opened.release();
    expect(answer?.label).toBe('positive');
    const folder = join(root, `${name} export`);
    await exportModel({ model: join(root, name), outputDir: folder });
    const plain = (await loadNgramPredictor(folder)).predict('good good film');
    expect(plain.score).toBeCloseTo(answer?.score ?? NaN, 5);
  });

  test('interrupted and resumed it ends in the same bytes', async () => {
    const settings = { hidden: 4, tokensPerRun: 200 };
    const whole = await fineTune(options('whole run', settings));
    const stop = new AbortController();
    const parted = options('parted run', settings);
    const prepared = await prepareFineTuning(parted);
    if (prepared.kind !== 'one') throw new Error('one task');
    const stopped = runTraining({
      ...prepared.run,
      stateSeconds: 0,
      signal: stop.signal,
      onEvent: ({ type }) => type === 'checkpoint' && stop.abort(),
    });
    await expect(stopped).rejects.toThrow('interruption');
    const resumed = await fineTune({ ...parted, resume: true });
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.record.metrics).toEqual(whole.record.metrics);
  });

  test('resumed with other n-grams it is another run', async () => {
    await fineTune(options('other n-grams', { epochs: 1 }));
    const other = fineTune(options('other n-grams', { epochs: 1, ngrams: '1', resume: true }));
    await expect(other).rejects.toThrow(/another/);
  });

  test('pairs, and a regression', async () => {
    const train = wordTable('train', 60, { pairs: true });
    const pairs = await fineTune(options('pairs', { task: { ...task, train, isPair: true }, epochs: 1 }));
    expect(pairs.readsPairs).toBe(true);
    const { row } = { row: pairs.tokenizer.encodeRow('good', 'good') };
    expect(new Set(row.ids).size).toBe(row.ids.length);
    const { labels: _, ...texts } = wordTable('train', 60);
    const scores = Float32Array.from(texts.texts, (text) => text.split(' ').filter((word) => word === 'good').length);
    const regression: TextTask = {
      ...task,
      train: { ...texts, labelNames: [], scores },
      labelNames: [],
      metrics: ['pearson'],
      isRegression: true,
    };
    const { record } = await fineTune(options('regression', { task: regression, epochs: 20, learningRate: 0.1 }));
    expect(record.metrics.pearson).toBeGreaterThan(0.8);
  });

  test.each<[Partial<FineTuneOptions>, string]>([
    [{ layers: 2 }, 'layers: wanted an encoder, got model ngram; leave it out'],
    [{ vocabulary: 'minilm-l6' }, 'vocabulary: wanted model bilstm or model static, got model ngram; leave it out'],
    [{ model: 'bilstm', ngrams: '1' }, 'ngrams: wanted model ngram, got model bilstm; leave it out'],
    [
      { model: 'minilm-l6', hidden: 4 },
      'hidden: wanted model bilstm or model ngram or model static, got model minilm-l6; leave it out',
    ],
    [{ features: 9, buckets: 9 }, 'features, buckets: wanted at most one way to bound the features'],
    [{ ngrams: '2,1' }, "ngrams: wanted the least and the most n, from 1, such as 1,2, or none, got '2,1'"],
    [
      { ngrams: 'none', charNgrams: 'none' },
      'ngrams, charNgrams: wanted n-grams of words, of characters, or of both, got neither',
    ],
  ])('%j: %s', async (settings, message) => {
    // Before anything is read.
    const unread = { task: undefined, data: 'nowhere.csv' };
    await expect(fineTune(options('refused', { ...unread, ...settings }))).rejects.toThrow(message);
  });
});

describe('distillTexts with model ngram', () => {
  test('reads the n-grams of the pool, too; a method of hidden states names what it lacks', async () => {
    const teacher = await loadTextModel(join(root, 'linear'));
    const { labels: _, ...pool } = wordTable('pool', 30, { seed: 9 });
    const transfer = { ...pool, texts: pool.texts.map((text) => `${text} marvellous`) };
    const common = { teacher, task, model: 'ngram', seeds: [1], controls: [], threads: 1, epochs: 1 } as const;
    const { student } = await distillTexts({ ...common, transfer, outputDir: join(root, 'distilled') });
    expect(student.tokenizer.encodeRow('marvellous').ids.length).toBeGreaterThan(5);
    expect(teacher.tokenizer.encodeRow('marvellous').ids.length).toBeLessThan(5);
    const hidden = distillTexts({ ...common, method: 'pkd', outputDir: join(root, 'refused') });
    await expect(hidden).rejects.toThrow(/hiddenStates/);
  });
});
