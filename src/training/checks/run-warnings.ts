/** @file What is wrong with a run before its first step, as far as data, model and teacher tell. */
import type { Dataset } from '../../data/dataset.js';
import { rowsByText } from '../../data/rows-by-text.js';
import type { TextTable } from '../../data/text-table.js';
import type { Model } from '../../models/model.js';
import type { Teacher, TeacherAnswers } from '../../teachers/teacher.js';
import type { Subjects } from './check.js';
import { expectKnownTokens } from './known-tokens.js';
import { findWarnings, type Warning } from './table.js';
import { teacherSample } from './teacher-sample.js';

export type CheckedData = Omit<Subjects['run'], 'train' | 'evaluation'> & {
  readonly data: {
    readonly train: Dataset;
    readonly evaluation?: Dataset | undefined;
    readonly test?: Dataset | undefined;
  };
  readonly model: Model;
};

/**
 * All that can be told without a teacher. 0.2 s for 70,000 sentences.
 * @throws as `expectKnownTokens` does.
 */
export function runWarnings({ data, model, ...run }: CheckedData): Warning[] {
  const { train, evaluation, test } = data;
  const table = train.text?.table;
  expectKnownTokens(train, model);
  return findWarnings({
    ...(table && { texts: textsOf(table, evaluation?.text?.table, test?.text?.table) }),
    rows: { train, evaluation },
    run: { train, evaluation, ...run },
  });
}

/** What texts and their labels tell without a tokenizer. */
export function textWarnings(train: TextTable, evaluation?: TextTable, test?: TextTable): Warning[] {
  return findWarnings({ texts: textsOf(train, evaluation, test) });
}

function textsOf(train: TextTable, evaluation?: TextTable, test?: TextTable): Subjects['texts'] {
  return { train, evaluation, test, seen: rowsByText(train) };
}

/**
 * What a teacher's answers to rows spread over the data say of it. Undecided where nothing is labelled, or all rows have
 * one label.
 * @param answers those to all rows of `data`, with `logits`.
 */
export function teacherWarnings(teacher: Teacher, answers: TeacherAnswers, data: Dataset): Warning[] {
  const sample = teacherSample(teacher, answers, data);
  return sample === undefined ? [] : findWarnings({ answers: sample });
}
