/** @file Warnings through the trainer: told once, written down, kept over an interruption, errors where asked for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { textTable } from '../../../src/data/text-table.js';
import { CheckError } from '../../../src/errors/failures.js';
import { distilBert } from '../../../src/methods/distilbert.js';
import { hinton } from '../../../src/methods/hinton.js';
import { supervised } from '../../../src/methods/supervised.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { mlp } from '../../../src/models/mlp.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adam } from '../../../src/optim/adam.js';
import { alignLabels } from '../../../src/teachers/align-labels.js';
import { modelTeacher } from '../../../src/teachers/model-teacher.js';
import type { Teacher } from '../../../src/teachers/teacher.js';
import { fromNumbers, zeros } from '../../../src/tensor/tensor.js';
import type { TrainingEvent } from '../../../src/training/run/events.js';
import { runTraining } from '../../../src/training/run/run.js';
import type { RunOptions } from '../../../src/training/run/run-options.js';
import { readRunRecord } from '../../../src/training/run/run-record.js';
import { words, wordTable } from '../../data/words.js';
import { temporaryFolder } from '../../files/processes.js';
import { blobs, CLASSES, PIXELS } from '../blobs.js';

const root = temporaryFolder();
const model = mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES });
const data = { train: blobs('train', 60), evaluation: blobs('held out', 60) };
const options = (name: string, more: Partial<RunOptions> = {}): RunOptions => ({
  model,
  method: supervised(),
  data,
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 3,
  batchSize: 8,
  seed: 3,
  threads: 1,
  outputDir: join(root, name),
  ...more,
});

type Told = Extract<TrainingEvent, { type: 'warning' | 'terms' }>;

async function run(name: string, more: Partial<RunOptions> = {}) {
  const told: Told[] = [];
  const onEvent = (event: TrainingEvent) => {
    if (event.type === 'warning' || event.type === 'terms') told.push(event);
  };
  const { record } = await runTraining(options(name, { onEvent, ...more }));
  const warnings = told.flatMap((event) => (event.type === 'warning' ? [event.name] : []));
  return { record, warnings, terms: told.filter(({ type }) => type === 'terms') };
}

const logOf = (name: string): Record<string, unknown>[] =>
  readFileSync(join(root, name, 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), seconds: undefined }));

const reader = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
/** Numbers in two words, odd or even: no text is there twice. */
const parity = (name: string, from: number) =>
  textDataset(
    textTable(name, {
      texts: Array.from({ length: 80 }, (_, i) =>
        (from + i).toString(2).replaceAll('0', 'good ').replaceAll('1', 'bad ').trim(),
      ),
      labels: Array.from({ length: 80 }, (_, i) => (from + i) % 2),
      labelNames: ['negative', 'positive'],
    }),
    words,
    { model: reader },
  );

/** A run on texts, whose two sides are weighed; the teacher is right on every row. */
const weighed = (softWeight: number, hardWeight: number): Partial<RunOptions> => ({
  model: reader,
  weights: initialiseParameters(reader.parameters, 1),
  data: { train: parity('train', 0), evaluation: parity('dev', 100) },
  method: distilBert({ softWeight, hardWeight, cosineWeight: 0, temperature: 1 }),
  teacher: {
    name: 'oracle',
    provides: ['logits'],
    classes: 2,
    labelNames: ['negative', 'positive'],
    contentHash: 'oracle',
    answer: async (data) => ({
      signals: { logits: { dtype: 'float32', shape: [2] } },
      batch: (rows, paddedTo) => {
        const labels = Array.from(data.batch(rows, paddedTo).labels?.data ?? [], Number);
        return {
          logits: fromNumbers(
            'float32',
            [paddedTo, 2],
            labels.flatMap((label) => [1 - label, label]),
          ),
        };
      },
    }),
  },
  batchSize: 16,
});

async function goodTeacher(): Promise<Teacher> {
  const { weights = {} } = await runTraining(options('teacher', { epochs: 20, overwrite: true }));
  return modelTeacher(
    { path: 'teacher', model, weights, labelNames: ['a', 'b', 'c'], contentHash: 'teacher' },
    { threads: 1 },
  );
}

/** A student that answers all rows alike, and learns next to nothing. */
const stuck: Partial<RunOptions> = {
  weights: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, zeros('float32', shape)])),
  optimizer: adam({ learningRate: 1e-12 }),
};

describe('runTraining > warnings', () => {
  test('a sound run, with a teacher and without, has none', async () => {
    const { warnings, record } = await run('sound', { epochs: 10 });
    expect(warnings).toEqual([]);
    expect(record.warnings).toEqual([]);
  });

  test('both sides are measured at the first batch and the end of the first epoch, and say nothing if both count', async () => {
    const { terms, warnings } = await run('weighed', weighed(1, 1));
    expect(warnings).not.toContain('term-share');
    // The third epoch ends at step 15, far from the three hundred between two looks.
    expect(terms).toMatchObject([
      { step: 0, epoch: 1 },
      { step: 5, epoch: 1 },
    ]);
    for (const event of terms) {
      if (event.type !== 'terms') continue;
      const { distillation, labels, distillationShare } = event;
      expect(distillationShare).toBeCloseTo(distillation / (distillation + labels), 12);
      expect(distillationShare).toBeGreaterThan(0.1);
      expect(distillationShare).toBeLessThan(0.9);
    }
    expect(logOf('weighed').filter(({ type }) => type === 'terms')).toEqual(terms.map((event) => ({ ...event })));
  });

  test('one-class is told once of three epochs, not yet after the first, and stands in log and record', async () => {
    const { warnings, record } = await run('stuck', stuck);
    expect(warnings).toEqual(['one-class']);
    expect(record.warnings.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^after epoch 2 the student predicts '[abc]' for all rows of held out, of which \d+\.\d % are$/,
      ),
    ]);
    expect(logOf('stuck').filter(({ type }) => type === 'warning')).toHaveLength(1);
    expect((await readRunRecord(join(root, 'stuck', 'metrics.json'))).warnings).toEqual(record.warnings);
  });

  test('still-falling: a regression that was stopped while its correlation rose', async () => {
    const counted = (name: string, seed: number) => {
      const { texts } = wordTable(name, 200, { seed });
      const scores = texts.map((text) => text.split(' ').filter((word) => word === 'good').length);
      return textDataset(textTable(name, { texts, scores }), words, { model: reader });
    };
    const one = bilstm({ ...reader.config, vocab_size: words.vocabularySize, num_labels: 1 });
    const { warnings } = await run('rising', {
      model: one,
      data: { train: counted('train', 1), evaluation: counted('dev', 2) },
      metrics: ['pearson'],
      optimizer: adam({ learningRate: 0.02 }),
      epochs: 2,
    });
    expect(warnings).toContain('still-falling');
  });

  test('label-order: a teacher whose classes go by other names', async () => {
    const teacher = await goodTeacher();
    const shifted = alignLabels({ ...teacher, labelNames: ['b', 'c', 'a'] }, ['a', 'b', 'c']);
    const { record } = await run('shifted', { method: hinton(), teacher: shifted });
    expect(record.warnings.map(({ name }) => name)).toEqual(['label-order', 'classes-missing']);
  });

  test('term-share: a weight that leaves the labels nothing is found before the first step', async () => {
    const seen: string[] = [];
    const { record } = await run('heavy', { ...weighed(1e6, 1), onEvent: ({ type }) => seen.push(type) });
    expect(seen.indexOf('warning')).toBeLessThan(seen.indexOf('step'));
    expect(record.warnings[0]?.name).toBe('term-share');
    expect(record.warnings[0]?.text).toMatch(/^the terms of the labels make up 0\.0 % of the gradient/);
  });

  test('term-share: a teacher that counts for nothing is found after an epoch, since it may have nothing to say yet', async () => {
    const { terms, record } = await run('light', weighed(1e-6, 1));
    expect(terms).toHaveLength(2);
    expect(record.warnings[0]?.name).toBe('term-share');
    expect(
      logOf('light')
        .map(({ type }) => type)
        .slice(0, 5),
    ).toEqual(['start', 'terms', 'epoch', 'terms', 'warning']);
  });

  test('an interrupted run that goes on ends with the same warnings, log and measurements', async () => {
    const changes: Partial<RunOptions> = { ...weighed(1e-6, 1), optimizer: adam({ learningRate: 1e-12 }) };
    const { record: whole } = await run('whole', changes);
    const stop = new AbortController();
    const parted = options('parted', {
      ...changes,
      stateSeconds: 0,
      signal: stop.signal,
      onEvent: (event) => event.type === 'evaluation' && event.epoch === 2 && stop.abort(),
    });
    await expect(runTraining(parted)).rejects.toThrow('an interruption');
    const { record, warnings } = await run('parted', { ...changes, resume: true });
    expect(warnings).toEqual([]);
    expect(record.warnings).toEqual(whole.warnings);
    expect(record.warnings.map(({ name }) => name)).toEqual(['term-share', 'one-class']);
    expect(logOf('parted')).toEqual(logOf('whole'));
  });
});

describe('runTraining > warnings after a stop at an epoch’s last step', () => {
  // Once the end of the epoch was not measured then: nobody had read its last batch in the process that went on.
  test('ends with the measurements of the uninterrupted run', async () => {
    await run('unstopped', weighed(1, 1));
    const stop = new AbortController();
    const stopped = options('stopped', {
      ...weighed(1, 1),
      signal: stop.signal,
      onEvent: (event) => event.type === 'step' && event.step === 5 && stop.abort(),
    });
    await expect(runTraining(stopped)).rejects.toThrow('an interruption after step 5');
    expect(logOf('stopped').filter(({ type }) => type === 'epoch')).toEqual([]);
    const { terms } = await run('stopped', { ...weighed(1, 1), resume: true });
    expect(terms).toMatchObject([{ step: 5, epoch: 1 }]);
    expect(logOf('stopped')).toEqual(logOf('unstopped'));
  });
});

describe('runTraining > strict', () => {
  const short = (name: string, seed: number) =>
    textDataset(wordTable(name, 80, { seed, longest: 2 }), words, { model: reader });
  const few = { train: short('train', 1), evaluation: short('dev', 2) };

  test('what data and model tell is an error before the folder is touched', async () => {
    const strict = options('strict', { model: reader, data: few, strict: true });
    const failed = await runTraining(strict).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CheckError);
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(String(failed)).toMatch(
      /strict: duplicates, random-start: wanted no warning, got \d+ of the 80 texts of dev .*; duplicates: remove them from one of the two/,
    );
    expect(existsSync(strict.outputDir)).toBe(false);
  });

  test('without it the same run ends', async () => {
    const weights = initialiseParameters(reader.parameters, 1);
    const { warnings } = await run('lenient', { model: reader, data: few, weights });
    // Started from weights that were given, it is not called untrained.
    expect(warnings[0]).toBe('duplicates');
    expect(warnings).not.toContain('random-start');
  });

  test('what shows in the answers of a teacher, or of the student, is an error then', async () => {
    const teacher = await goodTeacher();
    const shifted = alignLabels({ ...teacher, labelNames: ['b', 'c', 'a'] }, ['a', 'b', 'c']);
    const first = run('strict teacher', { method: hinton(), teacher: shifted, strict: true });
    await expect(first).rejects.toThrow('strict: label-order: wanted no warning');
    await expect(run('strict student', { ...stuck, strict: true })).rejects.toThrow('strict: one-class');
  });
});
