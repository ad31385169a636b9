/** @file What a run is asked, and what it gives. */
import type { Dataset } from '../../data/dataset.js';
import type { Perturbation } from '../../data/perturbation.js';
import type { Method } from '../../methods/method.js';
import type { MetricName } from '../../metrics/table.js';
import type { Model, Weights } from '../../models/model.js';
import type { ParameterGroup } from '../../optim/groups.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { ScheduleName } from '../../optim/schedules.js';
import type { Portion } from '../../options/option-spec.js';
import type { Question } from '../../options/question.js';
import type { Teacher } from '../../teachers/teacher.js';
import type { Evaluator, EvaluatorOptions } from '../evaluation/evaluate.js';
import type { openHostStep } from '../step/host-step.js';
import type { openInGraphStep } from '../step/in-graph-step.js';
import type { TrainingStep } from '../step/step.js';
import type { EarlyStopping } from './early-stopping.js';
import type { TrainingEvent } from './events.js';
import type { Monitor } from './kept-models.js';
import type { RunRecord } from './run-record.js';

type StepOptions = Parameters<typeof openInGraphStep>[0] & Parameters<typeof openHostStep>[0];

/** A fit by a convex solver. */
export type FitSettings = {
  /** C of `DualAscent` times the mean ‖x‖² of a row: the larger, the weaker the L2 penalty. Default: chosen on inner folds (`fitLinear`). */
  readonly strength?: number | undefined;
};

export type RunOptions = {
  readonly model: Model;
  readonly method: Method;
  /** To start from. Default: drawn from `seed`. */
  readonly weights?: Weights | undefined;
  /** What a method's peers start from, one each. Default: drawn from `seed`; not where the student has `weights`. */
  readonly peerWeights?: readonly Weights[] | undefined;
  readonly teacher?: Teacher | undefined;
  /**
   * Whether the teacher answers once for each row, before the training, or as part of each step. Default: once, where
   * its answers are small and nothing perturbs the rows.
   */
  readonly teacherForm?: 'fed' | 'traced' | undefined;
  /** What the model answers, to be kept with it: what its teacher was asked. */
  readonly question?: Question | undefined;
  readonly data: {
    readonly train: Dataset;
    readonly evaluation?: Dataset | undefined;
    /** What the model to use is scored on once, at the end. */
    readonly test?: Dataset | undefined;
  };
  /**
   * Find the weights by a convex solver (`fitLinear`) in the place of steps, of a linear n-gram model and a method with
   * `rowTargets`; of an encoder with the head `mean` those of its last layer, all others staying as they are. All that is said of steps, epochs and their optimiser, and the weights to start from, are then not read.
   */
  readonly fit?: FitSettings | undefined;
  /** Changes each training batch before student and teacher see it; a teacher is then part of each step. */
  readonly perturbation?: Perturbation | undefined;
  /** Its learning rate is the one before the schedule. */
  readonly optimizer: Optimizer;
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** Gradients are scaled down to this common norm. Default: never. */
  readonly maxGradNorm?: number | undefined;
  /** Default: `constant`. */
  readonly schedule?: ScheduleName | undefined;
  readonly warmupSteps?: number | undefined;
  readonly epochs: number;
  readonly maxSteps?: number | undefined;
  /** Rows of a batch. */
  readonly batchSize: number;
  /** Rows of an evaluation batch: what `limitEvalBatches` counts. Default: `batchSize`. */
  readonly evalBatchSize?: number | undefined;
  /** Batches whose gradients make one step. Default: 1. */
  readonly gradientAccumulationSteps?: number | undefined;
  /** For texts: tokens of a run at most, padding included; a larger batch is run in parts. Default: 2048. */
  readonly tokensPerRun?: number | undefined;
  readonly limitTrainBatches?: Portion | undefined;
  /** `{ batches: 0 }`: no evaluation. */
  readonly limitEvalBatches?: Portion | undefined;
  /** One training batch, one evaluation batch, no kept models. */
  readonly fastDevRun?: boolean | undefined;
  readonly earlyStopping?: EarlyStopping | undefined;
  /** End with the model of the best epoch by `monitor` in the place of the last one's, as Keras' `restore_best_weights`. Default: false. */
  readonly restoreBest?: boolean | undefined;
  readonly seed: number;
  readonly threads?: number | undefined;
  readonly device?: string | undefined;
  readonly outputDir: string;
  /** Go on with an interrupted run, or start if there is none. */
  readonly resume?: boolean | undefined;
  /** Replace what an earlier run wrote. */
  readonly overwrite?: boolean | undefined;
  /** Models kept for their value of `monitor`: so many of the best; -1 for all. Default: 0. */
  readonly saveTopK?: number | undefined;
  /** What an evaluation measures besides the loss. Default: accuracy; of a regression Pearson's and Spearman's correlation. */
  readonly metrics?: readonly MetricName[] | undefined;
  /** Default: the first of the metrics, the better way up. */
  readonly monitor?: Monitor | undefined;
  /** Keep the model after the last step as `last.ckpt`. Default: true. */
  readonly saveLast?: boolean | undefined;
  /** Least seconds between two saves of the state. Default: 20 in mid-epoch, 2 at an epoch's end, more if it is large. */
  readonly stateSeconds?: number | undefined;
  /** The command line, for the record, and the text of the config that it names. */
  readonly command?: string | undefined;
  readonly config?: string | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
  /** Whether a warning is an error: before any work where it can be known then. Default: false. */
  readonly strict?: boolean | undefined;
  /** Whether the weights are random, but perhaps for word vectors. Default: whether none are given. */
  readonly startsAtRandom?: boolean | undefined;
  /** Aborted: the run stops after the steps under way, and keeps its state. */
  readonly signal?: AbortSignal | undefined;
  /** Compiles the step. Default: `openHostStep` for texts, `openInGraphStep` for rows of one shape. */
  readonly openStep?: ((options: StepOptions) => Promise<TrainingStep>) | undefined;
  /** Scores the model after each epoch. Default: `openEvaluator`, for one answer a row. */
  readonly openEvaluator?:
    | ((options: EvaluatorOptions) => Promise<Pick<Evaluator, 'evaluate' | 'release'>>)
    | undefined;
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
