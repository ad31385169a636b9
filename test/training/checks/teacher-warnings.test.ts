import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import type { Teacher, TeacherAnswers } from '../../../src/teachers/teacher.js';
import { fromNumbers } from '../../../src/tensor/tensor.js';
import { teacherWarnings } from '../../../src/training/checks/run-warnings.js';
import { blobs } from '../blobs.js';

const data = blobs('train', 300);
const teacherOf = (classes: number): Teacher => ({
  name: 'old.ckpt',
  provides: ['logits'],
  classes,
  labelNames: [],
  contentHash: '',
  answer: () => Promise.reject(new Error('not asked for')),
});

/** Rows with these labels, -100 for none. */
const labelled = (labels: readonly number[], labelNames: readonly string[]): Dataset => ({
  name: 'reviews',
  size: labels.length,
  labelNames,
  batch: (rows) => ({
    inputs: {},
    ids: Array.from(rows, (row) => row + 1),
    weights: new Float32Array(rows.length).fill(1),
    labels: fromNumbers(
      'int64',
      [rows.length],
      Array.from(rows, (row) => labels[row] ?? 0),
    ),
  }),
});

/** A teacher that says `says(label)` for each row. */
const answersOf = (
  set: Dataset,
  classes: number,
  says: (label: number, row: number) => number,
  sure = 1,
): TeacherAnswers => ({
  signals: { logits: { dtype: 'float32', shape: [classes] } },
  batch: (rows, paddedTo) => {
    const { labels } = set.batch(rows, paddedTo);
    const logits = Array.from(labels?.data ?? [], (label, i) =>
      Array.from({ length: classes }, (_, c) => (c === says(Number(label), rows[i] ?? 0) ? sure : 0)),
    ).flat();
    return { logits: fromNumbers('float32', [paddedTo, classes], logits) };
  },
});
const found = (says: (label: number, row: number) => number, set = data, classes = 3) =>
  teacherWarnings(teacherOf(classes), answersOf(set, classes, says), set);
const names = (...args: Parameters<typeof found>) => found(...args).map(({ name }) => name);

describe('teacherWarnings > label-order', () => {
  test('names the permutation, how far it goes, and how to set it right', () => {
    const [warning, ...more] = found((label) => (label + 1) % 3);
    expect(more).toEqual([]);
    expect(warning).toEqual({
      name: 'label-order',
      text:
        "teacher old.ckpt has the labels of train in another order: its 'a' predicts the data's 'c', its 'c' predicts the " +
        "data's 'b', its 'b' predicts the data's 'a'. Reordered, it is right on 100.0 % of 300 rows of these labels, otherwise on 0.0 %",
      fix:
        "give the teacher's classes their right names (id2label of its config.json: 0 is 'c', 2 is 'b', 1 is 'a'), or " +
        'correct the labels of the data',
    });
  });

  test('two classes exchanged by a teacher that errs on every fifth row', () => {
    const set = labelled(
      Array.from({ length: 500 }, (_, row) => row % 2),
      ['negative', 'positive'],
    );
    const [warning] = found((label, row) => (row % 5 === 0 ? label : 1 - label), set, 2);
    expect(warning?.text).toContain("its 'negative' predicts the data's 'positive', its 'positive' predicts");
    // witness: 4 of 5 rows
    expect(warning?.text).toContain('right on 80.0 % of 500 rows of these labels, otherwise on 20.0 %');
  });

  test('of 150 classes only the two that are exchanged are named', () => {
    const set = labelled(
      Array.from({ length: 3000 }, (_, row) => row % 150),
      Array.from({ length: 150 }, (_, c) => `intent ${c}`),
    );
    const swapped = new Map([
      [7, 90],
      [90, 7],
    ]);
    // Other classes are missed on every third row.
    const says = (label: number, row: number) =>
      swapped.get(label) ?? (Math.floor(row / 150) % 3 === 0 ? (label + 1) % 150 : label);
    const [warning, ...more] = found(says, set, 150);
    expect(more).toEqual([]);
    expect(warning?.text).toContain("its 'intent 7' predicts the data's 'intent 90', its 'intent 90'");
    expect(warning?.text).toMatch(/predicts the data's 'intent 7'\. Reordered, it is right on 100\.0 % of 40 rows/);
  });

  test('is not said of a good teacher, of one that is often wrong, or of one that prefers a neighbour on few rows', () => {
    expect(names((label) => label)).toEqual([]);
    expect(names((label, row) => (row % 4 === 0 ? (label + 1) % 3 : label))).toEqual([]);
    const few = labelled([0, 0, 0, 1, 1, 1, 2, 2, 2], ['a', 'b', 'c']);
    expect(names((label, row) => (label === 2 && row < 8 ? 1 : label), few)).toEqual([]);
  });

  test('is not said of a teacher that always names the rare class: that one is at chance', () => {
    const spam = labelled(
      Array.from({ length: 400 }, (_, row) => (row % 8 === 0 ? 1 : 0)),
      ['ham', 'spam'],
    );
    expect(names(() => 1, spam, 2)).toEqual(['teacher-at-chance']);
  });
});

describe('teacherWarnings > teacher-at-chance', () => {
  test('of one that always says the same, whatever that is', () => {
    for (const c of [0, 1, 2]) expect(names(() => c)).toEqual(['teacher-at-chance']);
    const [warning] = found(() => 0);
    expect(warning?.text).toMatch(
      /^teacher old.ckpt is right on \d+\.\d % of 300 rows of train, no better than always predicting the most frequent class/,
    );
  });

  test('is not said where nothing is labelled, or all rows have one label', () => {
    expect(names(() => 1, labelled(new Array<number>(50).fill(0), ['a', 'b', 'c']))).toEqual([]);
    expect(names(() => 1, labelled(new Array<number>(50).fill(-100), ['a', 'b', 'c']))).toEqual([]);
  });

  test('rows are taken from all of a set that is sorted by label', () => {
    // The first 2,000 rows, which are as many as are looked at, have one label.
    const sorted = labelled(
      Array.from({ length: 6000 }, (_, row) => Math.floor(row / 3000)),
      ['a', 'b'],
    );
    expect(names(() => 0, sorted, 2)).toEqual(['teacher-at-chance']);
  });
});

describe('teacherWarnings > teacher-logits', () => {
  const withLogit = (value: number): TeacherAnswers => ({
    signals: { logits: { dtype: 'float32', shape: [3] } },
    batch: (rows, paddedTo) => {
      const logits = answersOf(data, 3, (label) => label, 25).batch(rows, paddedTo).logits;
      const at = Array.from(rows).indexOf(120);
      if (logits !== undefined) logits.data[3 * at + 1] = value;
      return { ...(logits && { logits }) };
    },
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1e30])('names the row whose logits hold %d', (value) => {
    const warnings = teacherWarnings(teacherOf(3), withLogit(value), data);
    expect(warnings.map(({ name }) => name)).toEqual(['teacher-logits']);
    expect(warnings[0]?.text).toContain('gives row 120 of train the logit');
  });

  test('is not said of a teacher that is very sure', () => {
    expect(teacherWarnings(teacherOf(3), withLogit(-90), data)).toEqual([]);
  });
});
