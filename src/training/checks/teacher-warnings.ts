/** @file What a teacher's answers to labelled rows say of it: another order of labels, no better than chance, no logits. */
import type { Dataset } from '../../data/dataset.js';
import type { Teacher, TeacherAnswers } from '../../teachers/teacher.js';
import { argmax } from '../../tensor/logits.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { bestAssignment } from './assignment.js';
import { sampledRows } from './sampled-rows.js';
import { shownPercent, type Warning } from './warning.js';

/** Logits of sound models stay far below; beyond, a softmax is 0 or 1 and float32's exponential near its end. */
const LARGEST_LOGIT = 1000;
/** Standard errors that chance is given. */
const CHANCE_ERRORS = 2;
const ORDER_ERRORS = 3;
/** How many times more rows another order has to explain. */
const CLEARLY_MORE = 1.5;
const SHOWN_CLASSES = 6;

/**
 * Looks at the answers to rows spread over the data. Undecided where nothing is labelled, or all rows have one label.
 * @param answers those to all rows of `data`, with `logits`.
 */
export function teacherWarnings(teacher: Teacher, answers: TeacherAnswers, data: Dataset): Warning[] {
  const rows = sampledRows(data.size);
  const given = answers.batch(rows, rows.length);
  const logits = given.logits?.data;
  if (!(logits instanceof Float32Array)) return [];
  const unusable = unusableLogits(teacher, logits, rows, data);
  const labels = data.batch(rows).labels?.data;
  if (unusable.length > 0 || labels === undefined || teacher.classes === 1) return unusable;
  const counts = answersByLabel(teacher.classes, logits, labels, given.remainder?.data);
  const order = labelOrder(teacher, counts, data);
  return order.length > 0 ? order : atChance(teacher, counts, data);
}

function unusableLogits({ name, classes }: Teacher, logits: Float32Array, rows: Uint32Array, data: Dataset): Warning[] {
  const at = logits.findIndex((value) => !(Math.abs(value) <= LARGEST_LOGIT));
  if (at < 0) return [];
  const row = rows[Math.floor(at / classes)] ?? 0;
  const { ids } = data.batch([row]);
  return [
    {
      name: 'teacher-logits',
      text: `teacher ${name} answers row ${ids[0]} of ${data.name} with ${logits[at]}, where logits are finite and rarely beyond ±30`,
      fix: 'check its weights (retort doctor) and, if its answers are recorded, the file',
    },
  ];
}

/** [given, gold]: how many rows of each label (second) the teacher gives each class (first); nothing of holes. */
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

/** Of classes that another order exchanges among themselves, and of them alone. */
type Exchange = {
  readonly classes: readonly number[];
  readonly rows: number;
  readonly before: number;
  readonly after: number;
};

/** Another order of the labels that fits the answers clearly better than the data's, and better than chance. */
function labelOrder(teacher: Teacher, counts: readonly (readonly number[])[], data: Dataset): Warning[] {
  const order = bestAssignment(counts);
  const exchanges = cyclesOf(order)
    .map((classes) => exchangeOf(classes, order, counts))
    .filter((exchange): exchange is Exchange => exchange !== undefined);
  if (exchanges.length === 0) return [];
  const moved = exchanges.flatMap(({ classes }) => classes);
  const sum = (of: (exchange: Exchange) => number) => exchanges.reduce((total, exchange) => total + of(exchange), 0);
  const rows = sum((exchange) => exchange.rows);
  const called = (place: number) => `'${data.labelNames[place] ?? place}'`;
  const pairs = moved
    .slice(0, SHOWN_CLASSES)
    .map((given) => `${called(given)} answers the data's ${called(order[given] ?? given)}`);
  const more = moved.length > SHOWN_CLASSES ? `, and so on for ${moved.length} classes` : '';
  return [
    {
      name: 'label-order',
      text:
        `teacher ${teacher.name} has the labels of ${data.name} in another order: its ${pairs.join(', its ')}${more}. So read it is right on ` +
        `${shownPercent(sum(({ after }) => after) / rows)} of ${rows} rows of these labels, else on ${shownPercent(sum(({ before }) => before) / rows)}`,
      fix:
        `give the teacher's classes their right names (id2label of its config.json: ` +
        `${moved
          .slice(0, SHOWN_CLASSES)
          .map((given) => `${given} is ${called(order[given] ?? given)}`)
          .join(', ')}), or mend the labels of the data`,
    },
  ];
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
  return isNoLuck && after > chanceOf(gold, rows) ? { classes, rows, before, after } : undefined;
}

/** Rows that a teacher has to be right on to beat naming the commonest class, luck left aside. */
function chanceOf(gold: readonly number[], rows: number): number {
  const commonest = Math.max(...gold) / rows;
  return rows * commonest + CHANCE_ERRORS * Math.sqrt(rows * commonest * (1 - commonest));
}

/** The wrong checkpoint, another preprocessing. */
function atChance({ name }: Teacher, counts: readonly (readonly number[])[], data: Dataset): Warning[] {
  const gold = counts.map((_, label) => counts.reduce((sum, row) => sum + (row[label] ?? 0), 0));
  const rows = gold.reduce((sum, count) => sum + count, 0);
  const right = counts.reduce((sum, row, given) => sum + (row[given] ?? 0), 0);
  const most = Math.max(...gold);
  if (rows === 0 || most === rows || right > chanceOf(gold, rows)) return [];
  return [
    {
      name: 'teacher-at-chance',
      text:
        `teacher ${name} is right on ${shownPercent(right / rows)} of ${rows} rows of ${data.name}, no better than always ` +
        `naming the commonest class (${shownPercent(most / rows)})`,
      fix: 'check that it is the right checkpoint for this data, trained to its end',
    },
  ];
}
