import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TextTask } from '../../src/data/text-task.js';
import { distillTexts } from '../../src/experiments/distillation/distill-texts.js';
import { hinton } from '../../src/methods/hinton.js';
import { patientKd } from '../../src/methods/pkd.js';
import { bilstmFromTeacher } from '../../src/models/bilstm-embeddings.js';
import { firstLayers } from '../../src/models/chosen-layers.js';
import { weightsHash } from '../../src/models/saved-model.js';
import { loadTextModel, type TextModel, withNewHead } from '../../src/models/text-model.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { fineTune } from '../../src/training/text/fine-tune.js';
import { writeSmallEncoder } from '../cli/small-text-data.js';
import { WORDS, wordTable } from '../data/words.js';

const root = mkdtempSync(join(tmpdir(), 'retort-distill-texts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const task: TextTask = {
  name: 'words',
  train: wordTable('train', 64),
  dev: wordTable('dev', 40, { seed: 2 }),
  labelNames: ['negative', 'positive'],
  metrics: ['accuracy'],
  isPair: false,
  isRegression: false,
};
const training = { epochs: 2, learningRate: 3e-3, batchSize: 16, threads: 1, seeds: 2 };
let pretrained: TextModel;
let teacher: TextModel;
beforeAll(async () => {
  await writeSmallEncoder(root);
  pretrained = await loadTextModel(join(root, 'encoder'));
  teacher = await fineTune({ ...training, epochs: 6, model: pretrained, task, outputDir: join(root, 'teacher') });
});

describe('distillTexts', () => {
  test('teaches the first layers of an encoder by patience, tokens and all, and reads the student back', async () => {
    const { verdict, student, record } = await distillTexts({
      ...training,
      teacher,
      student: firstLayers(pretrained, 2),
      task,
      method: patientKd({ layerMap: 'last' }),
      controls: ['no-teacher'],
      outputDir: join(root, 'patient'),
    });
    expect(verdict).toMatch(/^(BETTER|CAN'T TELL|NO BETTER|NO VERDICT)/);
    expect(record.arms.map(({ name }) => name)).toEqual(['pkd', 'no-teacher']);
    expect(student.model.config.num_hidden_layers).toBe(2);
    expect(student.labelNames).toEqual(task.labelNames);
    expect(record.settings.student).toMatchObject({ start: `first 2 layers of ${pretrained.name}` });
  });

  test('teaches a BiLSTM, made anew for each seed, by logits', async () => {
    const asked: number[] = [];
    const { student } = await distillTexts({
      ...training,
      teacher,
      student: (seed) => {
        asked.push(seed);
        const config = { num_labels: 2, embedding_size: 4, hidden_size: 3, dense_size: 4 };
        return bilstmFromTeacher(pretrained, pretrained.tokenizer, { seed, config });
      },
      task,
      method: hinton({ alpha: 0.9 }),
      controls: ['no-teacher'],
      outputDir: join(root, 'words'),
    });
    expect(student.model.kind).toBe('bilstm');
    expect(new Set(asked)).toEqual(new Set([1, 2]));
  });

  test('accumulates gradients in all arms alike', async () => {
    const { record } = await distillTexts({
      ...training,
      teacher,
      student: firstLayers(pretrained, 1),
      task,
      controls: ['no-teacher'],
      seeds: 1,
      batchSize: 8,
      gradientAccumulationSteps: 4,
      outputDir: join(root, 'accumulated'),
    });
    // By hand: 64 rows are 8 batches of 8, 2 steps of 4 in each of 2 epochs.
    expect(record.arms.map(({ train }) => train?.steps)).toEqual([4, 4]);
    expect(record.settings).toMatchObject({ gradientAccumulationSteps: 4 });
  });

  test('control arms are none alone, or some by name', async () => {
    const run = (controls: string) =>
      distillTexts({ ...training, teacher, student: pretrained, task, controls, outputDir: join(root, 'mixed') });
    await expect(run('none,no-teacher')).rejects.toThrow(
      "controls: wanted no-teacher, linear, hard-labels, shuffled-teacher, label-smoothing, or none alone, got 'none,no-teacher'; leave out none, or all the others",
    );
    await expect(run('no-one')).rejects.toThrow("or none alone, got 'no-one'");
  });

  test('a student of other tokens cannot learn token by token', async () => {
    const other = wordTokenizer([...WORDS].reverse(), { split: 'spaces', lowercase: true });
    const student = { ...withNewHead(pretrained, { labelNames: task.labelNames, seed: 1 }), tokenizer: other };
    const run = distillTexts({ ...training, teacher, student, task, method: patientKd(), outputDir: join(root, 'no') });
    await expect(run).rejects.toThrow(
      /method 'pkd' with teacher .*: wanted a student with the teacher's own tokenizer/,
    );
  });

  test('its teacher is not changed by it', async () => {
    expect(weightsHash((await loadTextModel(join(root, 'teacher'))).weights)).toBe(weightsHash(teacher.weights));
  });
});
