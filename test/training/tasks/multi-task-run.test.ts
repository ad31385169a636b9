/** @file Several tasks through the trainer: a class, pairs and a score, with and without teachers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { taggedDataset } from '../../../src/data/tagged-texts.js';
import { textDataset } from '../../../src/data/text-dataset.js';
import { type TextTable, textTable } from '../../../src/data/text-table.js';
import { bam } from '../../../src/methods/bam.js';
import { hinton } from '../../../src/methods/hinton.js';
import { patientKd } from '../../../src/methods/pkd.js';
import { openAnyModel } from '../../../src/models/any-model.js';
import { bert } from '../../../src/models/bert.js';
import { multiTask, multiTaskConfig, taskModel } from '../../../src/models/multi-task.js';
import { loadModel } from '../../../src/models/saved-model.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adamw } from '../../../src/optim/adamw.js';
import { decisionEndpointTeachers } from '../../../src/outside/decisions/decision-endpoint.js';
import { modelTeacher } from '../../../src/teachers/model-teacher.js';
import { openEvaluator } from '../../../src/training/evaluation/evaluate.js';
import { prepareTasks, type TasksOptions, trainTasks } from '../../../src/training/tasks/multi-task-run.js';
import { textTasks } from '../../../src/training/tasks/text-tasks.js';
import { WORDS, words, wordTable } from '../../data/words.js';
import { mockServer } from '../../outside/asking/endpoint-server.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-multi-task-run-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sizes = {
  vocab_size: words.vocabularySize,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
};
const plain = bert(sizes);
const labels = ['negative', 'positive'];
const heads = {
  good: { head: 'classification', num_labels: 2, labels },
  pairs: { head: 'classification', num_labels: 2, labels },
  score: { head: 'classification', num_labels: 1, labels: [], scores: { zero: -3, one: 5 } },
} as const;
const model = multiTask({ encoder: plain, tasks: heads });

/** How often 'good' stands in a text, less how often 'bad' does. */
function scored(name: string, size: number, seed: number): TextTable {
  const { texts } = wordTable(name, size, { seed });
  const count = (text: string, word: string) => text.split(' ').filter((part) => part === word).length;
  return textTable(name, { texts, scores: texts.map((text) => count(text, 'good') - count(text, 'bad')) });
}
const read = (table: TextTable): Dataset => textDataset(table, words, { model: plain });
const data = {
  good: { train: read(wordTable('good train', 160)), evaluation: read(wordTable('good dev', 40, { seed: 2 })) },
  pairs: {
    train: read(wordTable('pairs train', 50, { pairs: true })),
    evaluation: read(wordTable('pairs dev', 30, { pairs: true, seed: 2 })),
  },
  score: { train: read(scored('score train', 120, 1)), evaluation: read(scored('score dev', 40, 2)) },
};
const tasks = Object.entries(data).map(([name, own]) => ({ name, data: own }));

const options = (folder: string, more: Partial<TasksOptions> = {}): TasksOptions => ({
  tasks,
  model,
  optimizer: adamw({ learningRate: 0.02 }),
  epochs: 2,
  batchSize: 8,
  tokensPerRun: 60,
  seed: 5,
  threads: 1,
  outputDir: join(scratch, folder),
  ...more,
});

test('textTasks makes the head that a table asks for', () => {
  const tables = {
    good: wordTable('good', 9),
    pairs: wordTable('pairs', 9, { pairs: true }),
    score: scored('score', 99, 1),
  };
  const start = { model: plain, weights: initialiseParameters(plain.parameters, 1), tokenizer: words };
  const given = Object.entries(tables).map(([name, train]) => ({ name, train }));
  const made = textTasks(start, given, { seed: 1 });
  const { scores } = tables.score;
  expect(multiTaskConfig(made.model).tasks).toEqual({
    good: { ...heads.good, readsPairs: false },
    pairs: { ...heads.pairs, readsPairs: true },
    score: {
      ...heads.score,
      scores: { zero: Math.min(...(scores ?? [])), one: Math.max(...(scores ?? [])) },
      readsPairs: false,
    },
  });
  expect(made.tasks.map(({ name, data: { train } }) => [name, train.size])).toEqual([
    ['good', 9],
    ['pairs', 9],
    ['score', 99],
  ]);
});

describe('trainTasks', () => {
  test('learns all tasks, scores each in its own terms and leaves one model of them', async () => {
    // At so small a width dropout drowns what there is to learn.
    const encoder = bert({ ...sizes, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });
    const still = multiTask({ encoder, tasks: heads });
    const { record, weights, lastPath } = await trainTasks(
      options('whole', { model: still, saveTopK: 1, epochs: 10, optimizer: adamw({ learningRate: 0.01 }) }),
    );
    // 20 + 7 + 15 batches of 8.
    expect(record.steps).toBe(10 * 42);
    const { metrics } = record;
    expect(Object.keys(metrics)).toEqual([
      'mean',
      ...['good.accuracy', 'good.loss', 'pairs.accuracy', 'pairs.loss'],
      ...['score.pearson', 'score.spearman', 'score.loss'],
    ]);
    const firsts = ['good.accuracy', 'pairs.accuracy', 'score.pearson'].map((name) => metrics[name] as number);
    expect(metrics.mean).toBeCloseTo(firsts.reduce((sum, value) => sum + value, 0) / 3, 12);
    // Words say it all: chance is about 0.7, and a correlation of 0.
    expect(metrics['good.accuracy']).toBeGreaterThan(0.8);
    expect(metrics['score.pearson']).toBeGreaterThan(0.7);
    expect(record.kept[0]?.name).toMatch(/^epoch=\d+-mean=0\.\d{4}\.ckpt$/);
    // A term's mean is over the steps of its task, not over all.
    const last = record.epochs.at(-1);
    const terms = ['good.hard', 'pairs.hard', 'score.hard'];
    expect(Object.keys(last?.losses ?? {}).sort()).toEqual(terms);
    const total = terms.reduce((sum, term, i) => sum + ([20, 7, 15][i] as number) * (last?.losses[term] ?? 0), 0);
    expect(total / 42).toBeCloseTo(last?.loss ?? 0, 6);

    // One task of it by itself: in scores as the data has them, not in the head's.
    const whole = await loadModel(lastPath as string);
    expect(whole.weights).toEqual(weights);
    const own = await openAnyModel(`${lastPath}#score`);
    const evaluator = await openEvaluator({ model: own.model, data: data.score.evaluation, threads: 1 });
    const again = await evaluator.predict(own.weights);
    await evaluator.release();
    expect(again.metrics.loss).toBe(metrics['score.loss']);
    expect(Math.max(...again.logits)).toBeGreaterThan(1);
  });

  test('bam: interrupted and resumed it ends in the same bytes, teachers, dropout, turns and all', async () => {
    const { weights } = await trainTasks(options('teachers'));
    const teacherOf = (name: string) => {
      const taught = taskModel({ model, weights: weights ?? {} }, name);
      return modelTeacher({ ...taught, path: `teacher of ${name}`, contentHash: name }, { threads: 1 });
    };
    const more: Partial<TasksOptions> = {
      // The pairs have labels alone.
      tasks: tasks.map((task) => (task.name === 'pairs' ? task : { ...task, teacher: teacherOf(task.name) })),
      method: bam(),
      sampling: 'size^0.75',
      epochs: 4,
    };
    const whole = await trainTasks(options('bam-whole', more));
    expect(Object.keys(whole.record.epochs[0]?.losses ?? {}).sort()).toEqual([
      'good.annealed',
      'pairs.hard',
      'score.annealed',
    ]);
    const stop = new AbortController();
    const parted = options('bam-parted', more);
    const stopped = trainTasks({
      ...parted,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'evaluation' && event.epoch === 2) setImmediate(() => stop.abort());
      },
    });
    await expect(stopped).rejects.toThrow('interruption');
    for (const [more, message] of [
      [{ sampling: 'uniform' }, 'another sampling'],
      [{ limitTrainBatches: { batches: 3 } }, 'another limitTrainBatches'],
      [{ madeUp: 1 } as object, 'another madeUp: wanted none'],
      [{ threads: 2 }, 'another threads: wanted 1'],
    ] as const) {
      await expect(trainTasks({ ...parted, ...more, resume: true })).rejects.toThrow(message);
    }
    const resumed = await trainTasks({ ...parted, resume: true });
    expect(resumed.weights).toEqual(whole.weights);
    const bytes = (folder: string) => readFileSync(join(scratch, folder, 'last.ckpt', 'model.safetensors'));
    expect(bytes('bam-parted').equals(bytes('bam-whole'))).toBe(true);
    expect(resumed.record.epochs.map(({ loss, losses, metrics }) => [loss, losses, metrics])).toEqual(
      whole.record.epochs.map(({ loss, losses, metrics }) => [loss, losses, metrics]),
    );
  });

  test('a tagger beside another task is scored token by token', async () => {
    // A word's tag is the word: nothing is easier.
    const tagNames = [...WORDS];
    const tagged = (name: string, size: number, seed: number) => {
      const texts = wordTable(name, size, { seed }).texts.map((text) => text.split(' '));
      return taggedDataset(
        texts.map((tags) => ({ words: tags, tags })),
        words,
        { name, tagNames, model: plain },
      );
    };
    const both = multiTask({
      encoder: bert({ ...sizes, hidden_dropout_prob: 0 }),
      tasks: { good: heads.good, tag: { head: 'tokens', num_labels: WORDS.length, labels: tagNames } },
    });
    const tag = { name: 'tag', data: { train: tagged('tag train', 60, 1), evaluation: tagged('tag dev', 20, 2) } };
    const { record } = await trainTasks(
      options('tags', { model: both, tasks: [tasks[0] as (typeof tasks)[number], tag], epochs: 4 }),
    );
    expect(record.warnings.map(({ name }) => name)).not.toContain('no-labels');
    // Chance is 1 in 9.
    expect(record.metrics['tag.accuracy']).toBeGreaterThan(0.9);
    expect(record.metrics['tag.loss']).toBeLessThan(0.5);
  });

  test('the gold scores and the teacher’s are scaled alike', async () => {
    const teacher = {
      name: 'constant',
      provides: ['logits'] as const,
      classes: 1,
      labelNames: [],
      contentHash: 'constant',
      answer: async () => ({
        signals: { logits: { dtype: 'float32' as const, shape: [1] } },
        batch: (_rows: ArrayLike<number>, paddedTo: number) => ({
          logits: { dtype: 'float32' as const, shape: [paddedTo, 1], data: new Float32Array(paddedTo).fill(1) },
        }),
      }),
    };
    const run = prepareTasks(
      options('scaled', {
        tasks: tasks.map((task) => (task.name === 'score' ? { ...task, teacher } : task)),
        method: bam(),
      }),
    );
    const { answers } = (await run.askTeachers?.()) ?? {};
    const first = 160 + 50;
    // By hand: (s + 3) / 8 for scores from -3 to 5.
    expect(answers?.batch([first], 1).logits?.data).toEqual(Float32Array.of(0.5));
    const [raw] = data.score.train.batch([0]).scores?.data ?? [];
    expect(run.options.data.train.batch([first]).scores?.data).toEqual(Float32Array.of(((raw as number) + 3) / 8));
    expect(answers?.batch([0], 1)).toEqual({});
  });

  test('texts without labels are labelled for all tasks by one request each, and learnt from', async () => {
    const { url, asked } = await mockServer((request) => {
      const { state } = request as unknown as { readonly state: string };
      const good = state.split(' ').filter((word) => word === 'good').length > 0 ? 0.9 : 0.1;
      const short = state.split(' ').length < 4 ? 0.8 : 0.2;
      const answer = (yes: number) => ({
        ...{ type: 'choice', choice: yes > 0.5 ? 'yes' : 'no' },
        probabilities: { yes, no: Math.round(10 * (1 - yes)) / 10 },
      });
      const usage = { input_tokens: 9, output_tokens: 1 };
      return { model: 'm', answers: { good: answer(good), short: answer(short) }, usage };
    });
    const teachers = decisionEndpointTeachers({
      ...{ url, format: 'systemone', model: 'm', log: join(scratch, 'replies.jsonl') },
      questions: { good: { labelNames: ['no', 'yes'] }, short: { labelNames: ['no', 'yes'] } },
    });
    const { texts } = wordTable('texts', 160, { seed: 3 });
    const train = textTable('texts', { texts });
    const dev = wordTable('good dev', 40, { seed: 2 });
    const told = Int32Array.from(dev.texts, (text) => Number(text.split(' ').includes('good')));
    const start = { model: plain, weights: initialiseParameters(plain.parameters, 1), tokenizer: words };
    const made = textTasks(
      start,
      Object.entries(teachers).map(([name, teacher]) => ({
        ...{ name, train, teacher },
        ...(name === 'good' && { dev: { ...dev, labels: told, labelNames: ['no', 'yes'] } }),
      })),
      { seed: 1 },
    );
    const { record } = await trainTasks(
      options('asked', { ...made, method: hinton(), epochs: 6, optimizer: adamw({ learningRate: 0.02 }) }),
    );
    expect(asked).toHaveLength(new Set(texts).size);
    expect(record.metrics['good.accuracy']).toBeGreaterThan(0.8);
    expect(() => textTasks(start, [{ name: 'good', train }], { seed: 1 })).toThrow(
      "task 'good': wanted rows with labels or scores, or a teacher that names its classes, got none of them",
    );
  });

  test('what does not fit is refused before any work', async () => {
    const refused = async (more: Partial<TasksOptions>, text: string) => {
      await expect(trainTasks(options('refused', more))).rejects.toThrow(text);
    };
    await refused({ tasks: tasks.slice(1) }, 'tasks: wanted those of the model, each once: good, pairs, score');
    await refused({ method: bam() }, "method 'bam': wanted a teacher for some of the tasks, got none");
    await refused(
      { method: patientKd() },
      "multi-task training with method 'pkd': wanted a method that learns from outputs per row",
    );
    const [good, ...others] = tasks as [(typeof tasks)[number], ...typeof tasks];
    await refused(
      { tasks: [{ ...good, metrics: ['loss'] as const }, ...others] },
      "metrics of task 'good': wanted a first metric for which higher is better, for the mean over tasks, got loss",
    );
    const wide = textTable('wide', { texts: ['a', 'b'], labels: [0, 2], labelNames: ['x', 'y', 'z'] });
    await refused(
      { tasks: [{ ...good, data: { train: read(wide) } }, ...others] },
      'wanted the labels negative, positive',
    );
  });
});
