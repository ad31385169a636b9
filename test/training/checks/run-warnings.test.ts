import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { type TextTable, textTable } from '../../../src/data/text-table.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { mlp } from '../../../src/models/mlp.js';
import { runWarnings, textWarnings } from '../../../src/training/checks/run-warnings.js';
import { findWarnings } from '../../../src/training/checks/table.js';
import { words } from '../../data/words.js';
import { blobs } from '../blobs.js';

const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
const read = (table: TextTable) => textDataset(table, words, { model });
/** Texts that differ: numbers written in two words. */
const texts = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) =>
    (from + i).toString(2).replaceAll('0', 'good ').replaceAll('1', 'bad ').trim(),
  );
const table = (name: string, labels: readonly number[], labelNames: readonly string[], from = 0) =>
  textTable(name, { texts: texts(labels.length, from), labels, labelNames });
const halves = (size: number) => Array.from({ length: size }, (_, row) => row % 2);

const train = table('train', halves(100), ['a', 'b']);
const dev = table('dev', halves(40), ['a', 'b'], 100);
const names = (one: TextTable, other: TextTable | undefined, change: object = {}) =>
  runWarnings({
    data: { train: read(one), evaluation: other && read(other) },
    model,
    metrics: ['accuracy'],
    startsAtRandom: false,
    ...change,
  }).map(({ name }) => name);

describe('runWarnings', () => {
  test('says nothing of a sound run, of images, or without an evaluation', () => {
    expect(names(train, dev)).toEqual([]);
    expect(names(train, undefined)).toEqual([]);
    const images = { train: blobs('train', 30), evaluation: blobs('dev', 30) };
    expect(
      runWarnings({
        data: images,
        model: mlp({ inputs: 12, classes: 3 }),
        metrics: ['accuracy'],
        startsAtRandom: true,
      }),
    ).toEqual([]);
  });

  test('random-start: an untrained model on fewer than 5,000 texts', () => {
    expect(names(train, dev, { startsAtRandom: true })).toEqual(['random-start']);
    expect(names(table('train', halves(5000), ['a', 'b'], 1000), dev, { startsAtRandom: true })).toEqual([]);
  });

  test('class-imbalance: accuracy on rows of which more than nine in ten have one label', () => {
    const lopsided = (others: number) =>
      table('dev', [...new Array<number>(40 - others).fill(0), ...new Array<number>(others).fill(1)], ['a', 'b'], 100);
    expect(names(train, lopsided(3))).toEqual(['class-imbalance']);
    expect(names(train, lopsided(4))).toEqual([]);
    expect(names(train, lopsided(3), { metrics: ['macro_f1', 'accuracy'] })).toEqual([]);
    expect(names(train, lopsided(3), { metrics: ['loss'] })).toEqual([]);
    expect(names(train, lopsided(3), { judged: 'balanced_accuracy' })).toEqual([]);
  });

  test('no-labels: an evaluation of rows without labels, texts or not', () => {
    expect(names(train, table('dev', new Array<number>(40).fill(-100), ['a', 'b'], 100))).toEqual(['no-labels']);
    expect(names(train, textTable('dev', { texts: texts(40, 100) }))).toEqual(['no-labels']);
    const images = { train: blobs('train', 30), evaluation: blobs('dev', 30, { isLabelled: false }) };
    expect(
      runWarnings({
        data: images,
        model: mlp({ inputs: 12, classes: 3 }),
        metrics: ['accuracy'],
        startsAtRandom: true,
      }),
    ).toEqual([
      {
        name: 'no-labels',
        text: 'accuracy of dev cannot be computed: none of its 30 rows has a label or score',
        fix: 'evaluate on labelled rows, or switch the evaluation off',
      },
    ]);
  });

  test('no-labels is not said of scores, nor if a single row has a label', () => {
    const scored = textTable('dev', { texts: texts(40, 100), scores: halves(40) });
    expect(names(train, scored, { metrics: ['pearson'] })).toEqual([]);
    const one = table('dev', [0, ...new Array<number>(39).fill(-100)], ['a', 'b'], 100);
    expect(names(train, one)).toEqual([]);
  });

  test('unseen-labels: a label of the evaluation that no training row has', () => {
    const three = ['a', 'b', 'c'];
    const asked = table('dev', [0, 1, 2, 2], three, 100);
    const [warning] = runWarnings({
      data: { train: read(table('train', halves(100), three)), evaluation: read(asked) },
      model,
      metrics: ['accuracy'],
      startsAtRandom: false,
    });
    expect(warning?.name).toBe('unseen-labels');
    expect(warning?.text).toBe("2 of the 4 rows of dev are labelled 'c', which no row of train is");
    expect(names(table('train', [0, 1, 2, 2, 1, 0], three), asked)).toEqual([]);
  });

  test('label-spelling: labels that differ in case or spaces alone', () => {
    const spelt = (name: string) => ['POS', 'neg', name];
    const [warning, ...others] = textWarnings(table('train', [0, 0, 1, 1, 2, 2], spelt(' pos')), undefined);
    expect([warning?.name, others]).toEqual(['label-spelling', []]);
    expect(warning?.text).toBe("'POS', ' pos' are 2 labels of train, and differ in case or spaces alone");
    expect(names(table('train', [0, 0, 1, 1, 2, 2], spelt('positive')), undefined)).toEqual([]);
  });

  test('rare-labels: labels with one training row', () => {
    const three = ['a', 'b', 'c'];
    expect(names(table('train', [0, 0, 1, 1, 2], three), undefined)).toEqual(['rare-labels']);
    expect(names(table('train', [0, 0, 1, 1, 2, 2], three), undefined)).toEqual([]);
  });

  test('vocabulary: more ids than the model has word embeddings, and texts of unknown words', () => {
    const small = bilstm({ vocab_size: 8, embedding_size: 4, hidden_size: 3, dense_size: 4 });
    expect(() => names(train, dev, { model: small })).toThrow(
      `the tokenizer of train: wanted a tokenizer of at most 8 ids, as the model has word embeddings for, got one of ${words.vocabularySize}: the id of `,
    );
    // witness: 18 words and 4 of second texts; 2 of 22, then 1
    const strange = (unknown: number) =>
      textTable('train', {
        texts: ['good bad film plot end', 'bad bad film plot end', 'the bad film plot end', 'a film plot'],
        labels: [0, 1, 0, 1],
        labelNames: ['a', 'b'],
        pairs: [unknown > 0 ? 'wort' : 'the', unknown > 1 ? 'mot' : 'the', 'very', 'very'],
      });
    const pairs = bilstm({
      vocab_size: words.vocabularySize,
      embedding_size: 4,
      hidden_size: 3,
      dense_size: 4,
      is_pair: true,
    });
    const of = (unknown: number) =>
      runWarnings({
        data: { train: textDataset(strange(unknown), words, { model: pairs }) },
        model: pairs,
        metrics: ['accuracy'],
        startsAtRandom: false,
      }).map(({ name, text }) => `${name}: ${text}`);
    expect(of(2)).toEqual(['vocabulary: 9.1 % of the tokens of train are unknown to the tokenizer']);
    expect(of(1)).toEqual([]);
  });
});

describe('one-class', () => {
  const seen = (counts: { readonly given: number[]; readonly gold: number[] }) =>
    findWarnings({ epoch: { ...counts, epoch: 2, data: 'dev', labelNames: ['ham', 'spam'] } });

  test('a student that answers all rows alike', () => {
    expect(seen({ given: [100, 0], gold: [87, 13] })).toEqual([
      {
        name: 'one-class',
        text: "after epoch 2 the student predicts 'ham' for all rows of dev, of which 87.0 % are",
        fix: 'train longer, or with a lower learning rate (higher for a new BiLSTM); look at the loss: it should fall',
      },
    ]);
  });

  test('is not said of two answers, nor where nearly all rows are so, nor without labels', () => {
    expect(seen({ given: [99, 1], gold: [87, 13] })).toEqual([]);
    expect(seen({ given: [100, 0], gold: [96, 4] })).toEqual([]);
    expect(seen({ given: [100, 0], gold: [0, 0] })).toEqual([]);
  });
});

/** What is known at a run's end: accuracies after its epochs on so many rows, and how often each class was given. */
const ended = (accuracies: readonly number[], rows: number, counts = { given: [50, 50], gold: [50, 50] }) =>
  findWarnings({
    end: {
      ...{
        counts,
        rows,
        epoch: accuracies.length,
        data: 'dev',
        labelNames: ['joy', 'anger', 'optimism', 'sadness'],
      },
      metrics: accuracies.map((accuracy) => ({ accuracy, loss: 1 })),
    },
  });

describe('still-falling', () => {
  test('a run whose last epoch is the best by more than two standard errors', () => {
    // By hand: √((0.6 · 0.4 + 0.5 · 0.5) / 400) is 0.0350, and 10 points are more than two of it.
    expect(ended([0.4, 0.5, 0.6], 400)).toEqual([
      {
        name: 'still-falling',
        text: 'the last epoch, 3, is the best on dev: its accuracy of 60.0 % is 10.0 points above that of any before it, and two standard errors are 7.0',
        fix: 'train longer: the run ended while it still improved',
      },
    ]);
  });

  test('is not said within chance, of a run that was better before, of one epoch, nor without accuracies', () => {
    expect(ended([0.4, 0.54, 0.6], 400)).toEqual([]);
    // The same ten points on a tenth of the rows.
    expect(ended([0.4, 0.5, 0.6], 40)).toEqual([]);
    expect(ended([0.7, 0.5, 0.6], 400)).toEqual([]);
    expect(ended([0.6], 400)).toEqual([]);
    expect(ended([1, 1], 400)).toEqual([]);
    const end = { counts: { given: [1, 1], gold: [1, 1] }, rows: 400, epoch: 2, data: 'dev', labelNames: [] };
    expect(findWarnings({ end: { ...end, metrics: [{ matthews: 0 }, { matthews: 0.9 }] } })).toEqual([]);
  });
});

describe('still-falling of a regression', () => {
  const scored = (correlations: readonly number[], rows: number) =>
    findWarnings({
      end: {
        ...{ rows, epoch: correlations.length, data: 'dev', labelNames: [] },
        metrics: correlations.map((pearson) => ({ pearson, spearman: 0, loss: 1 })),
      },
    });

  test('a run whose last correlation is the best by more than two standard errors', () => {
    // By hand: artanh 0.6 is ln 2, artanh 0.5 is ln 3 / 2; (0.6931 − 0.5493) / √(2 / 397) is 2.03.
    expect(scored([0.4, 0.5, 0.6], 400)).toEqual([
      {
        name: 'still-falling',
        text: "the last epoch, 3, is the best on dev: its Pearson correlation of 0.600 is above that of any before it, at most 0.500, by 2.0 standard errors (of Fisher's z)",
        fix: 'train longer: the run ended while it still improved',
      },
    ]);
  });

  test('is not said within chance, of a run that was better before, of one epoch, nor without a correlation', () => {
    // On 380 rows it is 1.97.
    for (const [correlations, rows] of [
      [[0.4, 0.5, 0.6], 380],
      [[0.7, 0.5, 0.6], 400],
      [[0.6], 400],
      [[1, 1], 400],
      [[Number.NaN, 0.6], 400],
      [[0.1, 0.9], 3],
      [[0.1, 0.9], 2],
    ] as const) {
      expect(scored(correlations, rows)).toEqual([]);
    }
  });
});

describe('classes-missing', () => {
  const said = (given: number[], gold: number[]) => ended([0.5], 100, { given, gold });

  test('a trained student that never predicts some classes names them, with their share of the rows', () => {
    expect(said([60, 40, 0, 0], [50, 30, 10, 10])).toEqual([
      {
        name: 'classes-missing',
        text: "the trained student never predicts 'optimism', 'sadness', the label of 20.0 % of the rows of dev",
        fix: 'train longer, or with another learning rate; add rows of these classes, and judge by macro_f1',
      },
    ]);
  });

  test('is not said of classes with few rows or none, nor of a student that predicts one class alone', () => {
    expect(said([60, 40, 0, 0], [50, 46, 4, 0])).toEqual([]);
    expect(said([60, 20, 19, 1], [50, 30, 10, 10])).toEqual([]);
    expect(said([100, 0, 0, 0], [50, 30, 10, 10])).toEqual([]);
  });
});

// Silent on what is well trained: the runs of these recipes have kept their accuracy after each epoch.
describe('still-falling on the committed results', () => {
  const RECIPES = [
    'banking77-bilstm',
    'sst2-bert3-full',
    'sst2-bert3-pool',
    'sst2-bert3',
    'sst2-bilstm-full',
    'sst2-bilstm',
    'trec-bilstm',
  ];
  test.each(RECIPES)('%s', (name) => {
    const path = new URL(`../../../results/${name}.jsonl`, import.meta.url);
    const runs = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).result)
      .filter((result) => result?.curve !== undefined);
    expect(runs.length).toBeGreaterThan(0);
    for (const { curve, right } of runs) {
      const accuracies = curve.map(({ metrics }: { metrics: { accuracy: number } }) => metrics.accuracy);
      expect(ended(accuracies, right.rows)).toEqual([]);
    }
  });

  test('but not on two epochs of MiniLM from random weights, of which the second is far above the first', () => {
    const path = new URL('../../../results/text-methods/minilm.jsonl', import.meta.url);
    const [first] = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).result)
      .filter((result) => result?.curve !== undefined);
    const accuracies = first.curve.map(({ metrics }: { metrics: { accuracy: number } }) => metrics.accuracy);
    expect(ended(accuracies, first.right.rows).map(({ name }) => name)).toEqual(['still-falling']);
  });
});
