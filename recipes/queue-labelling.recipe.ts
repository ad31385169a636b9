/**
 * @file Whether a labelling that processes share through Redis gives the bytes of one process, and what the sharing costs.
 * Three layers of MiniLM, fine-tuned on 500 rows of SST-2, answer texts of SST-2, TREC, QNLI, QQP and IMDB's sentences:
 *
 *   - `same`: all of them by one process, and by four workers on this machine: the files of the answers are compared;
 *   - `rates`: fewer of them by four plain processes that divide them, and by four workers; rounds alternate. Rows a second are
 *     those of whole parts, by the times of their files.
 *
 * Appends each to `results/queue-labelling.jsonl`. Needs `redis-server`, or its path in `RETORT_REDIS_SERVER`.
 *
 *   npm run build && RETORT_DATA=… npm run recipe -- queue-labelling [--only same,rates] [--rows 200000] [--rate-rows 40000]
 *   [--rounds 3] [--work .bench/queue-labelling] [--results results]
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../bench/figures.js';
import { freePort } from '../bench/free-port.js';
import { startRedis } from '../bench/redis-process.js';
import { loadTextSet, splitOf, stratifiedSubset, type TextTable } from '../src/entries/data.js';
import { mean } from '../src/entries/experiments.js';
import { chosenNames } from './chosen-names.js';
import { expectDone, started } from './killed-processes.js';
import { poolFor } from './pools.js';

const WORKERS = 4;
const ROWS_OF_A_PART = 1024;
/** The student is of no interest: its few steps come after the labelling. */
const DISTIL =
  'distill labelled.jsonl --teacher teacher --model ngram --features 1000 --solver steps --epochs 1 --limit_train_batches 1' +
  ' --seeds 1 --controls none --threads 1 --quiet --overwrite';

type Same = {
  readonly what: 'same';
  readonly rows: number;
  readonly files: number;
  readonly isSame: boolean;
};
/** Rows a second. */
type Rates = { readonly what: 'rates'; readonly rows: number; readonly plain: number; readonly shared: number };

type Place = { readonly work: string; readonly queue: string; readonly keep: (found: Same | Rates) => void };

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rows: { type: 'string', default: '200000' },
      'rate-rows': { type: 'string', default: '40000' },
      rounds: { type: 'string', default: '3' },
      work: { type: 'string', default: join('.bench', 'queue-labelling') },
      results: { type: 'string', default: 'results' },
    },
  });
  const [rows, rateRows, rounds] = [values.rows, values['rate-rows'], values.rounds].map(Number) as [
    number,
    number,
    number,
  ];
  const { work } = values;
  mkdirSync(join(work, 'redis'), { recursive: true });
  const parts = chosenNames('--only', PARTS, values.only?.split(','));
  await prepare(work, { rows, rateRows });
  const port = await freePort();
  const redis = await startRedis(port, join(work, 'redis'));
  try {
    const keep = (found: Same | Rates) => {
      const line = JSON.stringify({ ...found, machine: machine() });
      console.log(line);
      appendFileSync(join(values.results, 'queue-labelling.jsonl'), `${line}\n`);
    };
    for (const part of parts) {
      await PARTS[part]({ work, queue: `redis://127.0.0.1:${port}`, keep }, { rows, rateRows, rounds });
    }
  } finally {
    redis.kill('SIGKILL');
  }
}

type Sizes = { readonly rows: number; readonly rateRows: number; readonly rounds: number };

const PARTS = { same, rates } as const satisfies Readonly<
  Record<string, (place: Place, sizes: Sizes) => Promise<void>>
>;

/** Labelled rows, a teacher, and texts for it: all in one file, fewer in one, and these in a file for each process. */
async function prepare(work: string, { rows, rateRows }: Pick<Sizes, 'rows' | 'rateRows'>): Promise<void> {
  const train = splitOf(await loadTextSet('sst2', { dir: process.env.RETORT_DATA }), 'train');
  const labelled = stratifiedSubset(train, { rows: 500 }, 1);
  const lines = labelled.texts.map((text, row) =>
    JSON.stringify({ text, label: labelled.labelNames[labelled.labels?.[row] ?? 0] }),
  );
  writeFileSync(join(work, 'labelled.jsonl'), `${lines.join('\n')}\n`);
  if (!existsSync(join(work, 'teacher', 'metrics.json'))) {
    const words = 'train labelled.jsonl --model minilm-l6 --layers 3 --epochs 1 --threads 1 --quiet --overwrite';
    await expectDone(work, `${words} --output_dir teacher`);
  }
  const texts = await poolTexts(train, rows, labelled);
  const write = (name: string, some: readonly string[]) =>
    writeFileSync(join(work, name), some.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  write('all.jsonl', texts);
  const fewer = texts.slice(0, rateRows);
  write('fewer.jsonl', fewer);
  for (let i = 0; i < WORKERS; i++) {
    const own = fewer.filter((_, row) => row % WORKERS === i);
    write(`share-${i}.jsonl`, own);
  }
}

async function poolTexts(train: TextTable, rows: number, labelled: TextTable): Promise<readonly string[]> {
  const trec = splitOf(await loadTextSet('trec', { dir: process.env.RETORT_DATA }), 'train');
  const pools = [train, await poolFor('trec', trec), await poolFor('sst2', train)];
  const plain = (text: string) => text.trim().toLowerCase();
  const seen = new Set(labelled.texts.map(plain));
  const texts: string[] = [];
  for (const text of pools.flatMap((pool) => pool?.texts ?? [])) {
    if (seen.has(plain(text))) continue;
    seen.add(plain(text));
    texts.push(text.trim());
  }
  if (texts.length < rows) throw new Error(`wanted ${rows} texts, got ${texts.length}`);
  return texts.slice(0, rows);
}

async function same({ work, queue, keep }: Place, { rows }: Sizes): Promise<void> {
  forget(work, 'one');
  await expectDone(work, `${DISTIL} --transfer all.jsonl --output_dir one`);
  await byWorkers(work, queue, 'all.jsonl', 'shared');
  const [alone, together] = [answersIn(join(work, 'one')), answersIn(join(work, 'shared'))];
  const sums = (files: readonly AnswersFile[]) => JSON.stringify(files.map(({ name, sha256 }) => [name, sha256]));
  const isSame = sums(alone) === sums(together);
  keep({ what: 'same', rows, files: alone.length, isSame });
  if (!isSame) throw new Error(`the answers differ: see ${join(work, 'one')} and ${join(work, 'shared')}`);
}

async function rates({ work, queue, keep }: Place, { rateRows, rounds }: Sizes): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const plain = async () => {
      const shares = Array.from({ length: WORKERS }, (_, i) => i);
      for (const i of shares) forget(work, `plain-${i}`);
      await Promise.all(
        shares.map((i) => expectDone(work, `${DISTIL} --transfer share-${i}.jsonl --output_dir plain-${i}`)),
      );
      return rowsASecond(shares.map((i) => join(work, `plain-${i}`)));
    };
    const shared = async () => {
      await byWorkers(work, queue, 'fewer.jsonl', 'shared');
      return rowsASecond([join(work, 'shared')]);
    };
    const found = { plain: 0, shared: 0 };
    const order = [['plain', plain] as const, ['shared', shared] as const];
    for (const [name, measure] of round % 2 === 0 ? order : order.reverse()) found[name] = await measure();
    keep({ what: 'rates', rows: rateRows, ...found });
  }
}

async function byWorkers(work: string, queue: string, transfer: string, outputDir: string): Promise<void> {
  const store = resolve(work, 'store');
  mkdirSync(store, { recursive: true });
  const shared = `--queue ${queue} --store ${store}`;
  forget(work, outputDir);
  const workers = started(work, `worker ${shared} --workers ${WORKERS} --threads 1 --wait 10 --quiet`);
  try {
    await expectDone(work, `${DISTIL} --transfer ${transfer} --output_dir ${outputDir} ${shared}`);
  } finally {
    workers.kill('SIGTERM');
    rmSync(store, { recursive: true, force: true });
  }
}

/** With the answers, which --overwrite keeps. */
function forget(work: string, outputDir: string): void {
  rmSync(join(work, outputDir), { recursive: true, force: true });
}

type AnswersFile = { readonly name: string; readonly bytes: number; readonly ms: number; readonly sha256: string };

/** By name. */
function answersIn(folder: string): readonly AnswersFile[] {
  const answers = join(folder, 'answers');
  return readdirSync(answers, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.answers'))
    .sort()
    .map((name) => {
      const path = join(answers, name);
      const { size, mtimeMs } = statSync(path);
      return { name, bytes: size, ms: mtimeMs, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
    });
}

/** Of parts of the usual size: the line through their numbers in order, by least squares over the times of their files. */
function rowsASecond(folders: readonly string[]): number {
  const files = folders.flatMap(answersIn);
  const most = Math.max(...files.map(({ bytes }) => bytes));
  const times = files.flatMap(({ bytes, ms }) => (bytes === most ? [ms / 1000] : [])).sort((a, b) => a - b);
  const [middle, meanTime] = [(times.length - 1) / 2, mean(times)];
  const slope =
    times.reduce((sum, time, i) => sum + (time - meanTime) * (i - middle), 0) /
    times.reduce((sum, time) => sum + (time - meanTime) ** 2, 0);
  return Math.round(10 * ROWS_OF_A_PART * slope) / 10;
}
