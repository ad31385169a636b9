/** @file Methods in whole runs on texts: what is trained beside the student, and what is refused before any work. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { cosineDistance } from '../../src/losses/cosine.js';
import { defineMethod } from '../../src/methods/define-method.js';
import type { Method } from '../../src/methods/method.js';
import { miniLm } from '../../src/methods/minilm.js';
import { patientKd } from '../../src/methods/pkd.js';
import { METHODS } from '../../src/methods/table.js';
import { tinyBert } from '../../src/methods/tinybert.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import type { Model } from '../../src/models/model.js';
import { loadModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adamw } from '../../src/optim/adamw.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { readSafetensors } from '../../src/tensor/safetensors-file.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { smallBert } from '../data/small-bert.js';
import { words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-method-runs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sized = (layers: number, hidden_size: number, num_attention_heads = 2): Model =>
  smallBert(layers, { hidden_size, num_attention_heads });
const student = sized(2, 4);

const teacherOf = (model: Model): Teacher =>
  modelTeacher({
    path: 'teacher.ckpt',
    model,
    weights: initialiseParameters(model.parameters, 7),
    labelNames: ['negative', 'positive'],
    contentHash: 'teacher',
  });

const options = (name: string, method: Method, more: Partial<RunOptions> = {}): RunOptions => {
  const model = more.model ?? student;
  return {
    model,
    method,
    teacher: teacherOf(sized(4, 6)),
    data: { train: textDataset(wordTable('train', 40), words, { model }) },
    optimizer: adamw({ learningRate: 0.01 }),
    epochs: 3,
    batchSize: 8,
    seed: 5,
    threads: 1,
    outputDir: join(scratch, name),
    ...more,
  };
};

describe('projections', () => {
  const stopped = options('parted', patientKd(), { stateSeconds: 0 });
  beforeAll(async () => {
    const stop = new AbortController();
    const run = runTraining({
      ...stopped,
      signal: stop.signal,
      onEvent: ({ type }) => type === 'checkpoint' && stop.abort(),
    });
    await expect(run).rejects.toThrow('interruption');
  });

  test('are checkpointed beside the model, and resumed they end in the same bytes', async () => {
    const { tensors } = await readSafetensors(join(stopped.outputDir, 'resume', 'method.safetensors'));
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
      ['method.projection.1.bias', [6]],
      ['method.projection.1.weight', [6, 4]],
    ]);
    const whole = await runTraining(options('whole', patientKd()));
    const resumed = await runTraining({ ...stopped, resume: true });
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.record.epochs.map(({ losses }) => losses)).toEqual(whole.record.epochs.map(({ losses }) => losses));
    expect(Object.keys(whole.record.epochs[0]?.losses ?? {})).toEqual(['soft', 'hard', 'patience']);
  });

  test('are trained, and are no part of the model that is kept', async () => {
    const { weights, lastPath, record } = await runTraining(options('kept', tinyBert({ stage: 'intermediate' })));
    const names = student.parameters.map(({ name }) => name).sort();
    expect(Object.keys(weights ?? {}).sort()).toEqual(names);
    expect(Object.keys((await loadModel(lastPath as string)).weights).sort()).toEqual(names);
    expect(readdirSync(lastPath as string)).not.toContain('method.safetensors');
    expect(existsSync(join(scratch, 'kept', 'resume'))).toBe(false);
    const [first, , last] = record.epochs;
    expect(last?.losses.embedding as number).toBeLessThan(first?.losses.embedding as number);
  });

  test('a run from given weights draws only them', async () => {
    const weights = initialiseParameters(student.parameters, 1);
    const { record } = await runTraining(
      options('given', tinyBert({ stage: 'intermediate' }), { weights, maxSteps: 1 }),
    );
    expect(record.epochs[0]?.losses.embedding).toBeGreaterThan(0);
  });
});

describe('before any work', () => {
  const lstm = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 5 });
  const logitsOnly: Teacher = { ...teacherOf(sized(4, 6)), provides: ['logits'] };

  test.each<[string, Partial<RunOptions> & { readonly method: Method }, RegExp]>([
    [
      'a teacher without hidden states',
      { method: patientKd(), teacher: logitsOnly },
      /^method 'pkd' with teacher teacher.ckpt: wanted the signal hiddenStates, got a teacher that gives logits; use a teacher that gives logits, hiddenStates, or a method that it can serve: hinton, .*tang, well-read$/,
    ],
    [
      'a student without layers',
      { method: patientKd(), model: lstm },
      /^method 'pkd': wanted a student with hiddenStates/,
    ],
    [
      'a student without attention',
      { method: miniLm({ stage: 'distillation' }), model: lstm },
      /^student\.attentionScores: wanted a signal that the student gives, got it gives logits, embeddings/,
    ],
    [
      'layers that do not divide',
      { method: patientKd(), model: sized(3, 4) },
      /^layerMap of method 'pkd'.*name the pairs/,
    ],
    [
      'other attention heads',
      { method: tinyBert({ stage: 'intermediate' }), model: sized(2, 4, 4) },
      /^attentionMse: wanted scores of one shape \[B, A, S, S\] on both sides.*compare relations/,
    ],
    [
      'a width that relation heads do not divide',
      { method: miniLm({ relationHeads: 3, stage: 'distillation' }) },
      /^relationKl: .*divides the width 4, got 3/,
    ],
    [
      'two classes',
      { method: METHODS.decoupled() },
      /^method 'decoupled': wanted at least 3 classes.*use method 'hinton'/,
    ],
    [
      'a loss of tokens without a mask',
      {
        method: defineMethod({
          name: 'own',
          needs: ['hiddenStates'],
          options: {},
          losses: ({ student: { hiddenStates } }) => ({ near: cosineDistance(hiddenStates[0], hiddenStates[1]) }),
        })(),
      },
      /^method 'own', term 'near': wanted a count that depends on masks.*give the loss a mask: student\.attentionMask/,
    ],
    [
      'one class under a softmax',
      {
        method: METHODS['hard-labels'](),
        model: bert({ ...student.config, num_labels: 1 }),
        teacher: { ...teacherOf(bert({ ...student.config, num_labels: 1 })), labelNames: [] },
        data: { train: { ...textDataset(wordTable('train', 40), words, { model: student }), labelNames: [] } },
      },
      /^method 'hard-labels': wanted a model of at least two classes.*got a regression.*; use hinton, /,
    ],
  ])('%s is refused, and no folder is made', async (name, { method, ...more }, message) => {
    const outputDir = join(scratch, `refused ${name}`);
    await expect(runTraining({ ...options('', method, more), outputDir })).rejects.toThrow(message);
    expect(existsSync(outputDir)).toBe(false);
  });
});
