/** @file Texts of many lengths through the trainer: one step for all of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { supervised } from '../../src/methods/supervised.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import type { Model } from '../../src/models/model.js';
import { staticModel } from '../../src/models/static-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adamw } from '../../src/optim/adamw.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { orderOf, planTraining } from '../../src/training/run/train.js';
import { openHostStep } from '../../src/training/step/host-step.js';
import { microBatches, paddingShare, planTexts } from '../../src/training/step/micro-batches.js';
import type { StepResult } from '../../src/training/step/step.js';
import { words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-text-run-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sizes = {
  vocab_size: words.vocabularySize,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
};
const MODELS: Readonly<Record<string, Model>> = {
  bert: bert(sizes),
  bilstm: bilstm({ vocab_size: words.vocabularySize, embedding_size: 6, hidden_size: 5, dense_size: 7 }),
  'bilstm of pairs': bilstm({
    vocab_size: words.vocabularySize,
    embedding_size: 6,
    hidden_size: 5,
    dense_size: 7,
    is_pair: true,
  }),
  static: staticModel({ vocab_size: words.vocabularySize, embedding_size: 6, hidden_sizes: [5] }),
  'static of pairs': staticModel({
    vocab_size: words.vocabularySize,
    embedding_size: 6,
    hidden_sizes: [5],
    is_pair: true,
  }),
};
const dataFor = (model: Model, size: number) =>
  textDataset(wordTable('train', size, { pairs: model.config.is_pair === true }), words, { model });

describe('openHostStep on texts', () => {
  test.each(Object.keys(MODELS))('%s: padding, and how a batch is cut into runs, change no gradient', async (name) => {
    const model = MODELS[name] as Model;
    const data = dataFor(model, 12);
    const open = () =>
      openHostStep({
        model: { ...model, ...withoutDropout(model) },
        method: supervised(),
        dims: { B: 12, S: 14 },
        hasMicroBatches: true,
        optimizer: adamw({ learningRate: 0.01 }),
        seed: 1,
        parameters: initialiseParameters(model.parameters, 3),
      });
    const rows = [...Array(12).keys()];
    const ways = [
      [data.batch(rows)],
      [data.batch(rows, 12, undefined, 14)],
      [data.batch(rows.slice(0, 5), 7), data.batch(rows.slice(5))],
    ];
    const ends: StepResult[] = [];
    for (const batches of ways) {
      const step = await open();
      const [result] = await step.run([{ step: 1, learningRate: 0.01, batches, scalars: {} }]);
      ends.push(result as StepResult);
      await step.release();
    }
    const [plain, padded, cut] = ends as [StepResult, StepResult, StepResult];
    expect(plain.gradientNorm).toBeGreaterThan(0.01);
    // Sums over other shapes are taken in another order: float32's rounding, no more.
    for (const other of [padded, cut]) {
      expect(Math.abs(other.loss / plain.loss - 1)).toBeLessThan(1e-6);
      expect(Math.abs(other.gradientNorm / plain.gradientNorm - 1)).toBeLessThan(2e-6);
    }
  });
});

/** The same network without dropout. */
function withoutDropout(model: Model): Model {
  if (model.kind === 'bert') return bert({ ...sizes, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });
  return (model.kind === 'static' ? staticModel : bilstm)({ ...model.config, dropout: 0 });
}

describe('microBatches', () => {
  test('a batch of long texts is cut so that a run has no more tokens than allowed', () => {
    const data = dataFor(MODELS.bert as Model, 40);
    const text = planTexts(data, { tokensPerRun: 24 });
    const plan = planTraining({ rows: 40, batchSize: 16, epochs: 1, ...(text && { text }) });
    const order = orderOf(data, plan, 1, 0);
    const parts = [0, 16, 32].flatMap((start) => microBatches(order.subarray(start, start + 16), data, plan));
    expect(parts.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)).toEqual([...Array(40).keys()]);
    expect(parts.length).toBeGreaterThan(6);
    for (const { paddedTo, length = 0 } of parts) expect(paddedTo * length).toBeLessThanOrEqual(24);
    expect(paddingShare(order, data, plan)).toBeLessThan(0.2);
  });
});

describe('runTraining on texts', () => {
  const options = (outputDir: string, model: Model): RunOptions => ({
    model,
    method: supervised(),
    data: { train: dataFor(model, 100), evaluation: textDataset(wordTable('dev', 40, { seed: 2 }), words, { model }) },
    optimizer: adamw({ learningRate: 0.02 }),
    epochs: 4,
    batchSize: 8,
    tokensPerRun: 40,
    seed: 5,
    threads: 1,
    outputDir: join(scratch, outputDir),
  });

  test.each(['bert', 'bilstm', 'static'])(
    '%s: interrupted in mid-epoch and resumed it ends in the same bytes, dropout and all',
    async (name) => {
      const model = MODELS[name] as Model;
      const whole = await runTraining(options(`${name}-whole`, model));
      const stop = new AbortController();
      const parted = options(`${name}-parted`, model);
      const stopped = runTraining({
        ...parted,
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'evaluation' && event.epoch === 2) setImmediate(() => stop.abort());
        },
      });
      await expect(stopped).rejects.toThrow('interruption');
      const resumed = await runTraining({ ...parted, resume: true });
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.record.epochs.map(({ loss, metrics }) => [loss, metrics])).toEqual(
        whole.record.epochs.map(({ loss, metrics }) => [loss, metrics]),
      );
      // 'good' or not can be read off the words: chance is about 0.7 here.
      expect(whole.record.metrics.accuracy).toBeGreaterThan(0.8);
    },
  );

  test('the tokenizer is saved beside the model, and padding is spoken of', async () => {
    const notices: string[] = [];
    const run = options('notices', MODELS.bilstm as Model);
    const { lastPath } = await runTraining({
      ...run,
      maxSteps: 2,
      onEvent: (event) => {
        if (event.type === 'notice') notices.push(event.text);
      },
    });
    expect(notices.join()).toMatch(/^texts of similar length share a batch; \d+\.\d % of its tokens are padding$/);
    const tokenizer = await loadTokenizer(lastPath as string);
    expect(tokenizer.encodeRow('not a good film').ids).toEqual(words.encodeRow('not a good film').ids);
  });
});
