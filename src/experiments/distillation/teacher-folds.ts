/** @file Which fold each training row is in, where a teacher is cross-fitted: trained on the other folds, asked about this one. */

import { rowsByText } from '../../data/rows-by-text.js';
import type { TextTable } from '../../data/text-table.js';
import { OptionError } from '../../errors/failures.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { fitNgrams } from '../../tokenizers/fit-ngrams.js';
import { dealtParts, foldOf } from '../../training/linear/folds.js';

export type TeacherFolds = {
  readonly count: number;
  /** [N]: the fold of each training row, from 0. */
  readonly ofRow: Uint8Array;
  /** The fold of a text, or pair, of any table; undefined of one that is no training row, whatever the case and the blanks. */
  readonly ofText: (table: TextTable, row: number) => number | undefined;
  /** The rows that the model of a fold is trained on, ascending. */
  readonly rest: (fold: number) => Uint32Array;
};

/** Rows are dealt alike in every experiment on the same ones. */
const SEED = 1;
/** They show where a text is from; a mark is a word. */
const WORDS = { words: [1, 2], chars: null } as const;

/**
 * Deals the training rows to folds in the shares of the labels. Texts that are equal but for case and blanks share one, and,
 * as far as a rare word or pair of words shows it, a phrase and the sentence that it was cut from.
 * @throws OptionError for fewer distinct texts than folds.
 */
export function teacherFolds(train: TextTable, count: number): TeacherFolds {
  const { texts, pairs, size } = train;
  const rows = fitNgrams(texts, pairs, WORDS).rows(texts, pairs);
  const classes = train.labels ?? new Int32Array(size).fill(NO_LABEL);
  const { partOf: ofRow, groups } = dealtParts(rows, classes, { parts: count, seed: SEED });
  if (groups < count) {
    throw new OptionError({
      where: 'teacherFolds',
      wanted: `at most ${groups} folds, the distinct texts of ${train.name}`,
      got: String(count),
    });
  }
  const { firstLike } = rowsByText(train);
  return {
    count,
    ofRow,
    ofText: (table, row) => {
      const first = firstLike(table, row);
      return first === undefined ? undefined : ofRow[first];
    },
    rest: (fold) => foldOf(ofRow, fold).rest,
  };
}
