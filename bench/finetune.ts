/**
 * @file MiniLM fine-tuned on SST-2, by retort and by PyTorch from the same weights and on the same batches; each in a process
 * of its own, so that peak memory can be told.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dataset } from '../src/data/dataset.js';
import { stratifiedSubset } from '../src/data/stratified.js';
import { textDataset } from '../src/data/text-dataset.js';
import { loadTextSet } from '../src/data/text-sets.js';
import { splitOf } from '../src/data/text-task.js';
import { writeFileAtomic } from '../src/files/atomic-write.js';
import { supervised } from '../src/methods/supervised.js';
import { bert } from '../src/models/bert.js';
import { loadHuggingFace, saveHuggingFace } from '../src/models/hugging-face.js';
import { resolveModel } from '../src/models/hugging-face-cache.js';
import { adamw } from '../src/optim/adamw.js';
import { isUsuallyUndecayed } from '../src/optim/groups.js';
import { toNumbers } from '../src/tensor/tensor.js';
import { loadTokenizer } from '../src/tokenizers/load-tokenizer.js';
import { openEvaluator } from '../src/training/evaluation/evaluate.js';
import { runTraining } from '../src/training/run/run.js';
import { openHostStep } from '../src/training/step/host-step.js';
import { PYTHON } from './peers/peer.js';

export type FinetuneJob = {
  /** Training rows, a stratified subset of SST-2's that is the same for every seed; all of them unless given. */
  readonly rows?: number;
  readonly epochs: number;
  /** No more steps than these: for times. */
  readonly maxSteps?: number;
  readonly dropout: number;
  /** Of the new head, the order of the rows and the masks. */
  readonly seed: number;
  /** Of both sides. Default: 2. */
  readonly threads?: number;
};

/** What one side did. */
export type FinetuneRun = {
  readonly losses: readonly number[];
  readonly stepMs: readonly number[];
  /** From the first step to the end of the last. */
  readonly seconds: number;
  /** Steps of all epochs, where `maxSteps` allows them. */
  readonly wholeSteps: number;
  /** On the 872 dev rows. */
  readonly accuracy: number;
  readonly predictions: readonly number[];
  readonly peakMegabytes: number;
};

/** The usual recipe for a small BERT on SST-2. */
export const FINETUNING = {
  learningRate: 5e-5,
  weightDecay: 0.01,
  maxNorm: 1,
  batchSize: 32,
  maxLength: 128,
  warmupShare: 0.1,
  threads: 2,
  subsetSeed: 1,
} as const;

const RUN = 'retort.json';
const PEER_JOB = 'peer-job.json';
const PEER_RUN = 'pytorch.json';
const INITIAL = 'initial';

/** Runs a job in `folder`, or reads what an earlier run left there. */
export function finetune(folder: string, job: FinetuneJob): FinetuneRun {
  const script = fileURLToPath(new URL('finetune-run.js', import.meta.url));
  return ranOnce(join(folder, RUN), process.execPath, [script, folder, JSON.stringify(job)]);
}

/** The same job by PyTorch, after `finetune` has left weights and batches in `folder`. */
export function finetuneByPeer(folder: string, { wholeSteps }: FinetuneRun, args: readonly string[] = []): FinetuneRun {
  const script = join(process.cwd(), 'bench', 'peers', 'finetune.py');
  const out = join(folder, PEER_RUN);
  return { ...ranOnce(out, PYTHON, [script, join(folder, PEER_JOB), out, ...args]), wholeSteps };
}

function ranOnce(out: string, command: string, args: readonly string[]): FinetuneRun {
  if (!existsSync(out)) {
    const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`, { cause: error });
  }
  return JSON.parse(readFileSync(out, 'utf8')) as FinetuneRun;
}

/** The work of `finetune`, in the process that it starts. */
export async function runFinetuning(folder: string, job: FinetuneJob): Promise<void> {
  const { seed, dropout, threads = FINETUNING.threads } = job;
  const { batchSize, maxLength, learningRate, weightDecay, maxNorm, warmupShare } = FINETUNING;
  const dir = process.env.RETORT_DATA;
  if (dir === undefined) throw new Error('RETORT_DATA names the folder of data sets, with sst2/train.tsv and dev.tsv');
  const task = await loadTextSet('sst2', { dir });
  const all = splitOf(task, 'train');
  const table = job.rows === undefined ? all : stratifiedSubset(all, { rows: job.rows }, FINETUNING.subsetSeed);

  const source = await resolveModel('minilm-l6');
  const tokenizer = await loadTokenizer(source);
  const loaded = await loadHuggingFace(source, { labelNames: task.labelNames, seed });
  const model = bert({ ...loaded.model.config, hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout });
  await saveHuggingFace(join(folder, INITIAL), { ...loaded, model });
  const train = textDataset(table, tokenizer, { model, maxLength });
  const dev = textDataset(splitOf(task, 'dev'), tokenizer, { model, maxLength });

  const wholeSteps = job.epochs * Math.ceil(table.size / batchSize);
  const totalSteps = Math.min(wholeSteps, job.maxSteps ?? wholeSteps);
  const warmupSteps = Math.round(warmupShare * totalSteps);
  const rowOf = new Map(table.ids.map((id, row) => [id, row]));
  const order: number[][] = [];
  const losses: number[] = [];
  const stepMs: number[] = [];
  let begun = 0;
  let ended = 0;
  const { weights = loaded.weights } = await runTraining({
    model,
    method: supervised({}),
    weights: loaded.weights,
    data: { train },
    optimizer: adamw({ learningRate, weightDecay }),
    groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }],
    maxGradNorm: maxNorm,
    schedule: 'linear',
    warmupSteps,
    epochs: job.epochs,
    ...(job.maxSteps !== undefined && { maxSteps: job.maxSteps }),
    batchSize,
    seed,
    threads,
    outputDir: join(folder, 'run'),
    overwrite: true,
    // PyTorch's loop keeps no state either.
    stateSeconds: Number.MAX_SAFE_INTEGER,
    openStep: async (options) => {
      const step = await openHostStep(options);
      return {
        ...step,
        run: async (inputs) => {
          const start = performance.now();
          begun ||= start;
          const results = await step.run(inputs);
          ended = performance.now();
          stepMs.push(Number((ended - start).toFixed(3)));
          losses.push(...results.map(({ loss }) => loss));
          for (const { batches } of inputs) {
            const ids = batches.flatMap((batch) => Array.from(batch.ids).filter((_, i) => batch.weights[i] === 1));
            order.push(ids.map((id) => rowOf.get(String(id)) as number));
          }
          return results;
        },
      };
    },
  });
  const evaluator = await openEvaluator({ model, data: dev, threads });
  const { classes, metrics } = await evaluator.predict(weights);
  await evaluator.release();
  const peerJob = {
    model: join(folder, INITIAL),
    train: rowsOf(train),
    dev: rowsOf(dev),
    order,
    learningRate,
    warmupSteps,
    totalSteps,
    weightDecay,
    maxNorm,
    dropout,
    seed,
    threads,
  };
  await writeFileAtomic(join(folder, PEER_JOB), JSON.stringify(peerJob));
  const result: FinetuneRun = {
    losses,
    stepMs,
    seconds: (ended - begun) / 1000,
    wholeSteps,
    accuracy: metrics.accuracy ?? Number.NaN,
    predictions: Array.from(classes),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
  await writeFileAtomic(join(folder, RUN), JSON.stringify(result));
}

/** Rows of ids behind each other, as the peers read them. */
export function rowsOf(data: Dataset): { lengths: number[]; ids: number[]; labels: number[] } {
  const lengths = Array.from(data.text?.lengths ?? []);
  const ids: number[] = [];
  const labels: number[] = [];
  for (const [row, length] of lengths.entries()) {
    const batch = data.batch([row]);
    const { input_ids: rowIds } = batch.inputs;
    if (rowIds !== undefined) ids.push(...toNumbers(rowIds).slice(0, length));
    labels.push(Number(batch.labels?.data[0] ?? -100));
  }
  return { lengths, ids, labels };
}
