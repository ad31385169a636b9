/** @file The control that keeps what a teacher says of a class and takes away what it says of a row. */
import type { Dataset } from '../data/dataset.js';
import { targetsOf } from '../data/targets.js';
import { SignalError } from '../errors/failures.js';
import { argmax } from '../tensor/logits.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { RandomStream } from '../tensor/random.js';
import { logitsOf } from './answers.js';
import type { Teacher } from './teacher.js';

/**
 * A teacher that answers for each row of `data` as `teacher` does for another row of the same class. Each class is
 * shuffled into one ring by `seed`, and a row gets the answers of the next in it: no row gets its own, unless it is the
 * only one of its class, and every answer is given once. The class is the label; rows without one (-100) are shuffled by
 * the class that the teacher predicts. Of a regression the fifths of the scores stand for classes, the teacher's score
 * for a row that has none.
 * @throws SignalError if rows without a label need predictions and the teacher gives no logits.
 */
export async function shuffledTeacher(teacher: Teacher, data: Dataset, seed: number): Promise<Teacher> {
  const classes = await (teacher.classes === 1 ? groupsOfRows : classesOfRows)(teacher, data);
  const partners = partnersWithin(classes, seed);
  const partnerOf = (row: number): number => partners[row] as number;
  const { traced, open: _open, ...rest } = teacher;
  return {
    ...rest,
    name: `${teacher.name}, shuffled within classes`,
    contentHash: `${teacher.contentHash}/shuffled-${seed}`,
    reads: ['places'],
    ...(traced && { traced: { ...traced, seenRow: partnerOf } }),
    answer: async (rows, signals) => {
      if (rows !== data) {
        throw new SignalError({
          where: `teacher ${teacher.name}, shuffled`,
          wanted: `the rows that were shuffled, of ${data.name}`,
          got: rows.name,
          fix: 'shuffle the teacher for this data set',
        });
      }
      const { batch, ...answers } = await teacher.answer(data, signals);
      return { ...answers, batch: (wanted, paddedTo) => batch(Uint32Array.from(wanted, partnerOf), paddedTo) };
    },
  };
}

/** A row's partner, by row: the next in its class's ring. */
function partnersWithin(classes: Int32Array, seed: number): Uint32Array {
  const order = new RandomStream(seed, 'shuffled-teacher').permutation(classes.length);
  const partners = new Uint32Array(classes.length);
  const firsts = new Map<number, number>();
  const lasts = new Map<number, number>();
  for (const row of order) {
    const key = classes[row] as number;
    const last = lasts.get(key);
    if (last === undefined) firsts.set(key, row);
    else partners[last] = row;
    lasts.set(key, row);
  }
  for (const [key, last] of lasts) partners[last] = firsts.get(key) as number;
  return partners;
}

/** The label of every row, and the teacher's prediction where there is none. */
async function classesOfRows(teacher: Teacher, data: Dataset): Promise<Int32Array> {
  const { labels } = targetsOf(data);
  if (!labels.includes(NO_LABEL)) return labels;
  if (!teacher.provides.includes('logits')) {
    throw new SignalError({
      where: `teacher ${teacher.name}, shuffled within classes`,
      wanted: 'logits, to tell the classes of rows without a label',
      got: teacher.provides.join(', ') || 'none',
    });
  }
  const logits = await logitsOf(teacher, data);
  return labels.map((label, row) => (label === NO_LABEL ? argmax(logits, row, teacher.classes) : label));
}

/** The fifth that each row's score is in. */
async function groupsOfRows(teacher: Teacher, data: Dataset): Promise<Int32Array> {
  const { scores = new Float32Array(data.size).fill(Number.NaN) } = targetsOf(data);
  if (!scores.some(Number.isNaN)) return scoreGroups(scores);
  const said = await logitsOf(teacher, data);
  return scoreGroups(scores.map((score, row) => (Number.isNaN(score) ? (said[row] as number) : score)));
}

/** How many groups of like scores stand in for classes. */
const GROUPS = 5;

/**
 * The group of each score, from 0: the fifth of all scores in which the first of its equals stands, from the lowest.
 * Equal scores are in one group, so that groups may differ in size, or be empty.
 * @param scores [N], none of them NaN
 * @returns [N]
 */
export function scoreGroups(scores: Float32Array): Int32Array {
  const groups = new Map<number, number>();
  for (const [place, score] of scores.toSorted().entries()) {
    if (!groups.has(score)) groups.set(score, Math.floor((GROUPS * place) / scores.length));
  }
  return Int32Array.from(scores, (score) => groups.get(score) as number);
}
