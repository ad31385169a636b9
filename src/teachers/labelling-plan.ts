/** @file What a teacher's answers to some rows are going to take, without asking for them. */
import type { Dataset } from '../data/dataset.js';
import { allRows, middleRows, rowsOfBatch, workByBatch } from '../data/row-sample.js';
import { costOf, timedCost } from '../data/timed-cost.js';
import { openTeacher, readsOf, usualSignals } from './answers.js';
import type { FedSignals, LabellingPlan, PlanRequest, Teacher, TeacherAnswers } from './teacher.js';

/** What a teacher says of itself (`plan`); of another that it has its answers already, or what a few of them take. */
export async function labellingPlan(teacher: Teacher, data: Dataset, request: PlanRequest): Promise<LabellingPlan> {
  const rows = allRows(data.size);
  if (teacher.plan !== undefined) return teacher.plan(data, request);
  const bytes = 0;
  if (teacher.remembers === true || readsOf(teacher).includes('places')) {
    return { rows: rows.length, unanswered: 0, seconds: 0, bytes, signals: usualSignals(teacher) };
  }
  return { rows: rows.length, unanswered: rows.length, bytes, ...(await timedAnswers(teacher, data, rows, request)) };
}

/** To be spent on a few answers where nobody says how long, but for the least that is needed. */
const SECONDS = 1;

/**
 * The seconds that answers to these rows are going to take, from those to a few of them.
 * @param now milliseconds
 */
export async function timedAnswers(
  teacher: Teacher,
  data: Dataset,
  rows: Uint32Array,
  { signals, isTimed, seconds = SECONDS }: PlanRequest,
  now: () => number = () => performance.now(),
): Promise<Pick<LabellingPlan, 'seconds' | 'signals'>> {
  if (rows.length === 0) return { seconds: 0, signals: usualSignals(teacher) };
  // One that answers all rows at once cannot be tried.
  if (!isTimed || teacher.open === undefined) return { signals: usualSignals(teacher) };
  const begun = now();
  const opened = await openTeacher(teacher, signals);
  try {
    const toOpen = (now() - begun) / 1000;
    const answer = async (count: number): Promise<number> => {
      const few = middleRows(data, rows, count);
      await opened.answer(data, few);
      return workByBatch(data, few).reduce((sum, work) => sum + work, 0);
    };
    const cost = await timedCost(answer, { most: rowsOfBatch(data, rows), seconds: seconds - toOpen, now });
    const answering = workByBatch(data, rows).reduce((sum, work) => sum + costOf(cost, work), 0);
    return { seconds: toOpen + cost.toWarmUp + answering, signals: opened.signals };
  } finally {
    await opened.release();
  }
}

/** Answers as good as any for timing a step: numbers of every sign that nobody gave. */
function madeUpAnswers(signals: FedSignals): TeacherAnswers {
  return {
    signals,
    batch: (_rows, paddedTo) =>
      Object.fromEntries(
        Object.entries(signals).map(([name, { shape }]) => {
          const size = shape.reduce<number>((product, dim) => product * Number(dim), 1);
          // A remainder marks classes without an answer of their own.
          const value = (i: number) => (name === 'remainder' ? 0 : ((7 * i) % 5) - 2);
          const data = Float32Array.from({ length: paddedTo * size }, (_, i) => value(i));
          return [name, { dtype: 'float32' as const, shape: [paddedTo, ...shape.map(Number)], data }];
        }),
      ),
  };
}

/** The teacher for timing: what is part of a step stays, what would be asked is made up. */
export function unaskedTeacher(teacher: Teacher, signals: FedSignals = usualSignals(teacher)): Teacher {
  const { open: _open, plan: _plan, ...rest } = teacher;
  return { ...rest, answer: async () => madeUpAnswers(signals) };
}
