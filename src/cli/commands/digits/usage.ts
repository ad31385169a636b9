import { DIGIT_SETTINGS, DIGIT_TEACHER_SETTINGS, WITHOUT_DIGIT } from '../../../experiments/primer/digit-settings.js';
import { OUTPUT_SETTINGS, RUN_SETTINGS } from '../../../options/run-settings.js';
import type { CommandUsage } from '../../command.js';
import type { OptionTable } from '../../options.js';
import { messageOptions } from '../../shared-options.js';

export const mnistOptions = {
  ...DIGIT_SETTINGS,
  ...messageOptions,
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
  ...DIGIT_TEACHER_SETTINGS,
  ...mnistOptions,
  outputDir: { ...mnistOptions.outputDir, default: 'outputs/mnist_kd' },
} as const satisfies OptionTable;

export const mnistUsage = {
  name: 'mnist',
  summary: 'train a digit classifier, as a teacher or on its own',
  description:
    'Trains a multilayer perceptron (784 inputs, one hidden layer with ReLU) with Adam on MNIST and evaluates it on the test split after ' +
    'each epoch. --save_top_k therefore selects on test data: report and distil from last.ckpt.',
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
    { does: 'continue after Ctrl-C', line: 'retort mnist --save_last --output_dir ./outputs/mnist/ --resume' },
  ],
} as const satisfies CommandUsage;

export const mnistWithKdUsage = {
  name: 'mnist-with-kd',
  summary: 'distil a teacher into a small digit classifier',
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
  summary: 'distillation on digits: teacher, student, controls, over many seeds',
  description:
    "Trains the article's three models and prints its table in seconds. Then trains students that never see one of the " +
    "digits and learn it from a teacher's soft targets alone. Then trains seven arms, controls among them, on several " +
    'seeds, and reports whether the teacher helped; three to five minutes.',
  options: {
    quick: { kind: 'switch', group: 'Training', help: "stop after the article's table and one seed of never-seen" },
    seeds: {
      kind: 'integer',
      min: 1,
      max: 1000,
      default: 10,
      group: 'Training',
      help: 'number of seeds, counted from 42',
    },
    workers: { kind: 'integer', min: 1, max: 64, group: 'Training', help: 'number of parallel runs', defaultSays: '2' },
    seed: RUN_SETTINGS.seed,
    dataDir: DIGIT_SETTINGS.dataDir,
    withoutDigit: WITHOUT_DIGIT,
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
    threads: DIGIT_SETTINGS.threads,
    device: DIGIT_SETTINGS.device,
  },
  hasManyRuns: true,
  examples: [
    { does: "the article's three models, its figures beside ours", line: 'retort primer --quick' },
    { does: 'and whether the teacher helps, over ten seeds', line: 'retort primer' },
    { does: 'with students that never see an 8', line: 'retort primer --without_digit 8' },
    { does: 'continue after an interruption', line: 'retort primer --output_dir outputs/primer --resume' },
  ],
} as const satisfies CommandUsage;
