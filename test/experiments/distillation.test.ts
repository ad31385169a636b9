/** @file A distillation of word models, small enough for a test. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { runDistillation } from '../../src/experiments/distillation/distill.js';
import type { DistillOptions } from '../../src/experiments/distillation/distill-options.js';
import { readExperimentRecord } from '../../src/experiments/experiment-record.js';
import { hinton } from '../../src/methods/hinton.js';
import { supervised } from '../../src/methods/supervised.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { loadModel } from '../../src/models/saved-model.js';
import type { ParameterSpec } from '../../src/nn/module.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { runTraining } from '../../src/training/run/run.js';
import { words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-distillation-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const student = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
const data = {
  train: textDataset(wordTable('train', 64), words, { model: student }),
  evaluation: textDataset(wordTable('dev', 32, { seed: 2 }), words, { model: student }),
};
let teacher: Teacher;
let asked = 0;

beforeAll(async () => {
  const model = bert({
    vocab_size: words.vocabularySize,
    hidden_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    intermediate_size: 8,
  });
  const outputDir = join(scratch, 'teacher');
  await runTraining({
    model,
    method: supervised(),
    data: { train: textDataset(wordTable('train', 64), words, { model }) },
    optimizer: adam({ learningRate: 0.02 }),
    epochs: 6,
    batchSize: 16,
    seed: 1,
    threads: 1,
    outputDir,
  });
  const reading = textTeacher(await loadModel(outputDir), words, { labelNames: data.train.labelNames, threads: 1 });
  const counted = <A extends unknown[], R>(ask: ((...of: A) => R) | undefined) => {
    if (ask === undefined) throw new Error('a model is asked in either way');
    return (...of: A): R => {
      asked += 1;
      return ask(...of);
    };
  };
  teacher = { ...reading, open: counted(reading.open), answer: counted(reading.answer) };
});

const options = (outputDir: string): DistillOptions => ({
  teacher,
  student: {
    model: student,
    weights: (seed) => initialiseParameters(student.parameters, seed),
    start: 'new',
  },
  data,
  method: hinton({ alpha: 0.5, temperature: 2 }),
  controls: ['no-teacher', 'hard-labels', 'shuffled-teacher', 'label-smoothing'],
  seeds: 2,
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 2,
  batchSize: 16,
  threads: 1,
  outputDir: join(scratch, outputDir),
});

describe('distill', () => {
  test('runs every arm on every seed, asks the teacher once a data set, and leaves record, verdict and student', async () => {
    asked = 0;
    const { record, verdict, recordPath, studentPath } = await runDistillation(options('whole'));
    // Training rows and evaluation rows: not once a run.
    expect(asked).toBe(2);
    expect(record.arms.map(({ name, scores }) => [name, scores.length])).toEqual([
      ['hinton', 2],
      ['no-teacher', 2],
      ['hard-labels', 2],
      ['shuffled-teacher', 2],
      ['label-smoothing', 2],
    ]);
    expect(record.gains.map(({ arm, over }) => `${arm} over ${over}`)).toEqual([
      'hinton over no-teacher',
      'hinton over hard-labels',
      'hinton over shuffled-teacher',
      'hinton over label-smoothing',
    ]);
    expect(verdict).toMatch(/^(BETTER|NO BETTER|CAN'T TELL|NO VERDICT)/);
    expect(record.evidence?.confusion.map(({ by }) => by)).toEqual(['teacher', 'hinton', 'no-teacher']);
    const rows = record.evidence?.confusion[0]?.counts.flat().reduce((sum, count) => sum + count, 0);
    expect(rows).toBe(32);
    expect(await readExperimentRecord(recordPath)).toEqual(record);
    expect((await loadModel(studentPath)).model.kind).toBe('bilstm');
    // The student to use is there, with what to expect of it.
    const { ship } = record;
    expect(existsSync(join(scratch, 'whole', ship?.path ?? '', 'last.ckpt'))).toBe(true);
    expect(ship?.mean).toBe(record.arms.find(({ name }) => name === ship?.arm)?.mean);
    // Other students' weights are not kept; what they measured is.
    const other = readdirSync(join(scratch, 'whole', 'runs', 'hard-labels-2'));
    expect(other).toContain('metrics.json');
    expect(other).not.toContain('last.ckpt');
  });

  test('stopped and resumed it ends with the same scores, and finished runs are not done again', async () => {
    const stop = new AbortController();
    const parted = options('parted');
    const stopped = runDistillation({
      ...parted,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'experiment' && event.event.type === 'run-end' && event.event.finished === 3) stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow('wanted all 10 runs');
    let begun = 0;
    const { record } = await runDistillation({
      ...parted,
      resume: true,
      onEvent: (event) => {
        if (event.type === 'experiment' && event.event.type === 'run-start') begun += 1;
      },
    });
    expect(begun).toBe(7);
    const whole = JSON.parse(readFileSync(join(scratch, 'whole', 'experiment.json'), 'utf8')) as typeof record;
    expect(record.arms.map(({ scores }) => scores)).toEqual(whole.arms.map(({ scores }) => scores));
  });

  test('of students that all answer alike there is no verdict, and the cheapest is shipped', async () => {
    // Without features the last layer learns its bias alone.
    const zeros = student.parameters.map(
      (spec) => ({ ...spec, initialise: (_, shape) => new Float32Array(sizeOf(shape)) }) satisfies ParameterSpec,
    );
    const { record, verdict } = await runDistillation({
      ...options('collapsed'),
      student: { model: student, weights: (seed) => initialiseParameters(zeros, seed), start: 'zeros' },
      controls: ['no-teacher'],
      epochs: 1,
    });
    expect(verdict).toMatch(/^NO VERDICT: hinton and no-teacher both predict the same for every row in all 2 runs/);
    expect(record.gains[0]).toMatchObject({ verdict: 'NO VERDICT', collapsed: 'both' });
    expect(record.ship).toMatchObject({ arm: 'no-teacher' });
  });

  test('without controls the method’s arm runs alone: nothing is claimed, and arms that are added later make the verdict', async () => {
    const alone = { ...options('alone'), controls: [], seeds: 1 };
    const { record, verdict, recordPath } = await runDistillation(alone);
    expect(verdict).toBeUndefined();
    expect(record).toMatchObject({ gains: [], seeds: [1], ship: { arm: 'hinton', path: 'runs/hinton-1' } });
    expect(record.arms.map(({ name }) => name)).toEqual(['hinton']);
    expect(record.question).toMatch(/^How good is a bilstm with the teacher /);
    expect(record.notCompared).toBe(
      'No comparison was made: hinton ran without control arms, so whether the teacher helped is not known. A verdict takes the control no-teacher and 5 paired seeds or more.',
    );
    expect(record.ship?.why).toBe('the only student to choose from');
    expect(await readExperimentRecord(recordPath)).toEqual(record);
    expect(reportHtml(record)).toMatch(/aria-label="Verdict"><p class="sentence">No comparison was made: hinton ran/);
    expect(reportHtml(record)).toContain('Ship this one: <code>runs/hinton-1</code>');
    expect(reportMarkdown(record)).toContain('\n\nNo comparison was made: hinton ran without control arms');
    // Teacher and student against what was right; no rows that one of two arms alone predicts right.
    expect(record.evidence?.confusion.map(({ by }) => by)).toEqual(['teacher', 'hinton']);
    expect(record.evidence).toMatchObject({ onlyRight: [] });
    expect(reportHtml(record)).toContain('<h2 id="confusion">Confusion matrix</h2>');
    const more = await runDistillation({ ...alone, controls: ['no-teacher'], seeds: 2, resume: true });
    expect(more.verdict).toMatch(/^(BETTER|NO BETTER|CAN'T TELL|NO VERDICT)/);
    expect(more.record.notCompared).toBeUndefined();
    expect(more.record.evidence?.onlyRight.map(({ over }) => over)).toEqual(['no-teacher']);
    expect(more.record.arms[0]?.scores[0]).toBe(record.arms[0]?.scores[0]);
  });

  // Answers to changed rows were once asked for, and paid, before the experiment was refused for them.
  test('of other rows it is refused before the teacher is asked, and they are what is named', async () => {
    asked = 0;
    const train = textDataset(wordTable('train', 64, { seed: 3 }), words, { model: student });
    const resumed = runDistillation({ ...options('whole'), data: { ...data, train }, resume: true });
    await expect(resumed).rejects.toThrow(/^settings\.train\.hash: wanted .*; what is read there has changed since/);
    expect(asked).toBe(0);
    const cut = textDataset(wordTable('train', 64), words, { model: student, maxLength: 5 });
    await expect(runDistillation({ ...options('whole'), data: { ...data, train: cut }, resume: true })).rejects.toThrow(
      'settings.train.maxLength: wanted ',
    );
  });

  test('an experiment of other settings is not resumed', async () => {
    const other = { ...options('whole'), optimizer: adam({ learningRate: 0.02 }), resume: true };
    await expect(runDistillation(other)).rejects.toThrow('learningRate');
  });
});
