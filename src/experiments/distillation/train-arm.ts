/** @file One student: an arm of a distillation on one seed. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import type { Method } from '../../methods/method.js';
import type { Model } from '../../models/model.js';
import type { Weights } from '../../models/saved-model.js';
import { shuffledTeacher } from '../../teachers/shuffled-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { openEvaluator } from '../../training/evaluate.js';
import { type RunOptions, runTraining } from '../../training/run.js';
import { LAST } from '../../training/run-files.js';
import { type ArmResult, packRightRows } from '../arm-result.js';
import { type DistillationArm, methodOf } from './arms.js';

/** How every student is trained; arms differ in what they learn from alone. */
export type StudentTraining = Pick<
  RunOptions,
  | 'optimizer'
  | 'groups'
  | 'maxGradNorm'
  | 'schedule'
  | 'warmupSteps'
  | 'epochs'
  | 'maxSteps'
  | 'batchSize'
  | 'tokensPerRun'
  | 'threads'
  | 'device'
  | 'teacherForm'
>;

export type StudentStart = {
  readonly model: Model;
  /** What the weights of a seed are before training. */
  readonly weights: (seed: number) => Weights | Promise<Weights>;
  /** In words, for the record: `first 3 layers of minilm-l6`. */
  readonly start: string;
};

export type ArmOptions = StudentTraining & {
  readonly teacher: Teacher;
  readonly student: StudentStart;
  readonly data: { readonly train: Dataset; readonly evaluation: Dataset };
  readonly method: Method;
  readonly seed: number;
  readonly outputDir: string;
  /** Whether the student stays on disk; its metrics and log always do. */
  readonly isKept: boolean;
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: NonNullable<RunOptions['onEvent']>;
};

/** Trains the student of an arm and scores it after the last step. @throws as `runTraining` does. */
export async function trainArm(arm: DistillationArm, options: ArmOptions): Promise<ArmResult> {
  const { data, student, seed, outputDir, isKept, teacher: given, method: asked } = options;
  const { optimizer, groups, maxGradNorm, schedule, warmupSteps, epochs, maxSteps, batchSize } = options;
  const { tokensPerRun, threads, device, teacherForm, resume, signal, onEvent } = options;
  const { method, hasTeacher } = methodOf(arm, asked);
  const teacher = arm.learns === 'shuffled-teacher' ? await shuffledTeacher(given, data.train, seed) : given;
  const run: RunOptions = {
    model: student.model,
    weights: await student.weights(seed),
    method,
    ...(hasTeacher && { teacher, ...(teacherForm && { teacherForm }) }),
    data,
    optimizer,
    ...(groups && { groups }),
    ...(maxGradNorm !== undefined && { maxGradNorm }),
    ...(schedule && { schedule }),
    ...(warmupSteps !== undefined && { warmupSteps }),
    epochs,
    ...(maxSteps !== undefined && { maxSteps }),
    batchSize,
    ...(tokensPerRun !== undefined && { tokensPerRun }),
    ...(threads !== undefined && { threads }),
    ...(device !== undefined && { device }),
    seed,
    outputDir,
    saveLast: true,
    signal,
    onEvent,
  };
  // A run that was killed goes on. One that ended, and was killed before its result was written down, may have lost its
  // model: then it is done again.
  const first = await runTraining({ ...run, resume, overwrite: !resume });
  const { record, weights = {} } = first.weights ? first : await runTraining({ ...run, overwrite: true });
  const evaluator = await openEvaluator({
    model: student.model,
    data: data.evaluation,
    ...(threads !== undefined && { threads }),
    ...(device !== undefined && { device }),
  });
  try {
    const { metrics, classes } = await evaluator.predict(weights);
    const { labels } = data.evaluation.batch(Uint32Array.from(classes, (_, row) => row));
    return {
      accuracy: metrics.accuracy ?? Number.NaN,
      parameters: record.parameters,
      right: packRightRows(Array.from(classes, (said, row) => said === Number(labels?.data[row]))),
      curve: record.epochs,
      details: { metrics },
    };
  } finally {
    await evaluator.release();
    if (!isKept) await rm(join(outputDir, LAST), { recursive: true, force: true });
  }
}
