/**
 * @file The article's job: what a step of the 13 K model costs, and what its three commands take as processes, Node's start
 * included; beside PyTorch's for the same job.
 *
 *   npm run bench -- mnist [--rounds 5] [--alone]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMnist } from '../src/data/mnist.js';
import { mnistDataset } from '../src/data/mnist-dataset.js';
import { epochBatches } from '../src/data/shuffle.js';
import { supervised } from '../src/methods/supervised.js';
import { mlp } from '../src/models/mlp.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { adam } from '../src/optim/adam.js';
import { openInGraphStep } from '../src/training/step/in-graph-step.js';
import type { StepInput } from '../src/training/step/step.js';
import { spread } from './figures.js';
import { hasPyTorch, PYTHON } from './peers/peer.js';

const BATCH = 64;
const LEARNING_RATE = 5e-3;

/** Microseconds a step over an epoch of 60,000 images: gathering rows, running, reading losses. One value an epoch. */
async function stepTimes(dataDir: string, epochs: number): Promise<number[]> {
  const mnist = await loadMnist(dataDir);
  const data = mnistDataset(mnist.train);
  const model = mlp({ hidden: [16] });
  const step = await openInGraphStep({
    model,
    method: supervised({}),
    dims: { B: BATCH },
    optimizer: adam({ learningRate: LEARNING_RATE }),
    seed: 1,
    parameters: initialiseParameters(model.parameters, 1),
    threads: 1,
  });
  const times: number[] = [];
  let count = 0;
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const start = performance.now();
    const before = count;
    let chunk: StepInput[] = [];
    const run = async () => {
      await step.run(chunk);
      chunk = [];
    };
    for (const { rows } of epochBatches({
      size: data.size,
      batchSize: BATCH,
      seed: 1,
      cursor: { epoch, position: 0 },
    })) {
      const batch = data.batch(rows, BATCH, step.placeFor?.(chunk.length));
      chunk.push({ step: ++count, learningRate: LEARNING_RATE, batches: [batch], scalars: {} });
      if (chunk.length === step.stepsPerRun) await run();
    }
    if (chunk.length > 0) await run();
    // The first epoch warms up.
    if (epoch > 0) times.push(((performance.now() - start) * 1000) / (count - before));
  }
  await step.release();
  return times;
}

/** The article's lines, with their folders below `folder`. */
function articleCommands(folder: string): string[][] {
  const common = (fc1: number, output: string, epochs: number, samples: number) =>
    `--n_gpu 0 --num_workers 0 --num_labels 10 --fc1_size ${fc1} --output_dir ${join(folder, output)} --train_batch_size 64 ` +
    `--eval_batch_size 64 --num_train_epochs ${epochs} --seed 42 --save_top_k ${fc1 === 16 ? 1 : 0} --save_last ` +
    `--learning_rate 5e-3 --data_dir ${join(folder, 'data')} --max_train_samples ${samples}`;
  const teacher = join(folder, 'mnist', 'last.ckpt');
  return [
    `mnist ${common(16, 'mnist', 3, -1)}`,
    `mnist ${common(4, 'mnist_800', 40, 800)}`,
    `mnist_with_kd ${common(4, 'mnist_800kd', 40, 800)} --teacher_model ${teacher} --alpha_for_kd 0.8 --temperature_for_kd 20`,
  ].map((line) => line.split(' '));
}

type ProcessFigures = { readonly seconds: number; readonly megabytes: number };

/** Wall time and peak memory of a process, as the operating system counts them. */
function timed(command: string, args: readonly string[]): ProcessFigures {
  const start = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', command, ...args], { encoding: 'utf8' });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return { seconds, megabytes: Number(stderr.trim().split('\n').at(-1)) / 1024 };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      alone: { type: 'boolean', default: false },
      /** The fastest that `mnist_job.py` finds on its own. */
      variant: { type: 'string', default: 'fused' },
    },
  });
  const rounds = Number(values.rounds);
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  try {
    const data = join(folder, 'data');
    console.log(`13 K model, batch ${BATCH}, 1 thread: ${spread(await stepTimes(data, rounds), 0)} µs a step`);
    const sums: number[] = [];
    const peaks: number[] = [];
    const theirs: number[] = [];
    const hasPeer = !values.alone && hasPyTorch();
    for (let round = 0; round < rounds; round++) {
      const outputs = join(folder, String(round));
      const figures = articleCommands(outputs).map((line) => {
        // The data are there already, as on a second run.
        const own = line.map((word) => (word === join(outputs, 'data') ? data : word));
        return timed(process.execPath, [join(process.cwd(), 'dist', 'cli', 'main.js'), ...own]);
      });
      sums.push(figures.reduce((total, { seconds }) => total + seconds, 0));
      peaks.push(Math.max(...figures.map(({ megabytes }) => megabytes)));
      if (!hasPeer) continue;
      theirs.push(
        timed(PYTHON, [
          join(process.cwd(), 'bench', 'peers', 'mnist_job.py'),
          '--variant',
          values.variant,
          '--data',
          data,
        ]).seconds,
      );
    }
    console.log(`the three commands: ${spread(sums, 2)} s in sum; peak ${spread(peaks, 0)} MB`);
    if (theirs.length === 0) return;
    const ratios = theirs.map((value, i) => value / (sums[i] as number));
    console.log(`PyTorch, the same job in one process: ${spread(theirs, 2)} s; ratio ${spread(ratios, 2)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
