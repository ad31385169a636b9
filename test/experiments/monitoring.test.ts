import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import { earlyStoppingOf, learnedRows } from '../../src/experiments/distillation/monitoring.js';
import { armTraining } from '../../src/experiments/distillation/student-training.js';
import { hinton } from '../../src/methods/hinton.js';
import { bilstm } from '../../src/models/bilstm.js';
import { adam } from '../../src/optim/adam.js';
import { NO_LABEL } from '../../src/tensor/no-label.js';
import { words, wordTable } from '../data/words.js';
import { student } from './small-student.js';

const recurrent = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
const read = (table: ReturnType<typeof textTable>) => textDataset(table, words, { model: recurrent });
const evaluation = read(wordTable('dev', 16, { seed: 2 }));
const earlyStopping = { metric: 'loss', mode: 'min', patience: 2 } as const;

/** Forty rows of one class, twenty of the other, and two without a label. */
const labels = Array.from({ length: 62 }, (_, row) => (row < 40 ? 0 : row < 60 ? 1 : NO_LABEL));
const train = read(
  textTable('train', {
    texts: labels.map((_, row) => `the film ${row}`),
    labels,
    labelNames: ['negative', 'positive'],
  }),
);
const pool = read(textTable('pool', { texts: [...labels.keys()].map((row) => `THE  film ${row}`) }));

describe('learnedRows', () => {
  test('a tenth of the labelled rows, each label in its share, is in no set that anybody learns from', async () => {
    const { rows } = await learnedRows({ train, evaluation, transfer: pool }, { earlyStopping });
    const table = rows.validation?.text?.table;
    // By hand: a tenth of 60 rows, two thirds of them of the first class.
    expect(Array.from(table?.labels ?? []).sort()).toEqual([0, 0, 0, 0, 1, 1]);
    expect(rows.train.size).toBe(56);
    const held = new Set(table?.texts);
    expect(rows.train.text?.table.texts.some((text) => held.has(text))).toBe(false);
    // 56 training rows, and the 56 of the pool that are like none of the six.
    const learnt = rows.transfer?.text?.table.texts.map((text) => text.toLowerCase().replaceAll(/\s+/g, ' ')) ?? [];
    expect([learnt.length, learnt.some((text) => held.has(text))]).toEqual([112, false]);
    expect(rows.evaluation).toBe(evaluation);
  });

  test('without early stopping there is none', async () => {
    const { rows } = await learnedRows({ train, evaluation }, {});
    expect(rows).toEqual({ train, evaluation });
  });
});

describe('earlyStoppingOf', () => {
  const run = { model: recurrent, train, metric: 'accuracy', isFitted: false } as const;
  const unlabelled = { ...run, train: pool };

  test('where nobody says how many epochs, that of the sort of model', () => {
    const usual = { metric: 'accuracy', mode: 'max', patience: 5 };
    expect(earlyStoppingOf({}, run)).toEqual(usual);
    expect(earlyStoppingOf({ epochs: 4 }, run)).toBeUndefined();
    expect(earlyStoppingOf({ epochs: 4, earlyStopping: 2 }, run)).toEqual({ ...usual, patience: 2 });
    expect(earlyStoppingOf({ earlyStopping: 0 }, run)).toBeUndefined();
    expect(earlyStoppingOf({ earlyStopping: 3, monitor: 'loss' }, run)).toMatchObject({ metric: 'loss', mode: 'min' });
    expect(earlyStoppingOf({}, { ...run, model: student.model })).toBeUndefined();
    expect(earlyStoppingOf({}, { ...run, isFitted: true })).toBeUndefined();
    expect(earlyStoppingOf({}, unlabelled)).toBeUndefined();
  });

  test('what it cannot do is said', () => {
    expect(() => earlyStoppingOf({ monitor: 'loss', epochs: 2 }, run)).toThrow(
      'monitor: wanted early stopping, whose epochs it ranks, got none; give early_stopping too, or leave it out',
    );
    expect(() => earlyStoppingOf({ earlyStopping: 2 }, unlabelled)).toThrow(
      'earlyStopping: wanted training rows with labels, on a tenth of which epochs are ranked, got none in pool; leave it out, and say how many epochs',
    );
  });
});

describe('armTraining', () => {
  test('an arm on the labelled rows alone has as many steps to get better in', async () => {
    const { rows } = await learnedRows({ train, evaluation, transfer: pool }, { earlyStopping });
    const options = {
      ...{ data: rows, method: hinton(), optimizer: adam({ learningRate: 0.01 }), epochs: 3, batchSize: 8 },
      earlyStopping,
    };
    const [taught, alone] = await Promise.all([
      armTraining({ name: 'hinton', learns: 'method', description: '' }, options),
      armTraining({ name: 'no-teacher', learns: 'no-teacher', description: '' }, options),
    ]);
    // By hand: 112 rows are 14 steps, 56 rows are 7: 42 steps in all, and two epochs of 14 are four of 7.
    expect([taught.training.epochs, taught.training.earlyStopping?.patience]).toEqual([3, 2]);
    expect([alone.training.epochs, alone.training.earlyStopping?.patience]).toEqual([6, 4]);
  });
});
