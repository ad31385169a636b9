import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { supervised } from '../../../src/methods/supervised.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { adam } from '../../../src/optim/adam.js';
import { measureRun, timedRows } from '../../../src/training/estimate/measure-run.js';
import type { RunOptions } from '../../../src/training/run/run-options.js';
import { orderOf, planTraining } from '../../../src/training/run/train.js';
import { microBatches, planTexts } from '../../../src/training/step/micro-batches.js';
import { words, wordTable } from '../../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-measure-test-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
const train = textDataset(wordTable('train', 640, { longest: 40 }), words, { model });
const options: RunOptions = {
  model,
  method: supervised(),
  data: { train },
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 3,
  batchSize: 8,
  seed: 5,
  threads: 1,
  outputDir: join(scratch, 'run'),
};
const plan = planTraining({ ...options, rows: train.size, text: planTexts(train) ?? { tokensPerRun: 1, longest: 1 } });

function tokensOf(rows: Uint32Array): number {
  return microBatches(rows, train, plan).reduce((sum, { paddedTo, length = 1 }) => sum + paddedTo * length, 0);
}

describe('timedRows', () => {
  test('are whole batches whose mean of tokens is near that of all, and the longest one', () => {
    const { rows, longest } = timedRows(options, plan);
    expect(longest).toBe(true);
    expect(rows.length).toBe(7 * 8);
    const order = orderOf(train, plan, 5, 0);
    const all = Array.from({ length: 80 }, (_, i) => tokensOf(order.subarray(i * 8, (i + 1) * 8)));
    const sampled = Array.from({ length: 7 }, (_, i) => tokensOf(rows.subarray(i * 8, (i + 1) * 8)));
    expect(sampled.at(-1)).toBe(Math.max(...all));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Six quantiles of a smooth distribution: a few percent.
    expect(Math.abs(mean(sampled.slice(0, -1)) / mean(all) - 1)).toBeLessThan(0.05);
  });

  test.each([8, 9, 10, 11, 12, 13, 20])('of %d batches, no row is taken twice', (batches) => {
    const some = planTraining({ rows: 8 * batches, batchSize: 8, epochs: 1, ...(plan.text && { text: plan.text }) });
    const { rows } = timedRows(options, some);
    expect([rows.length, new Set(rows).size]).toEqual([7 * 8, 7 * 8]);
  });

  test('a run of few batches is taken whole', () => {
    const few = planTraining({ rows: 40, batchSize: 8, epochs: 1, ...(plan.text && { text: plan.text }) });
    expect(timedRows(options, few).rows.length).toBe(40);
  });
});

describe('measureRun', () => {
  test('counts the steps of the whole run, times some, and leaves nothing behind', async () => {
    // A folder of its own: other tests, at work beside this one, measure runs too.
    const own = join(scratch, 'temporary');
    mkdirSync(own);
    vi.stubEnv('TMPDIR', own);
    const measure = await measureRun({ ...options, maxSteps: 100 });
    expect(measure.steps).toBe(100);
    expect(measure.secondsPerStep).toBeGreaterThan(0);
    expect(measure.peakRssBytes).toBeGreaterThan(2 ** 20);
    expect(existsSync(options.outputDir)).toBe(false);
    // ONNX Runtime may leave files there.
    expect(readdirSync(own).filter((name) => name.startsWith('retort-'))).toEqual([]);
  });
});
