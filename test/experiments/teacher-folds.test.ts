import { describe, expect, test } from 'vitest';
import { textTable } from '../../src/data/text-table.js';
import { teacherFolds } from '../../src/experiments/distillation/teacher-folds.js';
import { wordTable } from '../data/words.js';

const FOLDS = 5;

/** Sentences of words of their own, each followed by itself in other case and blanks, and by a phrase of it. */
function nested(sentences: number) {
  const texts = Array.from({ length: sentences }, (_, i) => [
    `the start${i} of a long film${i} that ends${i}`,
    ` The  START${i}\tof a long FILM${i} that ends${i} `,
    `long film${i}`,
  ]).flat();
  const labels = texts.map((_, row) => (row % 30 < 9 ? 1 : 0));
  return textTable('nested', { texts, labels, labelNames: ['no', 'yes'] });
}

describe('teacherFolds', () => {
  test('texts that are equal but for case and blanks share a fold, and a phrase has that of its sentence', () => {
    const train = nested(100);
    const { ofRow } = teacherFolds(train, FOLDS);
    for (let row = 0; row < train.size; row += 3) {
      expect([ofRow[row + 1], ofRow[row + 2]], String(row)).toEqual([ofRow[row], ofRow[row]]);
    }
  });

  test('each fold has its share of each label, and is what the others are not trained on', () => {
    const train = nested(100);
    const folds = teacherFolds(train, FOLDS);
    for (let fold = 0; fold < FOLDS; fold++) {
      const rest = folds.rest(fold);
      const own = Array.from(folds.ofRow.keys()).filter((row) => folds.ofRow[row] === fold);
      expect([...rest, ...own].sort((a, b) => a - b)).toEqual(Array.from(folds.ofRow.keys()));
      // By hand: 100 groups of 3 rows, 30 of them of label 1, on 5 folds.
      expect(own).toHaveLength(60);
      expect(own.filter((row) => train.labels?.[row] === 1)).toHaveLength(18);
    }
  });

  test('a text of another table has the fold of the training text like it, and a new one none', () => {
    const train = nested(20);
    const { ofText, ofRow } = teacherFolds(train, FOLDS);
    const other = textTable('pool', { texts: ['nobody has seen this', 'LONG   film7'] });
    expect([ofText(other, 0), ofText(other, 1)]).toEqual([undefined, ofRow[7 * 3 + 2]]);
  });

  test('is dealt alike each time, whatever the texts repeat', () => {
    const train = wordTable('train', 300, { pairs: true });
    expect(teacherFolds(train, 3).ofRow).toEqual(teacherFolds(train, 3).ofRow);
    expect(new Set(teacherFolds(train, 3).ofRow)).toEqual(new Set([0, 1, 2]));
  });

  test('refuses more folds than distinct texts', () => {
    const train = textTable('few', {
      texts: ['good', 'Good ', 'bad', 'film'],
      labels: [1, 1, 0, 0],
      labelNames: ['n', 'y'],
    });
    expect(teacherFolds(train, 3).ofRow).toHaveLength(4);
    expect(() => teacherFolds(train, 4)).toThrow(
      'teacherFolds: wanted at most 3 folds, the distinct texts of few, got 4',
    );
  });
});
