/** @file What a run is going to take, over all stages of its method: steps, time, memory, disk. */

import type { Dataset } from '../../data/dataset.js';
import { allRows, workByBatch } from '../../data/row-sample.js';
import { type CostLine, costOf } from '../../data/timed-cost.js';
import { classesOf } from '../../models/forward.js';
import { parameterCount } from '../../nn/parameter-count.js';
import { labellingPlan } from '../../teachers/labelling-plan.js';
import { secondsOfFeatures, secondsToFit } from '../linear/seconds-to-fit.js';
import { evaluationRows } from '../run/checked-run.js';
import { isFrozenBelow } from '../run/convex-fit.js';
import { frozenEncoder } from '../run/fitted-part.js';
import { SAVING_SHARE, STATE_SECONDS } from '../run/live-run.js';
import { STEPS_BETWEEN } from '../run/run-checks.js';
import { LINE_STEPS } from '../run/run-log.js';
import type { RunOptions } from '../run/run-options.js';
import { orderOf, type TrainingPlan } from '../run/train.js';
import { looksAtGradients, planOfRun, tokensOf } from '../run/trial.js';
import { modelInTraining } from '../step/method-parameters.js';
import type { KnownCosts } from './known-costs.js';
import type { RunCosts } from './measure-run.js';
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

/**
 * @param costs Measured; absent, nothing is said of the time.
 * @throws as `runTraining` does before it starts, and for steps that fail.
 */
export async function estimateStage({ name, run, answers }: Stage, costs?: KnownCosts): Promise<StageEstimate> {
  if (run.fit !== undefined) return estimatedFit(run, costs);
  const plan = planOfRun(run);
  const { totalSteps: steps, stepsPerEpoch } = plan;
  const epochs = Math.ceil(steps / stepsPerEpoch);
  const sized = {
    ...(name !== undefined && { name }),
    parameters: parameterCount(run.model),
    steps,
    epochs,
    disk: diskOf(run, steps, epochs),
  };
  if (costs === undefined) return sized;
  const measured = await costs.of(run);
  const labelling =
    answers &&
    (await labellingPlan(answers.teacher, answers.rows, {
      signals: answers.signals,
      isTimed: true,
      seconds: costs.left() / ANSWERS_SHARE,
    }));
  const counted = {
    ...{ steps, stepsPerEpoch, epochs },
    secondsPerStep: costOf(measured.step, meanTokens(run, plan)),
    secondsPerEvaluation: secondsToEvaluate(run, measured),
    looks: await looksAtGradients(run),
    slots: run.optimizer.slots.length,
    keeps: run.restoreBest === true || (run.saveTopK !== undefined && run.saveTopK !== 0),
    modelBytes: sized.disk.modelBytes,
  };
  const { secondsPerStep, secondsPerEvaluation } = counted;
  const { secondsToOpenEvaluation, peakRssBytes } = measured;
  const testing = secondsToTest(run, measured);
  const seconds = (labelling?.seconds ?? 0) + secondsOfRun(measured, counted) + testing;
  return { ...sized, secondsPerStep, secondsPerEvaluation, secondsToOpenEvaluation, seconds, peakRssBytes };
}

/** It takes seconds, so that none of it is timed but an encoder's way over the rows. */
async function estimatedFit(run: RunOptions, costs: KnownCosts | undefined): Promise<StageEstimate> {
  const { model } = run;
  const { stateBytes: _none, ...disk } = diskOf(run, 0, 0);
  return {
    parameters: parameterCount(model),
    ...{ steps: 0, epochs: 0 },
    ...(costs && { seconds: await secondsOfFit(run, costs) }),
    disk: { ...disk, stateBytes: 0 },
  };
}

async function secondsOfFit(run: RunOptions, costs: KnownCosts): Promise<number> {
  const { model, weights, data } = run;
  const classes = classesOf(model);
  if (!isFrozenBelow(model) || weights === undefined) {
    return secondsToFit(data.train.text?.table.texts ?? [], classes);
  }
  const { seconds = 0, signals } = await labellingPlan(frozenEncoder(run, weights), data.train, {
    ...{ signals: ['pooledOutput'], isTimed: true, seconds: costs.left() / ANSWERS_SHARE },
  });
  return seconds + secondsOfFeatures(data.train.size * Number(signals.pooledOutput?.shape[0] ?? 0), classes);
}

/** Of the time that is left, for the outputs of a stage's own teacher. */
const ANSWERS_SHARE = 8;
/** Bytes of a model that are written, and hashed, in a second. */
const SAVED_PER_SECOND = 4e8;

/** Tokens of a step in the mean of the first epoch; other epochs have other batches of the same texts. */
function meanTokens(options: RunOptions, plan: TrainingPlan): number {
  const { data, seed } = options;
  if (plan.text === undefined) return 1;
  const order = orderOf(data.train, plan, seed, 0).subarray(0, plan.rowsPerEpoch);
  let tokens = 0;
  for (let start = 0; start < order.length; start += plan.rowsPerStep) {
    tokens += tokensOf(order.subarray(start, start + plan.rowsPerStep), { options, plan });
  }
  return tokens / plan.stepsPerEpoch;
}

function secondsToEvaluate(run: RunOptions, { evaluation: cost, secondsToRead }: RunCosts): number {
  const { data, batchSize, evalBatchSize = batchSize, limitEvalBatches } = run;
  if (data.evaluation === undefined || cost === undefined) return 0;
  const rows = allRows(evaluationRows(data.evaluation, evalBatchSize, limitEvalBatches));
  return secondsToRead + secondsFor(data.evaluation, rows, cost);
}

function secondsFor(data: Dataset, rows: Uint32Array, cost: CostLine): number {
  return workByBatch(data, rows).reduce((sum, work) => sum + costOf(cost, work), 0);
}

/** The test split is scored once, by a session of its own. */
function secondsToTest(
  { data: { test } }: Pick<RunOptions, 'data'>,
  { evaluation: cost, secondsToOpenEvaluation, secondsToRead }: RunCosts,
): number {
  if (test === undefined || cost === undefined) return 0;
  return secondsToOpenEvaluation + secondsToRead + secondsFor(test, allRows(test.size), cost);
}

export type CountedRun = Pick<StageEstimate, 'steps' | 'epochs'> & {
  readonly stepsPerEpoch: number;
  readonly secondsPerStep: number;
  readonly secondsPerEvaluation: number;
  /** At its gradients, now and then. */
  readonly looks: boolean;
  /** Tensors that the optimiser keeps beside each parameter. */
  readonly slots: number;
  /** Models besides the last. */
  readonly keeps: boolean;
  readonly modelBytes: number;
};

/** Of a whole run: what is compiled, steps, looks at the gradients, evaluations, what is saved. */
export function secondsOfRun(
  costs: Pick<RunCosts, 'secondsToOpen' | 'secondsToOpenEvaluation' | 'secondsToRead' | 'secondsPerCheck'>,
  run: CountedRun,
): number {
  const { steps, epochs, stepsPerEpoch, secondsPerStep, secondsPerEvaluation, looks, slots, keeps, modelBytes } = run;
  const { secondsToOpen, secondsToOpenEvaluation, secondsToRead, secondsPerCheck } = costs;
  const secondsToSave = secondsToRead + modelBytes / SAVED_PER_SECOND;
  const stepsOf = (epoch: number) => Math.min(stepsPerEpoch, steps - epoch * stepsPerEpoch);
  const each = Array.from(
    { length: epochs },
    (_, epoch) =>
      stepsOf(epoch) * secondsPerStep +
      secondsPerEvaluation +
      (keeps ? secondsToSave : 0) +
      (looks && isChecked(epoch, epoch * stepsPerEpoch, stepsPerEpoch) ? secondsPerCheck : 0),
  );
  // What looks at the gradients is a graph of about the step's size, and looks before the first step too.
  const toOpen = secondsToOpen + secondsToOpenEvaluation + (looks ? secondsToOpen + secondsPerCheck : 0);
  // A state holds the model, and the optimiser's slots of the same size.
  const saving = secondsOfSaving(each, (1 + slots) * secondsToSave);
  return toOpen + each.reduce((sum, seconds) => sum + seconds, 0) + saving + secondsToSave;
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
  const trained = parameterCount(modelInTraining(model, method, teacher));
  return {
    modelBytes: BYTES_PER_NUMBER * parameterCount(model) + fileBytes,
    logBytes: Math.floor(steps / LINE_STEPS) * LOG_BYTES.line + epochs * LOG_BYTES.epoch + LOG_BYTES.run,
    stateBytes: BYTES_PER_NUMBER * trained * (1 + optimizer.slots.length) + fileBytes,
  };
}
