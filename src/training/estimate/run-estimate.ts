/** @file What a run is going to take, over all stages of its method: steps, time, memory, disk. */
import type { Model } from '../../models/model.js';
import { labellingPlan } from '../../teachers/labelling-plan.js';
import { sizeOf } from '../../tensor/shape.js';
import { SAVING_SHARE, STATE_SECONDS } from '../run/live-run.js';
import { STEPS_BETWEEN } from '../run/run-checks.js';
import { LINE_STEPS } from '../run/run-log.js';
import type { RunOptions } from '../run/run-options.js';
import { planOn } from '../run/train.js';
import { modelInTraining } from '../step/method-parameters.js';
import { type MeasureOptions, measureRun, type RunMeasure } from './measure-run.js';
import type { Stage } from './stages.js';

export type StageEstimate = {
  /** Absent of a method of one stage. */
  readonly name?: string;
  /** Of the model that learns. */
  readonly parameters: number;
  readonly steps: number;
  readonly epochs: number;
  /** The following are absent where nothing was measured. */
  readonly secondsPerStep?: number;
  readonly secondsPerEvaluation?: number;
  readonly secondsToOpenEvaluation?: number;
  /** Of the whole stage. */
  readonly seconds?: number;
  readonly peakRssBytes?: number;
  readonly disk: DiskUse;
};

export type DiskUse = {
  /** A model after the last step, with what lies beside it. */
  readonly modelBytes: number;
  /** Log and metrics. */
  readonly logBytes: number;
  /** Of the state that is there while it runs; it is replaced as a whole, so for a moment twice. */
  readonly stateBytes: number;
};

/** Measures a run; a test gives another. */
export type Measure = (run: RunOptions, options?: MeasureOptions) => Promise<RunMeasure>;

export type EstimateOptions = MeasureOptions & {
  /** Whether some steps are timed. */
  readonly isTimed: boolean;
  /** Default: `measureRun`. */
  readonly measure?: Measure;
};

/** @throws as `runTraining` does before it starts, and for steps that fail. */
export async function estimateStage(
  { name, run, answers }: Stage,
  { isTimed, measure, rounds = 1 }: EstimateOptions,
): Promise<StageEstimate> {
  const { totalSteps: steps, stepsPerEpoch } = planOn(run, run.data.train);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  const sized = {
    ...(name !== undefined && { name }),
    parameters: numbersOf(run.model),
    steps,
    epochs,
    disk: diskOf(run, steps, epochs),
  };
  if (!isTimed) return sized;
  const measured = await (measure ?? measureRun)(run, { rounds });
  const labelling =
    answers && (await labellingPlan(answers.teacher, answers.rows, { signals: answers.signals, isTimed: true }));
  return {
    ...sized,
    secondsPerStep: measured.secondsPerStep + measured.secondsBetweenSteps,
    secondsPerEvaluation: measured.secondsPerEvaluation,
    secondsToOpenEvaluation: measured.secondsToOpenEvaluation,
    seconds: (labelling?.seconds ?? 0) + secondsOf(measured, stepsPerEpoch, run.optimizer.slots.length),
    peakRssBytes: measured.peakRssBytes,
  };
}

/** Of a whole run. @param slots tensors that the optimiser keeps beside each parameter */
function secondsOf(measured: RunMeasure, stepsPerEpoch: number, slots: number): number {
  const { steps, epochs, secondsToStart, secondsPerEvaluation, secondsPerCheck, secondsToFinish } = measured;
  const perStep = measured.secondsPerStep + measured.secondsBetweenSteps;
  const stepsOf = (epoch: number) => Math.min(stepsPerEpoch, steps - epoch * stepsPerEpoch);
  const each = Array.from(
    { length: epochs },
    (_, epoch) =>
      stepsOf(epoch) * perStep +
      secondsPerEvaluation +
      (isChecked(epoch, epoch * stepsPerEpoch, stepsPerEpoch) ? secondsPerCheck : 0),
  );
  // A state holds the model, and the optimiser's slots of the same size.
  const saving = secondsOfSaving(each, (1 + slots) * secondsToFinish);
  return secondsToStart + each.reduce((sum, seconds) => sum + seconds, 0) + saving + secondsToFinish;
}

/** Whether gradients are looked at when an epoch ends. */
function isChecked(epoch: number, before: number, stepsPerEpoch: number): boolean {
  return epoch === 0 || Math.floor((before + stepsPerEpoch) / STEPS_BETWEEN) > Math.floor(before / STEPS_BETWEEN);
}

/** What saving the state takes, in a run of epochs that take so long. @param cost of one save */
export function secondsOfSaving(epochs: readonly number[], cost: number): number {
  const least = (usual: number) => Math.max(usual, cost / SAVING_SHARE);
  let since = 0;
  let saves = 0;
  for (const [i, seconds] of epochs.entries()) {
    since += seconds;
    const within = Math.floor(since / least(STATE_SECONDS.run));
    saves += within;
    since -= within * least(STATE_SECONDS.run);
    if (i === epochs.length - 1 || since < least(STATE_SECONDS.epoch)) continue;
    saves += 1;
    since = 0;
  }
  return saves * cost;
}

const BYTES_PER_NUMBER = 4;
/** Of the JSON that a run writes: a line of steps, what an epoch leaves in log and metrics, and options and versions. */
const LOG_BYTES = { line: 220, epoch: 700, run: 4000 };

function diskOf({ model, method, teacher, data, optimizer }: RunOptions, steps: number, epochs: number): DiskUse {
  const files = [...(data.train.text?.tokenizer.files.values() ?? [])];
  const fileBytes = files.reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  // With projections, and peers of the student.
  const trained = numbersOf(modelInTraining(model, method, teacher));
  return {
    modelBytes: BYTES_PER_NUMBER * numbersOf(model) + fileBytes,
    logBytes: Math.floor(steps / LINE_STEPS) * LOG_BYTES.line + epochs * LOG_BYTES.epoch + LOG_BYTES.run,
    stateBytes: BYTES_PER_NUMBER * trained * (1 + optimizer.slots.length) + fileBytes,
  };
}

function numbersOf({ parameters }: Pick<Model, 'parameters'>): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
