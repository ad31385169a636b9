/** @file Students of real data as one file, beside ONNX Runtime on the same int8 weights: every row, accuracy and size. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadTextSet, type TextSetName } from '../../src/data/text-sets.js';
import { storedWeights } from '../../src/export/js-weights.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { saveJs } from '../../src/export/save-js.js';
import type { Answer } from '../../src/inference/answer.js';
import { load } from '../../src/inference/load.js';
import { bilstm } from '../../src/models/bilstm.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { fineTune } from '../../src/training/text/fine-tune.js';
import { temporaryFolder } from '../files/processes.js';
import { dataTest } from '../setup/data-test.js';
import { wordPieces } from '../tokenizers/tokenizer-files.js';

const root = temporaryFolder();

type Module = { readonly predict: (texts: readonly string[]) => readonly Answer[]; readonly kernels?: () => string };
const imported = (folder: string): Promise<Module> =>
  import(/* @vite-ignore */ pathToFileURL(join(folder, 'student.js')).href);
const gzipped = (folder: string) => gzipSync(readFileSync(join(folder, 'student.js')), { level: 9 }).length;

/** Trains n-grams by the convex solver, and compares their file with ONNX Runtime. */
async function expectSame(name: TextSetName, features: number | undefined, least: number, most: number): Promise<void> {
  const task = await loadTextSet(name, { dir: process.env.RETORT_DATA as string });
  const outputDir = join(root, name);
  const { model, weights, tokenizer } = await fineTune({
    ...{ model: 'ngram', task, outputDir, threads: 1, seed: 1, overwrite: true },
    ...(features !== undefined && { features }),
  });
  const content = { model, weights, tokenizer, labelNames: task.labelNames, readsPairs: false };
  await saveJs(join(root, `${name}-js`), content);
  await saveOnnx(join(root, `${name}-onnx`), { ...content, weights: storedWeights(model, weights) });
  const student = await imported(join(root, `${name}-js`));
  const onnx = await load(join(root, `${name}-onnx`), { threads: 1 });
  try {
    for (const split of ['dev', 'test'] as const) {
      const rows = task[split];
      if (rows === undefined) continue;
      const texts = [...rows.texts];
      const found = student.predict(texts);
      const wanted = await onnx.predict(texts);
      expect(found.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
      let right = 0;
      for (const [i, { score, label }] of found.entries()) {
        expect(Math.abs(score - (wanted[i]?.score ?? NaN))).toBeLessThan(2e-6);
        if (label === task.labelNames[rows.labels?.[i] ?? -1]) right++;
      }
      if (split === (name === 'sst2' ? 'dev' : 'test')) expect(right / texts.length).toBeGreaterThanOrEqual(least);
    }
  } finally {
    await onnx.release();
  }
  expect(gzipped(join(root, `${name}-js`))).toBeLessThan(most);
}

describe('jsStudent', () => {
  dataTest('sst2', 'SST-2: labels in every row, 82 % or more, below 1 MB gzipped', () =>
    expectSame('sst2', 100_000, 0.82, 1e6),
  );

  dataTest('trec', 'TREC: labels in every row, 89 % or more, below 1.5 MB gzipped', () =>
    expectSame('trec', undefined, 0.89, 1.5e6),
  );

  dataTest('banking77', 'BANKING77: labels in every row, 90 % or more, below 3 MB gzipped', () =>
    expectSame('banking77', undefined, 0.9, 3e6),
  );

  test('a BiLSTM of the size nano is below 1.5 MB gzipped', async () => {
    const model = bilstm({ vocab_size: 8000, embedding_size: 64 });
    const folder = join(root, 'nano');
    // Weights of a random generator are what gzip can do least with.
    const weights = initialiseParameters(model.parameters, 1);
    await saveJs(folder, { model, weights, labelNames: ['no', 'yes'], tokenizer: wordPieces() });
    expect(gzipped(folder)).toBeLessThan(1.5e6);
    expect((await imported(folder)).kernels?.()).toBe('simd');
  });
});
