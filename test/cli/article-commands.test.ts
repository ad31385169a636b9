import { describe, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';

/** The article's three command lines, word for word. */
const ARTICLE = {
  teacher:
    'mnist --n_gpu 0 --num_workers 0 --num_labels 10 --fc1_size 16 --output_dir ./outputs/mnist/ ' +
    '--train_batch_size 64 --eval_batch_size 64 --num_train_epochs 3 --seed 42 --save_top_k 1 --save_last ' +
    '--learning_rate 5e-3 --data_dir ../data/mnist/ --max_train_samples -1',
  small:
    'mnist --n_gpu 0 --num_workers 0 --num_labels 10 --fc1_size 4 --output_dir ./outputs/mnist_800/ ' +
    '--train_batch_size 64 --eval_batch_size 64 --num_train_epochs 40 --seed 42 --save_top_k 0 --save_last ' +
    '--learning_rate 5e-3 --data_dir ../data/mnist/ --max_train_samples 800',
  smallWithKd:
    'mnist_with_kd --n_gpu 0 --num_workers 0 --num_labels 10 --fc1_size 4 --output_dir ./outputs/mnist_800kd/ ' +
    '--train_batch_size 64 --eval_batch_size 64 --num_train_epochs 40 --seed 42 --save_top_k 0 --save_last ' +
    '--learning_rate 5e-3 --data_dir ../data/mnist/ --max_train_samples 800 ' +
    '--teacher_model ./outputs/mnist/last.ckpt --alpha_for_kd 0.8 --temperature_for_kd 20',
} as const;

// witness: the lines above, read by eye; what they leave out has the defaults of the original script
const COMMON = {
  nGpu: 0,
  numWorkers: 0,
  numLabels: 10,
  trainBatchSize: 64,
  evalBatchSize: 64,
  seed: 42,
  saveLast: true,
  learningRate: 0.005,
  dataDir: '../data/mnist/',
  maxGradNorm: 0,
  gradientAccumulationSteps: 1,
  predictionsFile: undefined,
  writeDevPredictions: false,
  doFastDevRun: false,
  limitTrainBatches: { fraction: 1 },
  limitValBatches: { fraction: 1 },
  device: 'cpu',
  threads: 1,
  json: false,
  quiet: false,
  resume: false,
  overwrite: false,
};
const SMALL = { ...COMMON, fc1Size: 4, numTrainEpochs: 40, saveTopK: 0, maxTrainSamples: 800 };
const EXPECTED = {
  teacher: {
    name: 'mnist',
    options: {
      ...COMMON,
      fc1Size: 16,
      outputDir: './outputs/mnist/',
      numTrainEpochs: 3,
      saveTopK: 1,
      maxTrainSamples: -1,
    },
  },
  small: { name: 'mnist', options: { ...SMALL, outputDir: './outputs/mnist_800/' } },
  smallWithKd: {
    name: 'mnist-with-kd',
    options: {
      ...SMALL,
      outputDir: './outputs/mnist_800kd/',
      teacherModel: './outputs/mnist/last.ckpt',
      alphaForKd: 0.8,
      temperatureForKd: 20,
    },
  },
};
const LINES = ['teacher', 'small', 'smallWithKd'] as const;

/** As a shell splits it: at blanks, a no-break space not being one of them. */
const shellWords = (line: string): string[] => line.split(' ');
const kebab = (line: string): string => line.replace(/(?<=^|--)[a-z_0-9]+/g, (name) => name.replaceAll('_', '-'));

describe.each(LINES)('the article’s command: %s', (which) => {
  test.each([
    ['as printed', (line: string) => line, ''],
    ['in kebab-case', kebab, ''],
    ['with = before values', (line: string) => line.replace(/(--\w+) (?!--)/g, '$1='), ''],
    ['with em dashes', (line: string) => line.replaceAll('--', '—'), 'note'],
    ['with em dashes and a blank', (line: string) => line.replaceAll('--', '— '), 'note'],
    ['with em dashes and a no-break space', (line: string) => line.replaceAll('--', '—\u00a0'), 'note'],
    ['with en dashes', (line: string) => line.replaceAll('--', '–'), 'note'],
    ['with en dashes and a blank', (line: string) => line.replaceAll('--', '– '), 'note'],
    ['with minus signs, in numbers too', (line: string) => line.replaceAll('--', '−').replace(/-(?=\d)/g, '−'), 'note'],
    ['with two en dashes', (line: string) => line.replaceAll('--', '––'), 'note'],
    ['with a horizontal bar', (line: string) => line.replaceAll('--', '―'), 'note'],
  ])('%s gives its options', async (_how, rewrite, notice) => {
    const run = await capturedRun(shellWords(rewrite(ARTICLE[which])));
    expect(run.call).toEqual(EXPECTED[which]);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe(
      notice === '' ? '' : 'note: typographic dashes, as in pasted commands, were read as - or --\n',
    );
  });
});

describe('flags of the original script that offer nothing here', () => {
  test('at their off or default values they are accepted silently', async () => {
    const line = 'mnist --fp_16 false --distributed_backend None --opt_level O1 --n_gpu 0 --num_workers 0';
    expect(await capturedRun(shellWords(line))).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test.each([
    [
      '--fp_16',
      '--fp_16: wanted one of false, 0, no, off, or the flag left out, got no value; ' +
        'training runs in float32, so leave it out',
    ],
    [
      '--fp-16=True',
      "--fp_16: wanted one of false, 0, no, off, or the flag left out, got 'True'; " +
        'training runs in float32, so leave it out',
    ],
    [
      '--opt_level O2',
      "--opt_level: wanted one of O0, O1, or the flag left out, got 'O2'; training runs in float32, so leave it out",
    ],
    [
      '--distributed_backend ddp',
      "--distributed_backend: wanted one of none, null, or the flag left out, got 'ddp'; " +
        'a run is one process, so leave it out and use --threads for more cores',
    ],
  ])('%s ends with exit code 2 and says why', async (flags, message) => {
    const run = await capturedRun(['mnist', ...shellWords(flags)]);
    expect(run).toMatchObject({ exitCode: 2, call: undefined, stdout: '', stderr: `error: ${message}\n` });
  });

  test('--num_workers above 0 runs, with one notice', async () => {
    const run = await capturedRun(shellWords('mnist --num_workers 4'));
    expect(run.call?.options).toMatchObject({ numWorkers: 4 });
    expect(run.stderr).toBe(
      'note: --num_workers 4 has no effect: the images are in memory and need no loader processes\n',
    );
  });
});
