/** @file `solver: 'convex'` of an encoder: a last layer on features that stay as they are. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type TextTable, textTable } from '../../../src/data/text-table.js';
import type { TextTask } from '../../../src/data/text-task.js';
import { distillTexts } from '../../../src/experiments/distillation/distill-texts.js';
import { exportModel } from '../../../src/export/export-model.js';
import { openTextModel } from '../../../src/export/open-text-model.js';
import { loadTextModel } from '../../../src/models/text-model.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { type FineTuneOptions, fineTune } from '../../../src/training/text/fine-tune.js';
import { writePieceEncoder } from '../../cli/piece-encoder.js';
import { temporaryFolder } from '../../files/processes.js';

const root = temporaryFolder();
await writePieceEncoder(root);
const encoder = join(root, 'encoder');
/** Each says good or bad, among words that say nothing. */
function reviews(size: number): TextTable {
  const random = new RandomStream(1, 'reviews');
  const labels = Int32Array.from({ length: size }, (_, row) => row % 2);
  const others = ['film', 'the', 'a', 'plot', 'end'];
  const texts = Array.from(labels, (label) => {
    const word = label === 1 ? 'good' : 'bad';
    return [word, word, others[random.below(5)], others[random.below(5)]].join(' ');
  });
  return textTable('train', { texts, labels, labelNames: ['negative', 'positive'] });
}

const task: TextTask = {
  name: 'words',
  train: reviews(300),
  labelNames: ['negative', 'positive'],
  metrics: ['accuracy'],
  isPair: false,
  isRegression: false,
};
const options = (name: string, more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  ...{ model: encoder, solver: 'convex', task, threads: 1, outputDir: join(root, name), ...more },
});

describe('fineTune of an encoder with solver convex', () => {
  test('finds the last layer alone, and answers from its folder as it was scored', async () => {
    const before = await loadTextModel(encoder);
    const tuned = await fineTune(options('frozen'));
    expect(tuned.record).toMatchObject({ steps: 0 });
    expect(tuned.record.fit).toBeDefined();
    expect(tuned.model.config.head).toBe('mean');
    // Witness: half of the rows have either label, which a word tells, and so does the mean over random vectors of words.
    expect(tuned.record.metrics.accuracy).toBeGreaterThan(0.8);
    for (const [name, { data }] of Object.entries(tuned.weights)) {
      if (!name.startsWith('classifier.')) expect(data).toEqual(before.weights[name]?.data);
    }
    const loaded = await loadTextModel(join(root, 'frozen'));
    expect(loaded.weights).toEqual(tuned.weights);
    await exportModel({ model: join(root, 'frozen'), outputDir: join(root, 'exported') });
    const texts = ['good good film the', 'bad bad plot a'];
    const answers = await Promise.all(
      ['frozen', 'exported'].map(async (name) => {
        const opened = await openTextModel(join(root, name), { threads: 1 });
        const given = await opened.predict(texts, { badRows: 'stop' });
        await opened.release();
        return given;
      }),
    );
    expect(answers[0]?.map(({ label }) => label)).toEqual(['positive', 'negative']);
    for (const [i, { score }] of (answers[1] ?? []).entries())
      expect(score).toBeCloseTo(answers[0]?.[i]?.score ?? NaN, 6);
    await expect(exportModel({ model: join(root, 'frozen'), to: 'hf', outputDir: join(root, 'hub') })).rejects.toThrow(
      /a head that transformers has a class for/,
    );
  });

  test('is resumed as the same run, and another encoder makes another one', async () => {
    await fineTune(options('again'));
    expect((await fineTune(options('again', { resume: true }))).status).toBe('already-finished');
    await expect(fineTune(options('again', { resume: true, from: 'random', seed: 9 }))).rejects.toThrow(/another|seed/);
  });

  test('refuses settings of steps', async () => {
    await expect(fineTune(options('steps', { learningRate: 1e-3 }))).rejects.toThrow(
      /learningRate: wanted solver steps/,
    );
  });
});

describe('a teacher with solver convex', () => {
  const experiment = (name: string, more: object) =>
    distillTexts({
      ...{ teacher: encoder, task, model: 'ngram', seeds: 2, controls: ['no-teacher'], test: 'none', threads: 1 },
      ...{ outputDir: join(root, name), temperature: 1, ...more },
    });

  test('is fitted first, once, and teaches', async () => {
    const { record } = await experiment('taught', { teacherSolver: 'convex' });
    expect(record.teacher?.score).toBeGreaterThan(0.8);
    expect((await loadTextModel(join(root, 'taught', 'teacher'))).model.config.head).toBe('mean');
  });

  test('has no epochs, and is of a model that is there to be trained', async () => {
    await expect(experiment('both', { teacherSolver: 'convex', teacherEpochs: 2 })).rejects.toThrow(
      /teacherEpochs: wanted teacherSolver steps, got teacherSolver convex/,
    );
    await expect(experiment('neither', { teacherSolver: 'steps' })).rejects.toThrow(
      /teacherSolver: wanted .*teacherEpochs/,
    );
  });
});
