/** @file Hyperparameters of a training on texts. */
import { SAMPLINGS, type Sampling } from '../../data/sampling.js';
import { type MetricName, MONITORED_METRICS } from '../../metrics/table.js';
import { adamDefaults } from '../../optim/adam.js';
import { SCHEDULES, type ScheduleName } from '../../optim/schedules.js';
import type { ModelSort, Portion } from '../../options/option-spec.js';
import type { SettingTable } from '../../options/setting.js';
import { TOKENS_PER_RUN } from '../../tokenizers/token-limits.js';

/** How weights are found: by a convex solver, in seconds, where the model is linear; else by steps of an optimiser. */
export const SOLVERS = ['convex', 'steps'] as const;
export type SolverName = (typeof SOLVERS)[number];

/** Each has a default by the sort of model (`usualSettings`). */
export type TextSettings = {
  /** Default: `convex` for a new linear n-gram model and a method with `rowTargets`, else `steps`. */
  readonly solver?: SolverName | undefined;
  /** Of the convex solver's L2 penalty: the larger, the weaker (`FitSettings`). Default: chosen on inner folds. */
  readonly strength?: number | undefined;
  /** Epochs. Default: those of the sort of model; an encoder has more of few rows (`STEPS_OF_FEW_ROWS`). */
  readonly epochs?: number | undefined;
  /** The largest, after the warm-up. */
  readonly learningRate?: number | undefined;
  /** Rows of a batch. */
  readonly batchSize?: number | undefined;
  /** Gradient accumulation: batches whose gradients make one optimiser step. Default: 1. */
  readonly gradientAccumulationSteps?: number | undefined;
  readonly schedule?: ScheduleName | undefined;
  /** Share of the steps over which the learning rate rises. Default: 0.1; 0 with a constant schedule. */
  readonly warmup?: number | undefined;
  /** ε of AdamW or Adam: a weight whose gradients are far below it is moved in their proportion. Default: 1e-8. */
  readonly adamEpsilon?: number | undefined;
  /** Of weights, not of biases and norms. */
  readonly weightDecay?: number | undefined;
  /** Gradients are clipped at this global norm; 0 for never. */
  readonly maxGradNorm?: number | undefined;
  /** Of an encoder: the rate of each layer as a share of that of the layer above it. Default: 1. */
  readonly layerDecay?: number | undefined;
  /** Of several data sets: how often each has its turn. Default: `proportional`. */
  readonly sampling?: Sampling | undefined;
  /** Stop after so many epochs without a better `monitor`; 0 for never. */
  readonly earlyStopping?: number | undefined;
  /** What epochs are ranked by. Default: the task's first metric. */
  readonly monitor?: MetricName | undefined;
  /** Stop after so many steps, if that is sooner. */
  readonly maxSteps?: number | undefined;
  /** Batches of an epoch: a count, or a fraction of them. Default: all. */
  readonly limitTrainBatches?: Portion | undefined;
  /** Tokens of a micro-batch at most, fewer of an encoder's texts over 128 tokens; bounds the memory. Default: 2048. */
  readonly tokensPerRun?: number | undefined;
};

/**
 * Steps that a training takes at least, in up to so many epochs, where nobody says how many epochs. Three epochs of a few
 * thousand rows leave a pre-trained encoder with a new head hardly trained: Mosbach et al. 2021 (arXiv:2006.04884) fine-tune
 * on small sets for 20 epochs, and Zhang et al. 2021 (arXiv:2006.05987) find that few rows want more steps than three epochs
 * have. What starts from words alone has many epochs anyway, and overfits few rows in more.
 */
export const STEPS_OF_FEW_ROWS: Readonly<Partial<Record<ModelSort, { least: number; mostEpochs: number }>>> = {
  encoder: { least: 1000, mostEpochs: 20 },
};

/**
 * The learning rate of a narrow encoder that is fine-tuned on one task for few epochs, where nobody says which. MiniLM-L6 on
 * 10,000 rows of SST-2 ends higher with it than with the rate of BERT in three epochs each, on 500 rows lower in twenty each:
 * `docs/results.md`, "How a teacher is fine-tuned". Turc et al. 2019 (arXiv:1908.08962) tried 3e-5 to 3e-4 for small BERTs.
 */
export const NARROW_ENCODER = { widest: 384, mostEpochs: 3, learningRate: 1e-4 } as const;

export const TEXT_SETTINGS = {
  epochs: {
    ofSteps: true,
    kind: 'integer',
    min: 1,
    usual: { encoder: 3, bilstm: 30, ngram: 20, static: 10 },
    group: 'Training',
    help: 'number of epochs; by default an encoder has more of few rows, until there are 1000 steps, 20 at most',
  },
  learningRate: {
    ofSteps: true,
    kind: 'number',
    above: 0,
    // Devlin et al. 2019 (arXiv:1810.04805), appendix A.3; Adam's own for what starts at random.
    usual: { encoder: 3e-5, bilstm: 1e-3, ngram: 1e-2, static: 3e-3 },
    group: 'Training',
    help: `learning rate of AdamW or Adam; in train ${NARROW_ENCODER.learningRate.toExponential()} for one task, an encoder up to ${NARROW_ENCODER.widest} wide and up to ${NARROW_ENCODER.mostEpochs} epochs`,
  },
  batchSize: {
    ofSteps: true,
    kind: 'integer',
    min: 1,
    max: 65_536,
    usual: { encoder: 32, bilstm: 64, ngram: 64, static: 64 },
    group: 'Training',
    help: 'rows per batch',
  },
  gradientAccumulationSteps: {
    ofSteps: true,
    kind: 'integer',
    min: 1,
    max: 65_536,
    group: 'Training',
    help: 'gradient accumulation: batches per optimiser step',
    defaultSays: '1',
  },
  schedule: {
    ofSteps: true,
    kind: 'choice',
    choices: Object.keys(SCHEDULES) as ScheduleName[], // of the table by construction
    usual: { encoder: 'linear', bilstm: 'constant', ngram: 'linear', static: 'linear' },
    group: 'Training',
    help: 'schedule of the learning rate',
  },
  warmup: {
    ofSteps: true,
    kind: 'number',
    min: 0,
    max: 1,
    group: 'Training',
    saidAs: ['schedule warmupSteps'],
    help: 'share of the steps for warm-up, in which the learning rate rises',
    defaultSays: '0.1; 0 with --schedule constant',
    yaml: { defaultSays: '0.1; 0 with schedule constant' },
  },
  weightDecay: {
    ofSteps: true,
    kind: 'number',
    min: 0,
    usual: { encoder: 0.01, bilstm: 0, ngram: 0, static: 0 },
    group: 'Training',
    help: 'weight decay, of weights but not of biases and norms',
  },
  adamEpsilon: {
    ofSteps: true,
    kind: 'number',
    above: 0,
    default: adamDefaults.epsilon,
    group: 'Training',
    help: 'epsilon of AdamW or Adam; a larger one (1e-3) moves rare words and n-grams less',
  },
  maxGradNorm: {
    ofSteps: true,
    kind: 'number',
    min: 0,
    usual: { encoder: 1, bilstm: 5, ngram: 0, static: 5 },
    group: 'Training',
    help: 'clip gradients at this global norm; 0 = off',
  },
  layerDecay: {
    ofSteps: true,
    kind: 'number',
    above: 0,
    max: 1,
    group: 'Training',
    only: ['train'],
    help: "for an encoder: layer-wise learning-rate decay, each layer's rate as a share of that of the layer above",
    defaultSays: '1',
  },
  sampling: {
    kind: 'choice',
    choices: SAMPLINGS,
    group: 'Training',
    only: ['train'],
    help: 'with several data sets: how tasks are sampled',
    defaultSays: 'proportional',
  },
  earlyStopping: {
    ofSteps: true,
    kind: 'integer',
    min: 0,
    usual: { encoder: 0, bilstm: 5, ngram: 5, static: 0 },
    group: 'Training',
    only: ['train', 'distill'],
    help: 'patience: stop after N epochs without a better --monitor; 0 = never',
    yaml: {
      help: 'patience: stop a student after N epochs without a better monitor on a tenth of the training rows, which no student learns from, and take its best epoch; 0 = never',
      defaultSays: 'bilstm, and ngram by steps: 5 unless epochs is given; else 0',
    },
  },
  monitor: {
    ofSteps: true,
    kind: 'choice',
    choices: MONITORED_METRICS,
    group: 'Training',
    only: ['train', 'distill'],
    saidAs: ['metrics'],
    help: 'metric that ranks epochs',
    defaultSays: "the task's first metric",
  },
  solver: {
    kind: 'choice',
    choices: SOLVERS,
    group: 'Training',
    only: ['train', 'distill'],
    help:
      'how weights are found: by steps of an optimiser, or by a convex solver: of n-grams without a layer, or of a last layer on ' +
      'the mean over the tokens of an encoder that stays as it is',
    defaultSays: 'convex for n-grams, where it is possible; else steps',
  },
  strength: {
    kind: 'number',
    above: 0,
    max: 1e6,
    group: 'Training',
    only: ['train', 'distill'],
    help: 'of the convex solver: inverse strength of the L2 penalty, larger is weaker',
    defaultSays: 'chosen on inner folds, from 0.03 to 100',
  },
  maxSteps: {
    ofSteps: true,
    kind: 'integer',
    min: 1,
    group: 'Training',
    help: 'stop after N optimiser steps at the latest',
    ofEveryModel: true,
  },
  limitTrainBatches: {
    ofSteps: true,
    kind: 'portion',
    default: { fraction: 1 },
    group: 'Data',
    only: ['train', 'distill'],
    help: 'training batches per epoch: a count (100) or a fraction (0.25); 1 is one batch, 1.0 all',
    ofEveryModel: true,
  },
  tokensPerRun: {
    kind: 'integer',
    default: TOKENS_PER_RUN,
    min: 1,
    group: 'Machine',
    help: 'maximum tokens of a micro-batch; bounds the memory: a larger batch is split and its gradients accumulated',
    ofEveryModel: true,
  },
} as const satisfies SettingTable<TextSettings>;
