/** @file How the students of a distillation are trained: what an arm learns from, and for how long. */
import type { Dataset } from '../../data/dataset.js';
import type { Method } from '../../methods/method.js';
import { givenOptions } from '../../options/given.js';
import { isKeptSignal } from '../../teachers/model-teacher.js';
import { hasViews } from '../../training/checks/view-checks.js';
import { studentSteps } from '../../training/phases/phase-budgets.js';
import { type Assistant, assistantNames } from '../../training/phases/phase-options.js';
import type { RunOptions } from '../../training/run/run-options.js';
import { planOn } from '../../training/run/train.js';
import { HANDED_ON } from '../../training/text/text-run.js';
import { armMethod, type DistillationArm } from './arms.js';

const KEYS = [
  ...HANDED_ON,
  'optimizer',
  'groups',
  'maxGradNorm',
  'schedule',
  'warmupSteps',
  'threads',
  'device',
  'teacherForm',
  'earlyStopping',
  'fit',
  'question',
] as const satisfies readonly (keyof RunOptions)[];

/** How every student is trained; arms differ in what they learn from alone. */
export type StudentTraining = Pick<RunOptions, (typeof KEYS)[number]>;

/** That part of wider options. */
export function studentTraining(options: StudentTraining): StudentTraining {
  const { optimizer, epochs, batchSize } = options;
  return { ...givenOptions(options, KEYS), optimizer, epochs, batchSize };
}

/** The training on other rows for as many steps, in as many epochs as that takes. */
function forSteps(training: StudentTraining, steps: number, train: Dataset): StudentTraining {
  const { stepsPerEpoch } = planOn({ ...training, epochs: 1 }, train);
  return { ...training, epochs: Math.ceil(steps / stepsPerEpoch), maxSteps: steps };
}

export type ArmTrainingOptions = StudentTraining & {
  readonly data: {
    readonly train: Dataset;
    /** The training rows and a pool without labels, for arms that a teacher answers. Default: the training rows. */
    readonly transfer?: Dataset | undefined;
  };
  readonly method: Method;
  /** Of a method that teaches in several steps. */
  readonly assistants?: readonly Assistant[] | undefined;
};

type ArmTraining = {
  readonly training: StudentTraining;
  /** The rows that the arm learns from. */
  readonly train: Dataset;
  /** Steps of the student, over all stages of the method; none of one that is fitted at once. */
  readonly steps: number;
};

/**
 * The rows of an arm, and how long it learns from them. All arms train their student for as many steps as the method does:
 * where a teacher answers more rows than have labels, arms without it go over those more often; where the method has
 * several stages, its controls have as many steps in one. With early stopping these are the most.
 */
export async function armTraining(arm: DistillationArm, options: ArmTrainingOptions): Promise<ArmTraining> {
  const training = studentTraining(options);
  const { train, transfer = train } = options.data;
  const { method, hasTeacher } = armMethod(arm, options.method);
  const rows = hasTeacher ? transfer : train;
  // A warm-up would be that of the steps on other rows.
  if (training.fit !== undefined) return { training: { ...training, warmupSteps: 0 }, train: rows, steps: 0 };
  const { phases } = options.method;
  const steps =
    phases === undefined
      ? planOn(training, transfer).totalSteps
      : await studentSteps(options.method, training, options.data, assistantNames(options));
  const isShared = method.phases !== undefined || steps === planOn(training, rows).totalSteps;
  const own = isShared ? training : forSteps(training, steps, rows);
  return { training: { ...own, ...patienceOf(training, transfer, rows) }, train: rows, steps };
}

/** An arm on fewer rows has shorter epochs, and is given as many steps to get better in. */
function patienceOf(
  training: StudentTraining,
  transfer: Dataset,
  rows: Dataset,
): Pick<StudentTraining, 'earlyStopping'> {
  const { earlyStopping } = training;
  if (earlyStopping === undefined) return {};
  const stepsOf = (data: Dataset) => planOn({ ...training, epochs: 1, maxSteps: undefined }, data).stepsPerEpoch;
  const patience = Math.ceil((earlyStopping.patience * stepsOf(transfer)) / stepsOf(rows));
  return { earlyStopping: { ...earlyStopping, patience } };
}

/** Whether the teacher answers what the method learns from before the training, once for all runs. */
export function isAskedBefore({ method, teacherForm }: Pick<ArmTrainingOptions, 'method' | 'teacherForm'>): boolean {
  const { needs } = method;
  return teacherForm !== 'traced' && needs.length > 0 && needs.every(isKeptSignal) && !hasViews(method);
}
