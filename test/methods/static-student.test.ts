/** @file Every method that asks for no more than a static student gives, in runs of one text and of pairs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import type { Method } from '../../src/methods/method.js';
import { METHODS } from '../../src/methods/table.js';
import { staticModel } from '../../src/models/static-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import { runTraining } from '../../src/training/run/run.js';
import { WORDS, words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-static-student-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const labelNames = ['negative', 'neutral', 'positive'];
/** Layers, attention and masked words it has not; self-kd, takd and well-read are several phases. */
const NOT = ['distilbert', 'minilm', 'pkd', 'self-kd', 'takd', 'tinybert', 'well-read'];
const fitting = Object.keys(METHODS).filter((name) => !NOT.includes(name));

function tableOf(pairs: boolean) {
  const { texts, pairs: second } = wordTable('train', 24, { pairs });
  const labels = Int32Array.from(texts, (text) => (text.includes(WORDS[0]) ? 2 : text.includes(WORDS[1]) ? 0 : 1));
  return textTable('train', { texts, ...(second && { pairs: second }), labels, labelNames });
}

describe('a static student', () => {
  test.each(fitting.flatMap((name) => [[name, 'one text'] as const, [name, 'pairs'] as const]))(
    '%s of %s: learns what its teacher answers',
    async (name, kind) => {
      const isPair = kind === 'pairs';
      const model = staticModel({
        vocab_size: words.vocabularySize,
        embedding_size: 6,
        hidden_sizes: [4],
        token_dropout: 0.1,
        ngram_sizes: [2],
        ngram_buckets: 10,
        num_labels: 3,
        is_pair: isPair,
      });
      const method = METHODS[name as keyof typeof METHODS]() as Method;
      const teacher = modelTeacher({
        path: 'teacher',
        model,
        weights: initialiseParameters(model.parameters, 7),
        labelNames,
        contentHash: 'teacher',
      });
      const { record } = await runTraining({
        model,
        method,
        ...(method.needs.length > 0 && { teacher }),
        data: { train: textDataset(tableOf(isPair), words, { model }) },
        optimizer: adam({ learningRate: 0.05 }),
        epochs: 8,
        batchSize: 6,
        seed: 1,
        threads: 1,
        outputDir: join(scratch, `${name} ${kind}`),
      });
      const losses = record.epochs.map(({ loss }) => loss);
      expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    },
  );
});
