import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { costOf } from '../../../src/data/timed-cost.js';
import { supervised } from '../../../src/methods/supervised.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { mlp } from '../../../src/models/mlp.js';
import { adam } from '../../../src/optim/adam.js';
import { measureRun, sampledBatches } from '../../../src/training/estimate/measure-run.js';
import type { RunOptions } from '../../../src/training/run/run-options.js';
import { orderOf } from '../../../src/training/run/train.js';
import { planOfRun, tokensOf } from '../../../src/training/run/trial.js';
import { words, wordTable } from '../../data/words.js';
import { blobs, CLASSES, PIXELS } from '../blobs.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-measure-test-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
const train = textDataset(wordTable('train', 640, { longest: 40 }), words, { model });
const evaluation = textDataset(wordTable('dev', 50, { longest: 40 }), words, { model });
const options: RunOptions = {
  model,
  method: supervised(),
  data: { train, evaluation },
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 3,
  batchSize: 8,
  seed: 5,
  threads: 1,
  outputDir: join(scratch, 'run'),
};

describe('sampledBatches', () => {
  test('are whole batches whose mean of tokens is near that of all, the middle ones first', () => {
    const plan = planOfRun(options);
    const sampled = sampledBatches({ options, plan });
    expect(sampled.map(({ length }) => length)).toEqual([8, 8, 8, 8, 8, 8]);
    const tokens = (rows: Uint32Array) => tokensOf(rows, { options, plan });
    const order = orderOf(train, plan, 5, 0);
    const all = Array.from({ length: 80 }, (_, i) => tokens(order.subarray(i * 8, (i + 1) * 8)));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Six quantiles of a smooth distribution: a few percent.
    expect(Math.abs(mean(sampled.map(tokens)) / mean(all) - 1)).toBeLessThan(0.05);
    const sorted = all.sort((a, b) => a - b);
    expect(tokens(sampled[0] as Uint32Array)).toBeGreaterThanOrEqual(sorted[26] as number);
    expect(tokens(sampled[0] as Uint32Array)).toBeLessThanOrEqual(sorted[54] as number);
  });

  test('of fewer rows than a batch are all of them', () => {
    const few = { ...options, batchSize: 1000 };
    expect(sampledBatches({ options: few, plan: planOfRun(few) })[0]?.length).toBe(640);
  });
});

describe('measureRun', () => {
  test('finds what steps and evaluations cost, however little time it has, and leaves nothing behind', async () => {
    // A folder of its own: other tests are at work beside this one.
    const own = join(scratch, 'temporary');
    mkdirSync(own);
    vi.stubEnv('TMPDIR', own);
    const costs = await measureRun(options, { seconds: 0 });
    expect(costOf(costs.step, 100)).toBeGreaterThan(0);
    expect(costs.evaluation && costOf(costs.evaluation, 100)).toBeGreaterThan(0);
    expect(costs.secondsToOpen).toBeGreaterThan(0);
    expect(costs.secondsPerCheck).toBeGreaterThan(0);
    expect(costs.peakRssBytes).toBeGreaterThan(2 ** 20);
    expect(existsSync(options.outputDir)).toBe(false);
    // ONNX Runtime may leave files there.
    expect(readdirSync(own).filter((name) => name.startsWith('retort-'))).toEqual([]);
  });

  test('counts the words that no step of the measurement has read', async () => {
    const large = bilstm({ ...model.config, vocab_size: 1_000_000 });
    const { peakRssBytes } = await measureRun({ ...options, model: large }, { seconds: 0 });
    // Two moments and a gradient of 4 numbers a word: 48 MB, of which a few steps write next to nothing.
    expect(peakRssBytes).toBeGreaterThan(process.resourceUsage().maxRSS * 1024 + 40e6);
  });

  test('of rows that are not texts, what a step takes among many', async () => {
    const images: RunOptions = {
      ...options,
      model: mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES }),
      data: { train: blobs('train', 12) },
      batchSize: 4,
    };
    const { step, evaluation: none } = await measureRun(images, { seconds: 0 });
    expect(step.fixed).toBe(0);
    expect(step.perWork).toBeGreaterThan(0);
    expect(none).toBeUndefined();
  });
});
