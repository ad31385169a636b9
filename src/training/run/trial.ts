/** @file A run that is only tried: its step, opened as for the run, takes rows of anyone's choice. */
import type { Tensor } from '../../tensor/tensor.js';
import { servedMethod } from '../checks/served-methods.js';
import { hasTwoSides } from '../checks/term-norms.js';
import { modelInTraining } from '../step/method-parameters.js';
import { microBatches, planTexts } from '../step/micro-batches.js';
import { teacherForm } from './checked-run.js';
import { type PreparedRun, prepareRun } from './prepare-run.js';
import { meterOptions } from './run-checks.js';
import type { RunOptions } from './run-options.js';
import { openStep, stepTeacher, teacherAnswers, teacherFeed } from './run-step.js';
import { planTraining, stepInput, type TrainingPlan } from './train.js';

export type Trial = {
  readonly run: PreparedRun;
  /** Steps of one call at most; 1 where a step is long. */
  readonly stepsPerRun: number;
  /**
   * Takes a step on each of these lists of rows, in one call. What is learnt is next to nothing.
   * @returns tokens that were read, padding included; or steps, of rows that are not texts.
   */
  take(steps: readonly Uint32Array[]): Promise<number>;
  /** As `TrainingStep.bytesToCome`. */
  readonly bytesToCome: number;
  /** As `TrainingStep.parameters`. */
  parameters(): Readonly<Record<string, Tensor<'float32'>>>;
  release(): Promise<void>;
};

/** Too little to change a weight: nothing can diverge, and a step takes as long. */
const STANDING_STILL = 1e-12;

/** Nothing is written. @throws as `runTraining` does before its first step. */
export async function openTrial(options: RunOptions): Promise<Trial> {
  const run = prepareRun({ ...options, strict: false, onEvent: () => {} });
  const { plan, options: of } = run;
  const { data, method, perturbation, seed } = of;
  const answers = await teacherAnswers(of);
  const step = await openStep(run, answers);
  const training = {
    ...{ step, data: data.train, plan, seed, perturbation },
    learningRate: () => STANDING_STILL,
    scalars:
      method.scalars && ((at: Parameters<typeof method.scalars>[1]) => method.scalars?.(method.options, at) ?? {}),
    teacher: teacherFeed(of, answers),
  };
  let taken = 0;
  return {
    run,
    stepsPerRun: step.stepsPerRun,
    bytesToCome: step.bytesToCome ?? 0,
    take: async (steps) => {
      await step.run(steps.map((rows, i) => stepInput(training, rows, ++taken, 0, i)));
      if (plan.text === undefined) return steps.length;
      return steps.reduce((sum, rows) => sum + tokensOf(rows, run), 0);
    },
    parameters: () => step.parameters(),
    release: () => step.release(),
  };
}

/** Of a step, padding included. */
export function tokensOf(rows: Uint32Array, { options, plan }: Pick<PreparedRun, 'options' | 'plan'>): number {
  const parts = microBatches(rows, options.data.train, plan);
  return parts.reduce((sum, { paddedTo, length = 1 }) => sum + paddedTo * length, 0);
}

/** What the run is going to do, in numbers. @throws OptionError for a number out of range. */
export function planOfRun(options: RunOptions): TrainingPlan {
  const { data, teacher } = options;
  const seenRow = teacherForm(options) === 'traced' ? teacher?.traced?.seenRow : undefined;
  return planTraining({ ...options, rows: data.train.size, text: planTexts(data.train, { ...options, seenRow }) });
}

/** Whether the run looks at its gradients beside the steps. */
export async function looksAtGradients(given: RunOptions): Promise<boolean> {
  const { method, teacher } = given;
  const options = { ...given, method: servedMethod(method, teacher) };
  const run = { options, plan: planOfRun(options), stepModel: modelInTraining(given.model, options.method, teacher) };
  const meter = meterOptions(run, stepTeacher(options, await teacherAnswers(options)));
  return meter !== undefined && hasTwoSides(meter);
}
