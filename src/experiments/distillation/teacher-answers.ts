/** @file What a teacher says before the students are trained: its score, and what its answers say of it. */
import type { Dataset } from '../../data/dataset.js';
import { allRows } from '../../data/row-sample.js';
import { targetsOf } from '../../data/targets.js';
import type { Method } from '../../methods/method.js';
import { inPoints } from '../../metrics/points.js';
import { type JudgedMetric, METRICS } from '../../metrics/table.js';
import { logitsOf } from '../../teachers/answers.js';
import type { Teacher, TeacherAnswers } from '../../teachers/teacher.js';
import { teacherWarnings } from '../../training/checks/run-warnings.js';
import type { Warning } from '../../training/checks/table.js';
import { type Predictions, predictionsOf } from '../../training/evaluation/evaluate.js';
import type { DistillOptions } from './distill-options.js';
import { type TeacherFit, teacherFit } from './teacher-fit.js';

type TeacherEvaluation = {
  /** Absent where it cannot answer all evaluation rows. */
  readonly predictions: Predictions | undefined;
  /** In points of the first metric; absent where that is no number, or one of itself. */
  readonly score: number | undefined;
  /** How it fits the labels of training rows, where it has been asked about them. */
  readonly fit: TeacherFit | undefined;
  readonly found: readonly Warning[];
};

type Questions = {
  /** What the students are going to ask, if it can be asked before. */
  readonly asked: { readonly rows: Dataset; readonly needs: Method['needs'] } | undefined;
  readonly evaluation: Dataset;
  readonly metrics: readonly [JudgedMetric, ...JudgedMetric[]];
};

/** Asks a teacher that remembers its answers; the most rows first, so that what they cost is known before much is spent. */
export async function evaluateTeacher(
  teacher: Teacher,
  { asked, evaluation, metrics }: Questions,
): Promise<TeacherEvaluation> {
  if (asked !== undefined) await teacher.answer(asked.rows, asked.needs);
  const predictions = isAnswered(teacher, evaluation) ? await predictionsBy(teacher, evaluation, metrics) : undefined;
  const measured = predictions?.metrics[metrics[0]];
  // A correlation with equal answers is no number, and agreement with itself none that says anything.
  const isKnown = measured !== undefined && !Number.isNaN(measured) && !METRICS[metrics[0]].isWithTeacher;
  const score = isKnown ? inPoints(measured) : undefined;
  const isFitted = asked !== undefined && isAnswered(teacher, asked.rows);
  const fit = isFitted
    ? await teacherFit(teacher, asked.rows, await teacher.answer(asked.rows, asked.needs), metrics[0])
    : undefined;
  const found = await answerWarnings(teacher, [
    ...(asked ? [[asked.rows, asked.needs] as const] : []),
    ...(predictions ? [[evaluation, ['logits']] as const] : []),
  ]);
  return { predictions, score, fit, found };
}

/**
 * What the teacher scores on the test split, in points; undefined without one, and where asking costs more than time: of an
 * endpoint, or of answers that were recorded for other rows.
 * @param given the teacher itself, which `teacher` remembers the answers of
 */
export async function teacherOnTest(
  teacher: Teacher,
  { teacher: given, data: { test }, metrics }: Pick<DistillOptions, 'teacher' | 'data'> & Pick<Questions, 'metrics'>,
): Promise<number | undefined> {
  if (test === undefined || !isFreeToAsk(given, test)) return undefined;
  const { [metrics[0]]: measured = Number.NaN } = (await predictionsBy(teacher, test, metrics)).metrics;
  return Number.isNaN(measured) ? undefined : inPoints(measured);
}

/** Whether a teacher can be asked about rows that nothing is learnt from. */
export function isFreeToAsk(teacher: Teacher, data: Dataset): boolean {
  return teacher.known === undefined ? teacher.remembers !== true : isAnswered(teacher, data);
}

/** What the teacher's answers to the first of some sets say of it where they say anything. */
async function answerWarnings(
  teacher: Teacher,
  asked: readonly (readonly [data: Dataset, signals: Method['needs']])[],
): Promise<Warning[]> {
  for (const [data, signals] of asked) {
    const found = teacherWarnings(teacher, await teacher.answer(data, signals), data);
    if (found.length > 0) return found;
  }
  return [];
}

/** Whether the teacher can answer every row: recorded answers may be of others. */
function isAnswered({ known }: Teacher, data: Dataset): boolean {
  return known === undefined || known(data) === data.size;
}

/** What a teacher answers to evaluation rows, as a model's predictions. */
async function predictionsBy(teacher: Teacher, data: Dataset, metrics: readonly JudgedMetric[]): Promise<Predictions> {
  const scored = { logits: await logitsOf(teacher, data), classes: teacher.classes, ...targetsOf(data) };
  return predictionsOf(scored, Array.from(data.batch(allRows(data.size)).ids), metrics);
}

/** The same teacher, which answers each data set once, however many runs ask. */
export function answeredOnce(teacher: Teacher): Teacher {
  const known = new Map<Dataset, Map<string, Promise<TeacherAnswers>>>();
  return {
    ...teacher,
    answer: (data, signals) => {
      const answers = known.get(data) ?? new Map<string, Promise<TeacherAnswers>>();
      known.set(data, answers);
      const key = [...signals].sort().join();
      const answer = answers.get(key) ?? teacher.answer(data, signals);
      answers.set(key, answer);
      // A teacher that failed is asked again.
      answer.catch(() => answers.delete(key));
      return answer;
    },
  };
}
