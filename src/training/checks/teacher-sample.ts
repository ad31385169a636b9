/** @file A teacher's answers to rows spread over some data, against their labels. */
import type { Dataset } from '../../data/dataset.js';
import type { Teacher, TeacherAnswers } from '../../teachers/teacher.js';
import { argmax } from '../../tensor/logits.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { bestAssignment } from './assignment.js';
import { sampledRows } from './sampled-rows.js';

/** Logits of sound models stay far below; beyond, a softmax is 0 or 1 and float32's exponential near its end. */
const LARGEST_LOGIT = 1000;
/** Standard errors that chance is given. */
const CHANCE_ERRORS = 2;
const ORDER_ERRORS = 3;
/** How many times more rows another order has to explain. */
const CLEARLY_MORE = 1.5;

export type TeacherSample = {
  readonly teacher: Teacher;
  readonly data: Dataset;
  /** The first answer that is none of a sound model. */
  readonly unusable: { readonly row: number; readonly logit: number } | undefined;
  /** [given, gold]: how many rows of each label (second) the teacher gives each class (first); without labels, or answers of use, none. */
  readonly counts: readonly (readonly number[])[];
  /** Where another order of the labels fits the answers clearly better than the data's, and better than chance. */
  readonly exchanges: readonly Exchange[];
};

/** Of classes that another order exchanges among themselves, and of them alone. */
export type Exchange = {
  /** Each class, and the label that it stands for. */
  readonly classes: readonly (readonly [given: number, label: number])[];
  readonly rows: number;
  readonly before: number;
  readonly after: number;
};

/**
 * Looks at the answers to rows spread over the data.
 * @param answers those to all rows of `data`
 * @returns undefined for answers without logits
 */
export function teacherSample(teacher: Teacher, answers: TeacherAnswers, data: Dataset): TeacherSample | undefined {
  const rows = sampledRows(data.size);
  const { logits, remainder } = answers.batch(rows, rows.length);
  if (!(logits?.data instanceof Float32Array)) return undefined;
  const { classes } = teacher;
  const at = logits.data.findIndex((value) => !(Math.abs(value) <= LARGEST_LOGIT));
  const unusable =
    at < 0 ? undefined : { row: rows[Math.floor(at / classes)] ?? 0, logit: logits.data[at] ?? Number.NaN };
  const labels = data.batch(rows).labels?.data;
  const isUndecided = unusable !== undefined || labels === undefined || classes === 1;
  const counts = isUndecided ? [] : answersByLabel(classes, logits.data, labels, remainder?.data);
  return { teacher, data, unusable, counts, exchanges: exchangesIn(counts) };
}

function answersByLabel(
  classes: number,
  logits: Float32Array,
  labels: ArrayLike<bigint | number>,
  remainder: ArrayLike<bigint | number> = [],
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < labels.length; row++) {
    const label = Number(labels[row]);
    const isHole = counts.every((_, c) => Number(remainder[row * classes + c] ?? 0) > 0);
    const given = counts[argmax(logits, row, classes)];
    if (label !== NO_LABEL && !isHole && given !== undefined) given[label] = (given[label] ?? 0) + 1;
  }
  return counts;
}

function exchangesIn(counts: TeacherSample['counts']): Exchange[] {
  const order = bestAssignment(counts);
  return cyclesOf(order).flatMap((cycle) => exchangeOf(cycle, order, counts) ?? []);
}

/** The cycles of a permutation, without classes that stay in place. */
function cyclesOf(order: readonly number[]): number[][] {
  const seen = new Set<number>();
  return order.flatMap((_, start) => {
    const cycle: number[] = [];
    for (let at = start; !seen.has(at); at = order[at] ?? start) {
      seen.add(at);
      cycle.push(at);
    }
    return cycle.length > 1 ? [cycle] : [];
  });
}

/** Undefined where luck, a weak teacher or one that always names the same class explains it too. */
function exchangeOf(
  classes: readonly number[],
  order: readonly number[],
  counts: readonly (readonly number[])[],
): Exchange | undefined {
  const gold = classes.map((label) => counts.reduce((sum, row) => sum + (row[label] ?? 0), 0));
  const rows = gold.reduce((sum, count) => sum + count, 0);
  const before = classes.reduce((sum, given) => sum + (counts[given]?.[given] ?? 0), 0);
  const after = classes.reduce((sum, given) => sum + (counts[given]?.[order[given] ?? given] ?? 0), 0);
  const isNoLuck = after - before > ORDER_ERRORS * Math.sqrt(after + before) && after >= CLEARLY_MORE * before;
  return isNoLuck && after > chanceOf(gold)
    ? { classes: classes.map((given) => [given, order[given] ?? given] as const), rows, before, after }
    : undefined;
}

/** Rows that a teacher has to be right on to beat predicting the most frequent class, luck left aside. */
export function chanceOf(gold: readonly number[]): number {
  const rows = gold.reduce((sum, count) => sum + count, 0);
  const commonest = Math.max(...gold) / rows;
  return rows * commonest + CHANCE_ERRORS * Math.sqrt(rows * commonest * (1 - commonest));
}
