/** @file Distilling a model of one score: word models that count, small enough for a test. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { type TextTable, textTable } from '../../src/data/text-table.js';
import { OptionError } from '../../src/errors/failures.js';
import { runDistillation } from '../../src/experiments/distillation/distill.js';
import type { DistillEvent, DistillOptions } from '../../src/experiments/distillation/distill-options.js';
import { readExperimentRecord } from '../../src/experiments/experiment-record.js';
import type { ExperimentRecord } from '../../src/experiments/experiment-record.schema.js';
import { decoupled } from '../../src/methods/decoupled.js';
import { hinton } from '../../src/methods/hinton.js';
import type { Method } from '../../src/methods/method.js';
import { supervised } from '../../src/methods/supervised.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { loadModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { openEvaluator } from '../../src/training/evaluation/evaluate.js';
import { runTraining } from '../../src/training/run/run.js';
import { words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-regression-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** How many more times 'good' stands in a text than 'bad'. */
function scoredTable(name: string, size: number, seed = 1): TextTable {
  const { texts } = wordTable(name, size, { seed });
  const count = (text: string, word: string) => text.split(' ').filter((one) => one === word).length;
  const scores = Float32Array.from(texts, (text) => count(text, 'good') - count(text, 'bad'));
  return textTable(name, { texts, scores });
}

const student = bilstm({
  ...{ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 12 },
  ...{ num_labels: 1, dropout: 0 },
});
const data = {
  train: textDataset(scoredTable('train', 64), words, { model: student }),
  evaluation: textDataset(scoredTable('dev', 32, 2), words, { model: student }),
};
let teacher: Teacher;

beforeAll(async () => {
  const model = bert({
    ...{ vocab_size: words.vocabularySize, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 1 },
    ...{ intermediate_size: 8, num_labels: 1 },
  });
  const outputDir = join(scratch, 'teacher');
  await runTraining({
    ...{ model, method: supervised(), optimizer: adam({ learningRate: 0.02 }), outputDir },
    data: { train: textDataset(scoredTable('train', 64), words, { model }) },
    ...{ epochs: 6, batchSize: 16, seed: 1, threads: 1 },
  });
  teacher = textTeacher(await loadModel(outputDir), words, { labelNames: [], threads: 1 });
});

const options = (outputDir: string, method: Method = hinton({ alpha: 0.75, temperature: 4 })): DistillOptions => ({
  teacher,
  student: { model: student, weights: (seed) => initialiseParameters(student.parameters, seed), start: 'new' },
  ...{ data, method, seeds: 2, optimizer: adam({ learningRate: 0.01 }), epochs: 3, batchSize: 16, threads: 1 },
  outputDir: join(scratch, outputDir),
});

describe('distill of a regression', () => {
  let record: ExperimentRecord;
  const events: DistillEvent[] = [];

  test('is judged by Pearson’s correlation, without the controls that need classes', async () => {
    const run = await runDistillation({ ...options('whole'), onEvent: (event) => events.push(event) });
    ({ record } = run);
    expect(record.metric).toBe('pearson');
    expect(record.arms.map(({ name, scores }) => [name, scores.length])).toEqual([
      ['hinton', 2],
      ['no-teacher', 2],
      ['linear', 2],
      ['shuffled-teacher', 2],
    ]);
    for (const { metrics } of record.arms) expect(Object.keys(metrics ?? {})).toEqual(['pearson', 'spearman']);
    const notices = events.flatMap((event) => (event.type === 'notice' ? [event.text] : []));
    expect(notices).toContain('hard-labels left out: it needs classes, and this is a regression');
    expect(run.verdict).toContain("points of Pearson's correlation");
    expect(record.softTargets?.text).not.toContain('not compared');
    expect(await readExperimentRecord(run.recordPath)).toEqual(record);
    expect(record.teacher?.score).toBeGreaterThan(30);
  });

  test('the score is that of the student it leaves, on the evaluated split', async () => {
    const { model, weights } = await loadModel(join(scratch, 'whole', 'runs', 'hinton-1'));
    const evaluator = await openEvaluator({ model, data: data.evaluation, threads: 1 });
    const { metrics } = await evaluator.evaluate(weights);
    await evaluator.release();
    expect(record.arms[0]?.scores[0]).toBeCloseTo(100 * (metrics.pearson ?? 0), 8);
  });

  test('shows where student and teacher differ most, the farthest first', () => {
    const scores = record.evidence?.scores;
    expect(scores?.answers.map(({ by, points }) => [by, points.length])).toEqual([
      ['teacher', 32],
      ['hinton', 32],
      ['no-teacher', 32],
    ]);
    const distances = scores?.furthest.map(({ answers: [first, second] }) =>
      Math.abs((first?.score ?? 0) - (second?.score ?? 0)),
    );
    expect(distances).toEqual(distances?.toSorted((a, b) => b - a));
    expect(record.evidence?.confusion).toEqual([]);
    const page = reportHtml(record);
    expect(page).toContain('Scores and predictions');
    expect(page).toContain('Where hinton is farthest from the teacher');
    expect(page).toContain('Pearson&#39;s correlation of each arm times 100');
    expect(reportMarkdown(record)).toContain('| arm | Pearson × 100 | SD | 95 % interval | Spearman × 100 |');
  });

  // witness: closed form. One step from the first weights on all 64 rows has the loss
  // alpha · mean (z_s − z_t)² + (1 − alpha) · mean (z_s − r)².
  test('the loss is the squared error to the teacher’s score and to the row’s own', async () => {
    const whole = { ...options('step'), seeds: 1, epochs: 1, batchSize: 64, controls: [] };
    await runDistillation(whole);
    const [line] = JSON.parse(readFileSync(join(scratch, 'step', 'runs', 'hinton-1', 'metrics.json'), 'utf8')).epochs;
    const evaluator = await openEvaluator({ model: student, data: data.train, threads: 1 });
    const { logits } = await evaluator.predict(initialiseParameters(student.parameters, 1));
    await evaluator.release();
    const rows = Uint32Array.from({ length: 64 }, (_, row) => row);
    const said = (await teacher.answer(data.train, ['logits'])).batch(rows, 64).logits?.data as Float32Array;
    const right = data.train.batch(rows).scores?.data as Float32Array;
    const mean = (of: Float32Array) =>
      of.reduce((sum, target, row) => sum + ((logits[row] as number) - target) ** 2, 0) / 64;
    expect(line.losses.soft).toBeCloseTo(0.75 * mean(said), 4);
    expect(line.losses.hard).toBeCloseTo(0.25 * mean(right), 4);
  });

  test('a student that answers every row alike has a correlation of 0', async () => {
    const mute = (seed: number) =>
      Object.fromEntries(
        Object.entries(initialiseParameters(student.parameters, seed)).map(([name, given]) => [
          name,
          { ...given, data: new Float32Array(given.data.length) },
        ]),
      );
    const { record: muted } = await runDistillation({
      ...options('mute'),
      ...{ student: { ...options('mute').student, weights: mute }, controls: [], seeds: 1, epochs: 1 },
    });
    expect(muted.arms[0]).toMatchObject({ scores: [0], metrics: { pearson: [0], spearman: [0] } });
    // Without controls: the teacher's and the one student's.
    expect(muted.evidence?.scores?.answers.map(({ by }) => by)).toEqual(['teacher', 'hinton']);
    expect(muted.evidence?.scores?.furthest[0]?.answers.map(({ by }) => by)).toEqual(['teacher', 'hinton']);
  });

  test('refuses a method that compares classes, by name and before any work', async () => {
    const refused = runDistillation(options('refused', decoupled()));
    await expect(refused).rejects.toBeInstanceOf(OptionError);
    await expect(refused).rejects.toThrow(
      /^method 'decoupled': wanted a model of at least two classes: .* got a regression.*use .*hinton.*tinybert/,
    );
    expect(existsSync(join(scratch, 'refused'))).toBe(false);
  });

  test('refuses a metric of classes', async () => {
    const wrong = { ...options('wrong'), metrics: ['f1'] as const };
    await expect(runDistillation(wrong)).rejects.toThrow('metrics: wanted some of pearson, spearman, loss, got f1');
  });
});
