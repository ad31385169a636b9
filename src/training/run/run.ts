/** @file A whole training run: from model, method and data to an output folder with models, log and metrics. */
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import type { Perturbation } from '../../data/perturbation.js';
import { expectSame } from '../../files/fingerprint.js';
import { claimOutputFolder, type OutputFolder } from '../../files/output-folder.js';
import type { Method } from '../../methods/method.js';
import type { Model, Weights } from '../../models/model.js';
import { loadModel } from '../../models/saved-model.js';
import type { ParameterGroup } from '../../optim/groups.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { ScheduleName } from '../../optim/schedules.js';
import type { Teacher } from '../../teachers/teacher.js';
import type { Evaluator, EvaluatorOptions } from '../evaluation/evaluate.js';
import type { MetricName } from '../evaluation/metrics.js';
import type { openHostStep } from '../step/host-step.js';
import type { openInGraphStep } from '../step/in-graph-step.js';
import type { TrainingStep } from '../step/step.js';
import type { Portion } from './batch-limits.js';
import { hasRunState, isFile, loadRunState, loadRunTensors, removeRunState } from './checkpoint.js';
import type { EarlyStopping } from './early-stopping.js';
import type { TrainingEvent } from './events.js';
import type { Monitor } from './kept-models.js';
import { type SavedRun, trainInto } from './live-run.js';
import { type PreparedRun, prepareRun } from './prepare-run.js';
import { LOG, METRICS, RESUME } from './run-files.js';
import { expectSameRun, type RunRecord, readRunRecord } from './run-record.js';

type StepOptions = Parameters<typeof openInGraphStep>[0] & Parameters<typeof openHostStep>[0];

export type RunOptions = {
  readonly model: Model;
  readonly method: Method;
  /** To start from. Default: drawn from `seed`. */
  readonly weights?: Weights;
  /** What a method's peers start from, one each. Default: drawn from `seed`; not where the student has `weights`. */
  readonly peerWeights?: readonly Weights[];
  readonly teacher?: Teacher;
  /**
   * Whether the teacher answers once for each row, before the training, or as part of each step. Default: once, where
   * its answers are small and nothing perturbs the rows.
   */
  readonly teacherForm?: 'fed' | 'traced';
  readonly data: { readonly train: Dataset; readonly evaluation?: Dataset };
  /** Changes each training batch before student and teacher see it; a teacher is then part of each step. */
  readonly perturbation?: Perturbation;
  /** Its learning rate is the one before the schedule. */
  readonly optimizer: Optimizer;
  readonly groups?: readonly ParameterGroup[];
  /** Gradients are scaled down to this common norm. Default: never. */
  readonly maxGradNorm?: number;
  /** Default: `constant`. */
  readonly schedule?: ScheduleName;
  readonly warmupSteps?: number;
  readonly epochs: number;
  readonly maxSteps?: number;
  /** Rows of a batch. */
  readonly batchSize: number;
  /** Rows of an evaluation batch: what `limitEvalBatches` counts. Default: `batchSize`. */
  readonly evalBatchSize?: number;
  /** Batches whose gradients make one step. Default: 1. */
  readonly gradientAccumulationSteps?: number;
  /** For texts: tokens of a run at most, padding included; a larger batch is run in parts. Default: 2048. */
  readonly tokensPerRun?: number;
  readonly limitTrainBatches?: Portion;
  /** `{ batches: 0 }`: no evaluation. */
  readonly limitEvalBatches?: Portion;
  /** One training batch, one evaluation batch, no kept models. */
  readonly fastDevRun?: boolean;
  readonly earlyStopping?: EarlyStopping;
  readonly seed: number;
  readonly threads?: number;
  readonly device?: string;
  readonly outputDir: string;
  /** Go on with an interrupted run, or start if there is none. */
  readonly resume?: boolean;
  /** Replace what an earlier run wrote. */
  readonly overwrite?: boolean;
  /** Models kept for their value of `monitor`: so many of the best; -1 for all. Default: 0. */
  readonly saveTopK?: number;
  /** What an evaluation measures besides the loss. Default: accuracy; of a regression Pearson's and Spearman's correlation. */
  readonly metrics?: readonly MetricName[];
  /** Default: the first of the metrics, the better way up. */
  readonly monitor?: Monitor;
  /** Keep the model after the last step as `last.ckpt`. Default: true. */
  readonly saveLast?: boolean;
  /** Least seconds between two saves of the state. Default: 20 in mid-epoch, 2 at an epoch's end, more if it is large. */
  readonly stateSeconds?: number;
  /** The command line, for the record, and the text of the config that it names. */
  readonly command?: string;
  readonly config?: string;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Whether a warning is an error: before any work where it can be known then. Default: false. */
  readonly strict?: boolean;
  /** Whether the weights are random, but perhaps for word vectors. Default: whether none are given. */
  readonly startsAtRandom?: boolean;
  /** Aborted: the run stops after the steps under way, and keeps its state. */
  readonly signal?: AbortSignal;
  /** Compiles the step. Default: `openHostStep` for texts, `openInGraphStep` for rows of one shape. */
  readonly openStep?: (options: StepOptions) => Promise<TrainingStep>;
  /** Stands between the run and its step, to time it. It must change nothing. */
  readonly watchStep?: (step: TrainingStep) => TrainingStep;
  /** Scores the model after each epoch. Default: `openEvaluator`, for one answer a row. */
  readonly openEvaluator?: (options: EvaluatorOptions) => Promise<Pick<Evaluator, 'evaluate' | 'release'>>;
};

export type RunResult = {
  /** `already-finished`: asked to resume a run that had ended; nothing was done. */
  readonly status: 'finished' | 'already-finished';
  readonly record: RunRecord;
  /** After the last step; absent if the run had already finished and kept no `last.ckpt`. */
  readonly weights?: Weights;
  readonly lastPath?: string;
  readonly keptPaths: readonly string[];
};

/**
 * Trains, evaluates after each epoch, and writes into `outputDir`: `metrics.json`, `log.jsonl`, the models that are to
 * be kept, and while it runs its state in `resume/`.
 * @throws OptionError, SignalError, and CheckError of a strict run, before any work starts; OutputError for a folder in use or not empty, or a full disk;
 *   InterruptedError, DivergedError with the state kept; CheckpointError for a state that cannot be taken up.
 */
export async function runTraining(options: RunOptions): Promise<RunResult> {
  return await runPrepared(prepareRun(options));
}

/** As `runTraining`, for a run whose options have been checked. */
export async function runPrepared(run: PreparedRun): Promise<RunResult> {
  const { outputDir, resume = false } = run.options;
  const { folder, isFinished } = await claim(run.options);
  try {
    if (isFinished) return await finishedBefore(run);
    const saved = resume && (await hasRunState(join(outputDir, RESUME))) ? await stateToResume(run) : undefined;
    return await trainInto(run, saved);
  } finally {
    folder.release();
  }
}

/**
 * Takes the output folder. With `resume`, what a run killed before its first save has left is cleared away: there is
 * no state to go on from, so the run starts.
 */
async function claim(options: RunOptions): Promise<{ folder: OutputFolder; isFinished: boolean }> {
  const { outputDir, resume = false, overwrite = false, signal } = options;
  const folder = await claimOutputFolder(outputDir, { resume, overwrite, signal });
  if (!resume) return { folder, isFinished: false };
  try {
    const isFinished = await isFile(join(outputDir, METRICS));
    if (isFinished || (await hasRunState(join(outputDir, RESUME)))) return { folder, isFinished };
    const wasBegun = await isFile(join(outputDir, LOG));
    folder.release();
    return { folder: await claimOutputFolder(outputDir, { overwrite: wasBegun, signal }), isFinished };
  } catch (error) {
    folder.release();
    throw error;
  }
}

async function finishedBefore({ options, fingerprint }: PreparedRun): Promise<RunResult> {
  const { outputDir, onEvent } = options;
  const record = await readRunRecord(join(outputDir, METRICS));
  expectSameRun(outputDir, record, fingerprint());
  // Left by a kill in the last instant of the run.
  await removeRunState(join(outputDir, RESUME));
  onEvent?.({
    type: 'notice',
    text: `the run in ${outputDir} has finished: nothing to resume; --overwrite starts it anew`,
  });
  const lastPath = record.last === undefined ? undefined : join(outputDir, record.last);
  return {
    status: 'already-finished',
    record,
    ...(lastPath !== undefined && { lastPath, weights: (await loadModel(lastPath)).weights }),
    keptPaths: record.kept.map(({ name }) => join(outputDir, name)),
  };
}

async function stateToResume({ options, fingerprint }: PreparedRun): Promise<SavedRun> {
  const { outputDir } = options;
  const folder = join(outputDir, RESUME);
  const { hash, retort: _retort, ...state } = await loadRunState(folder);
  expectSame(outputDir, state.options, fingerprint());
  return { state, tensors: await loadRunTensors(folder, hash) };
}
