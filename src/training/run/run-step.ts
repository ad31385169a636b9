/** @file The step of a run and what it is fed, from the run's options. */
import { OptionError } from '../../errors/failures.js';
import { constantParameters } from '../../nn/parameters.js';
import type { TeacherAnswers } from '../../teachers/teacher.js';
import { openHostStep } from '../step/host-step.js';
import { openInGraphStep } from '../step/in-graph-step.js';
import { isCutIntoRuns, largestRun } from '../step/micro-batches.js';
import type { TrainingStep } from '../step/step.js';
import { BATCH, type StepTeacher } from '../step/trace-step.js';
import { type CheckedRun, type LearningOptions, teacherForm } from './checked-run.js';
import type { TrainingRun } from './train.js';

/** The teacher's answers to all rows, unless it is traced into the step. */
export async function teacherAnswers(options: LearningOptions): Promise<TeacherAnswers | undefined> {
  const { teacher, method, data } = options;
  if (teacher === undefined || teacherForm(options) === 'traced') return undefined;
  return teacher.answer(data.train, method.needs);
}

/** The step of a run, compiled. */
export function openStep(
  {
    options,
    plan,
    stepModel,
    weights,
  }: Pick<CheckedRun<LearningOptions>, 'options' | 'plan' | 'stepModel' | 'weights'>,
  answers: TeacherAnswers | undefined,
): Promise<TrainingStep> {
  const { method, perturbation, optimizer, groups, maxGradNorm, seed, threads, device } = options;
  const { text, batchSize, rowsPerStep, accumulation } = plan;
  const { openStep = text === undefined ? openInGraphStep : openHostStep } = options;
  const teacher = stepTeacher(options, answers);
  const run = text && largestRun(text, batchSize);
  return openStep({
    model: stepModel,
    method,
    teacher,
    dims: run ?? { B: rowsPerStep },
    hasMicroBatches: accumulation > 1 || (text !== undefined && isCutIntoRuns(text, batchSize)),
    inputDtypes: perturbation?.dtypes,
    optimizer,
    groups,
    maxNorm: maxGradNorm,
    seed,
    parameters: weights,
    threads,
    device,
  });
}

export function stepTeacher(
  { teacher }: LearningOptions,
  answers: TeacherAnswers | undefined,
): StepTeacher | undefined {
  if (teacher === undefined) return undefined;
  if (answers !== undefined) return { kind: 'fed', signals: answers.signals };
  if (teacher.traced === undefined) {
    throw new OptionError({
      where: `teacher ${teacher.name}`,
      wanted: 'a model of retort, to be traced into the step',
      got: 'another kind of teacher',
      fix: "use teacherForm 'fed'",
    });
  }
  const { model, weights, seenRow } = teacher.traced;
  return { kind: 'traced', model, parameters: constantParameters(weights), hasOwnInputs: seenRow !== undefined };
}

/** What the teacher's part of a step is fed with: its answers, or inputs that are not the student's. */
export function teacherFeed(
  { teacher, data, perturbation }: LearningOptions,
  answers: TeacherAnswers | undefined,
): TrainingRun['teacher'] {
  if (answers !== undefined) return ({ rows, paddedTo }) => answers.batch(rows, paddedTo);
  const seenRow = teacher?.traced?.seenRow;
  if (seenRow === undefined) return undefined;
  return ({ rows, paddedTo, length }, at) => {
    const plain = data.train.batch(Uint32Array.from(rows, seenRow), paddedTo, undefined, length);
    const { inputs } = perturbation?.perturb(plain, at) ?? plain;
    return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`${BATCH}${name}`, value]));
  };
}
