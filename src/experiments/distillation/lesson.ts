/** @file What an arm learns by, on which rows and for how long: as a run, whatever stages its method has. */
import type { Dataset } from '../../data/dataset.js';
import type { Method } from '../../methods/method.js';
import { isKeptSignal } from '../../teachers/model-teacher.js';
import { shuffledTeacher } from '../../teachers/shuffled-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { hasViews } from '../../training/checks/view-checks.js';
import { studentSteps } from '../../training/phases/phase-budgets.js';
import { type Assistant, assistantNames, type PhasedRunOptions } from '../../training/phases/phase-options.js';
import { type DistillationArm, methodOf } from './arms.js';
import { forSteps, type StudentTraining, stepsOn, studentTraining } from './student-training.js';

export type LessonOptions = StudentTraining & {
  readonly data: {
    readonly train: Dataset;
    /** The training rows and a pool without labels, for arms that a teacher answers. Default: the training rows. */
    readonly transfer?: Dataset;
  };
  readonly method: Method;
  /** Of a method that teaches in several steps. */
  readonly assistants?: readonly Assistant[];
};

export type Lesson = {
  readonly training: StudentTraining;
  /** The rows that the arm learns from. */
  readonly train: Dataset;
  /** Steps of the student, over all stages of the method. */
  readonly steps: number;
};

/**
 * The rows of an arm, and how long it learns from them. All arms train their student for as many steps as the method does:
 * where a teacher answers more rows than have labels, arms without it go over those more often; where the method has
 * several stages, its controls have as many steps in one.
 */
export async function lessonOf(arm: DistillationArm, options: LessonOptions): Promise<Lesson> {
  const training = studentTraining(options);
  const { train, transfer = train } = options.data;
  const { method, hasTeacher } = methodOf(arm, options.method);
  const rows = hasTeacher ? transfer : train;
  const { phases } = options.method;
  const steps =
    phases === undefined
      ? stepsOn(training, transfer)
      : await studentSteps(options.method, training, options.data, assistantNames(options));
  const isShared = method.phases !== undefined || steps === stepsOn(training, rows);
  return { training: isShared ? training : forSteps(training, steps, rows), train: rows, steps };
}

/** Whether the teacher answers what the method learns from before the training, once for all runs. */
export function isAskedBefore({ method, teacherForm }: Pick<LessonOptions, 'method' | 'teacherForm'>): boolean {
  const { needs } = method;
  return teacherForm !== 'traced' && needs.length > 0 && needs.every(isKeptSignal) && !hasViews(method);
}

/** The teacher of an arm; of the control the one that is shuffled over the rows of each stage. */
export function teacherOf(
  { learns }: DistillationArm,
  teacher: Teacher,
  seed: number,
): PhasedRunOptions['teacher'] & {} {
  return learns === 'shuffled-teacher' ? (rows: Dataset) => shuffledTeacher(teacher, rows, seed) : teacher;
}
