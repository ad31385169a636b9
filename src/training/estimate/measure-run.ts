/** @file What a training run is going to cost, from a few of its steps. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { allRows, evenRows, workOf } from '../../data/row-sample.js';
import { selectedRows } from '../../data/selected-rows.js';
import type { Teacher } from '../../teachers/teacher.js';
import { RandomStream } from '../../tensor/random.js';
import { evaluationRows } from '../run/prepare-run.js';
import { runTraining } from '../run/run.js';
import type { RunOptions } from '../run/run-options.js';
import { orderOf, planOn, type TrainingPlan } from '../run/train.js';
import { microBatches } from '../step/micro-batches.js';
import { type RunTimes, runWatch } from './run-watch.js';

export type RunMeasure = {
  /** Of the whole run. */
  readonly steps: number;
  readonly epochs: number;
  /** Mean over batches from short to long texts. */
  readonly secondsPerStep: number;
  /** From the end of a step to the next: rows are gathered, losses added up. */
  readonly secondsBetweenSteps: number;
  /** Before the first step: what is checked and compiled. */
  readonly secondsToStart: number;
  /** Of all rows that the run evaluates; 0 where it has none. */
  readonly secondsPerEvaluation: number;
  /** To compile an evaluation; part of the start. */
  readonly secondsToOpenEvaluation: number;
  /** At an epoch's end, besides the evaluation, where gradients are looked at. */
  readonly secondsPerCheck: number;
  /** After the last step: the model is saved. */
  readonly secondsToFinish: number;
  /** The most memory that this process has held by then, the longest batch included. */
  readonly peakRssBytes: number;
};

export type MeasureOptions = {
  /** How often the batches are timed; more tell more on a machine that does other work too. Default: 1. */
  readonly rounds?: number;
};

/** Batches that are timed. With the longest one they are run once more before, to warm up. */
const SAMPLED = 6;
/** Rows that an evaluation is timed on. */
const EVALUATED = 512;
/** Too little to change a weight: nothing can diverge, and a step takes as long. */
const STANDING_STILL = 1e-12;

/**
 * Times a few steps of a run in a folder for the purpose, which goes again: those batches that stand for all by the number
 * of their tokens, and the longest; and an evaluation of some rows. A teacher that answers once is asked for those rows alone.
 * @throws as `runTraining` does.
 */
export async function measureRun(options: RunOptions, { rounds = 1 }: MeasureOptions = {}): Promise<RunMeasure> {
  const { data, maxSteps: _maxSteps, earlyStopping: _earlyStopping, limitEvalBatches, ...rest } = options;
  const { evalBatchSize = options.batchSize } = options;
  const plan = planOn(options, data.train);
  const { rows, longest } = timedRows(options, plan);
  const evaluated = allRows(evaluationRows(data.evaluation, evalBatchSize, limitEvalBatches));
  const sample = data.evaluation && evenRows(data.evaluation, evaluated, EVALUATED);
  const evaluation = sample && sample.length > 0 ? data.evaluation : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'retort-measure-'));
  const watch = runWatch(options);
  let found: RunTimes;
  try {
    await runTraining({
      ...rest,
      ...(options.teacher && { teacher: amongFew(options.teacher, rows.length, options.seed) }),
      data: {
        train: selectedRows(data.train, rows),
        ...(evaluation && sample && { evaluation: selectedRows(evaluation, sample) }),
      },
      optimizer: { ...options.optimizer, learningRate: STANDING_STILL },
      limitTrainBatches: { fraction: 1 },
      epochs: 1 + rounds,
      warmupSteps: 0,
      fastDevRun: false,
      // Few rows are not to be judged.
      strict: false,
      outputDir: join(folder, 'run'),
      resume: false,
      overwrite: false,
      saveTopK: 0,
      saveLast: true,
      stateSeconds: Number.POSITIVE_INFINITY,
      watchStep: watch.watchStep,
      openEvaluator: watch.openEvaluator,
      onEvent: () => {},
    });
    found = watch.found(1 + rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // The longest batch is there for the memory: it would count for more than its share.
  const timed = found.epochs.slice(1).flatMap((steps) => {
    return longest ? steps.toSorted((a, b) => a - b).slice(0, -1) : steps;
  });
  const share = evaluation && sample ? workOf(evaluation, evaluated) / workOf(evaluation, sample) : 0;
  return {
    steps: plan.totalSteps,
    epochs: Math.ceil(plan.totalSteps / plan.stepsPerEpoch),
    secondsPerStep: mean(timed),
    secondsBetweenSteps: found.betweenSteps,
    secondsToStart: found.toStart,
    secondsPerEvaluation: share * mean(found.evaluations.slice(1)),
    secondsToOpenEvaluation: found.toOpenEvaluation,
    secondsPerCheck: found.afterFirstEpoch,
    secondsToFinish: found.toFinish,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** A teacher that sees another row than the student does sees one of the few that there are: it is as long as any. */
function amongFew(teacher: Teacher, rows: number, seed: number): Teacher {
  const { traced } = teacher;
  if (traced?.seenRow === undefined) return teacher;
  const partners = new RandomStream(seed, 'measured partners').permutation(rows);
  return { ...teacher, traced: { ...traced, seenRow: (row) => partners[row] as number } };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Rows of a few whole batches of the first epoch: at the middle of each sixth of them by tokens, and the longest one. */
export function timedRows(
  { data, seed }: Pick<RunOptions, 'data' | 'seed'>,
  plan: TrainingPlan,
): { readonly rows: Uint32Array; readonly longest: boolean } {
  const { train } = data;
  const { rowsPerStep } = plan;
  const order = orderOf(train, plan, seed, 0).subarray(0, plan.rowsPerEpoch);
  const whole = Math.floor(order.length / rowsPerStep);
  if (whole <= SAMPLED + 1) return { rows: order, longest: false };
  const batches = Array.from({ length: whole }, (_, i) => {
    const rows = order.subarray(i * rowsPerStep, (i + 1) * rowsPerStep);
    const tokens = microBatches(rows, train, plan).reduce(
      (sum, { paddedTo, length = 1 }) => sum + paddedTo * length,
      0,
    );
    return { rows, tokens };
  }).sort((a, b) => a.tokens - b.tokens);
  // The longest is there anyhow, and no row may be twice.
  const chosen = Array.from({ length: SAMPLED }, (_, i) => Math.floor(((i + 0.5) / SAMPLED) * (whole - 1)));
  const rows = [...chosen, whole - 1].flatMap((place) => Array.from(batches[place]?.rows ?? []));
  return { rows: Uint32Array.from(rows), longest: train.text !== undefined };
}
