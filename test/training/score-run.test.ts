/** @file Regressions through the trainer: a model of one label, rows with scores. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { selectRows, type TextTable, textTable } from '../../src/data/text-table.js';
import { supervised } from '../../src/methods/supervised.js';
import { bert } from '../../src/models/bert.js';
import { classesOf } from '../../src/models/forward.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adamw } from '../../src/optim/adamw.js';
import { prepareRun } from '../../src/training/run/prepare-run.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { openHostStep } from '../../src/training/step/host-step.js';
import { openInGraphStep } from '../../src/training/step/in-graph-step.js';
import type { StepResult } from '../../src/training/step/step.js';
import { words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-score-run-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sizes = {
  vocab_size: words.vocabularySize,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
};
const model = bert({ ...sizes, num_labels: 1 });

/** How often 'good' stands in a text, less how often 'bad' does; every third row has no score if some are to lack it. */
function scoredTable(name: string, size: number, { someLackIt = false, seed = 1 } = {}): TextTable {
  const { texts } = wordTable(name, size, { seed });
  const count = (text: string, word: string) => text.split(' ').filter((part) => part === word).length;
  const scores = texts.map((text, row) =>
    someLackIt && row % 3 === 2 ? Number.NaN : count(text, 'good') - count(text, 'bad'),
  );
  return textTable(name, { texts, scores });
}
const dataOf = (table: TextTable) => textDataset(table, words, { model });

describe('a step on scores', () => {
  const table = scoredTable('train', 9, { someLackIt: true });
  const scoredRows = [0, 1, 3, 4, 6, 7];

  test.each([
    ['host', openHostStep],
    ['in the graph', openInGraphStep],
  ] as const)('%s: rows without a score take no part', async (_form, open) => {
    const ends: StepResult[] = [];
    for (const rows of [[...Array(9).keys()], scoredRows]) {
      const batch = dataOf(table).batch(rows, rows.length, undefined, 12);
      const step = await open({
        model,
        method: supervised(),
        dims: { B: rows.length, S: 12 },
        optimizer: adamw({ learningRate: 0.01 }),
        seed: 1,
        parameters: initialiseParameters(model.parameters, 3),
      });
      const [result] = await step.run([{ step: 1, learningRate: 0.01, batches: [batch], scalars: {} }]);
      if (result === undefined) throw new Error('no result');
      ends.push(result);
      await step.release();
    }
    const [all, some] = ends as [StepResult, StepResult];
    expect(some.gradientNorm).toBeGreaterThan(0.01);
    // Sums over other shapes: float32's rounding.
    expect(Math.abs(all.loss / some.loss - 1)).toBeLessThan(1e-6);
    expect(Math.abs(all.gradientNorm / some.gradientNorm - 1)).toBeLessThan(2e-6);
  });
});

describe('runTraining on scores', () => {
  test('learns what can be counted, and is scored by correlation', async () => {
    const options: RunOptions = {
      model,
      method: supervised(),
      data: {
        train: dataOf(scoredTable('train', 200, { someLackIt: true })),
        evaluation: dataOf(scoredTable('dev', 60, { seed: 2 })),
      },
      optimizer: adamw({ learningRate: 0.02 }),
      epochs: 8,
      batchSize: 16,
      seed: 5,
      threads: 1,
      outputDir: join(scratch, 'scores'),
      saveTopK: 1,
    };
    const { record } = await runTraining(options);
    expect(Object.keys(record.metrics)).toEqual(['pearson', 'spearman', 'loss']);
    expect(record.metrics.pearson).toBeGreaterThan(0.7);
    expect(record.kept[0]?.name).toMatch(/^epoch=\d-pearson=/);
    // A row's score decides the run as its text does.
    const other = { ...options, data: { train: dataOf(scoredTable('train', 200)) } };
    const sampleOf = (run: RunOptions) => JSON.stringify(prepareRun(run).fingerprint().trainData);
    expect(sampleOf(other)).not.toBe(sampleOf(options));
  });

  test('label smoothing, which does nothing for a regression, is refused', async () => {
    const options: RunOptions = {
      model,
      method: supervised({ labelSmoothing: 0.1 }),
      data: { train: dataOf(selectRows(scoredTable('train', 9), [0, 1])) },
      optimizer: adamw(),
      epochs: 1,
      batchSize: 2,
      seed: 1,
      outputDir: join(scratch, 'smooth'),
    };
    await expect(runTraining(options)).rejects.toThrow('labelSmoothing: wanted 0 for a model of one label, got 0.1');
  });
});

describe('classesOf', () => {
  test('is the last axis of the logits, of a head for tokens too', () => {
    expect(classesOf(model)).toBe(1);
    expect(classesOf(bert({ ...sizes, num_labels: 5, head: 'tokens' }))).toBe(5);
    expect(classesOf(bert({ ...sizes, head: 'masked-lm' }))).toBe(words.vocabularySize);
  });
});
