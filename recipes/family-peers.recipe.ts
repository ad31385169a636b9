/**
 * @file Small classifiers of other libraries on the rows of our own: scikit-learn, fastText and model2vec, as their users train them
 * (bench/peers/family_peers.py, which needs `scikit-learn fasttext-wheel model2vec[train,distill] skops`). Five seeds where a peer is
 * random; accuracy, size of the file, latency and throughput on one thread, into `results/family-peers.json`. Resumes by peer, set
 * and seed. `--speed` trains the first seed of each again and takes its latency and throughput anew, for a quiet machine.
 *
 *   RETORT_DATA=… RETORT_PYTHON=… npm run recipe -- family-peers [--peers fasttext,…] [--sets trec,…] [--speed]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, median } from '../bench/figures.js';
import { peerAnswer } from '../bench/peers/peer.js';
import { loadTextSet, splitOf, type TextTable } from '../src/entries/data.js';
import { OptionError } from '../src/entries/errors.js';
import { mean, sampleSd } from '../src/entries/experiments.js';
import { resolveModel } from '../src/entries/models.js';
import { chosenNames } from './chosen-names.js';
import { keptJson } from './kept-json.js';
import { writeFileAtomic } from './write-file.js';

/** Titles of the peers that `family_peers.py` knows; the same numbers come of any seed where `isRandom` is false. */
const PEERS = {
  'tfidf-svm': { title: 'scikit-learn, TF-IDF, `LinearSVC`', isRandom: true },
  'tfidf-logistic': { title: 'scikit-learn, TF-IDF, `LogisticRegression`, C by cross-validation', isRandom: false },
  fasttext: { title: '`fasttext`, defaults', isRandom: true },
  'fasttext-tuned': { title: '`fasttext`, `wordNgrams` 2, `lr` 0.5, `epoch` 25', isRandom: true },
  'fasttext-quantised': { title: '`fasttext`, the same quantised to 100,000 rows', isRandom: true },
  'fasttext-autotune': { title: '`fasttext`, a minute of autotune', isRandom: true },
  'model2vec-logistic': { title: '`model2vec` from MiniLM, frozen, logistic regression', isRandom: false },
  'model2vec-tuned': { title: '`model2vec` from MiniLM, fine-tuned', isRandom: true },
} as const;
type PeerName = keyof typeof PEERS;

/** Where each is evaluated: the splits that our students of the set are. */
const SETS = { sst2: ['dev', 'test'], trec: ['test'], banking77: ['test'], mrpc: ['test'] } as const;
type SetName = keyof typeof SETS;
const SEEDS = [1, 2, 3, 4, 5];
const FILE = join('results', 'family-peers.json');
/** One thread everywhere, and nothing from the hub. */
const ENVIRONMENT = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  TOKENIZERS_PARALLELISM: 'false',
  HF_HUB_OFFLINE: '1',
  CUDA_VISIBLE_DEVICES: '',
};

/** Shares of 1; `f1` of two classes. */
type Scores = Readonly<Record<string, { readonly accuracy: number; readonly f1?: number }>>;
/** Of the first seed, in time of the processor: one text at a time, and batches of 32; what prepares a text is in it. */
type Speed = {
  readonly p50Micros: number;
  readonly p95Micros: number;
  readonly textsPerSecond: number;
  readonly machine: string;
};
export type FamilyPeerRun = {
  readonly peer: PeerName;
  readonly set: SetName;
  readonly seed: number;
  readonly trained: number;
  readonly scores: Scores;
  readonly bytes: number;
  readonly seconds: number;
  readonly processorSeconds: number;
  /** What the peer chose on the training rows. */
  readonly chosen?: object;
  readonly speed?: Speed;
  readonly versions: Readonly<Record<string, string>>;
};

type Job = { readonly peer: PeerName; readonly set: SetName; readonly seed: number };

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: 'string' },
      sets: { type: 'string' },
      speed: { type: 'boolean', default: false },
      work: { type: 'string', default: join('.bench', 'family-peers') },
      out: { type: 'string', default: FILE },
    },
  });
  const peers = chosenNames('--peers', PEERS, values.peers?.split(','));
  const sets = chosenNames('--sets', SETS, values.sets?.split(','));
  mkdirSync(values.work, { recursive: true });
  const minilm = await resolveModel('minilm-l6');
  let runs = keptJson<readonly FamilyPeerRun[]>(values.out, []);
  const trained = new Map<SetName, number>();
  const rowsOf = (set: SetName) => join(values.work, `${set}.json`);
  for (const set of sets) trained.set(set, await writeRows(rowsOf(set), set));
  // All of the first seed come first, so that a table of what is there has every row.
  for (const seed of values.speed ? SEEDS.slice(0, 1) : SEEDS) {
    for (const job of peers.flatMap((peer) => sets.map((set) => ({ peer, set, seed })))) {
      const { peer, set } = job;
      const isSame = (one: Job) => one.peer === peer && one.set === set && one.seed === seed;
      const known = runs.find(isSame);
      if (known !== undefined && !values.speed) continue;
      if (seed !== SEEDS[0] && !PEERS[peer].isRandom) continue;
      const found = runJob(job, { rows: rowsOf(set), minilm, work: values.work });
      const run = { ...found, trained: trained.get(set) ?? 0 };
      const own = known === undefined ? run : { ...known, ...(run.speed && { speed: run.speed }) };
      runs = known === undefined ? [...runs, own] : runs.map((one) => (isSame(one) ? own : one));
      await writeFileAtomic(values.out, `${JSON.stringify(runs, null, 1)}\n`);
      console.log(sayRun(run));
    }
  }
  console.log(`${familyPeersTable(runs)}\n${familyPeersCostTable(runs)}`);
}

/** What a peer is given, as JSON. @returns how many rows it is trained on. */
async function writeRows(path: string, set: SetName): Promise<number> {
  const task = await loadTextSet(set, { dir: process.env.RETORT_DATA });
  const train = splitOf(task, 'train');
  const evaluated = Object.fromEntries(SETS[set].map((split) => [split, columnsOf(splitOf(task, split))]));
  writeFileSync(path, JSON.stringify({ train: columnsOf(train), evaluated }));
  return train.size;
}

/** Both texts of a pair behind each other: these peers read one text a row. */
function columnsOf({ name, texts, pairs, labels }: TextTable): { readonly texts: string[]; readonly labels: number[] } {
  if (labels === undefined) {
    throw new OptionError({ where: name, wanted: 'a label in each row', got: 'none', fix: 'add the file with labels' });
  }
  return {
    texts: texts.map((text, row) => (pairs === undefined ? text : `${text} ${pairs[row]}`)),
    labels: [...labels],
  };
}

/** What a peer prints: null where there is nothing. */
type Answer = Omit<FamilyPeerRun, keyof Job | 'trained' | 'speed' | 'chosen'> & {
  readonly speed: Omit<Speed, 'machine'> | null;
  readonly chosen: object | null;
};

function runJob(
  job: Job,
  { work, ...files }: { readonly rows: string; readonly minilm: string; readonly work: string },
): Omit<FamilyPeerRun, 'trained'> {
  const asked = { ...job, ...files, work, isTimed: job.seed === SEEDS[0] };
  const { speed, chosen, ...run } = peerAnswer<Answer>('family_peers', join(work, 'job.json'), asked, {
    where: `${job.peer} on ${job.set}, seed ${job.seed}`,
    packages: 'scikit-learn, fasttext-wheel, model2vec[train,distill] and skops',
    environment: ENVIRONMENT,
  });
  return {
    ...job,
    ...run,
    seconds: rounded(run.seconds, 2),
    processorSeconds: rounded(run.processorSeconds, 2),
    ...(chosen !== null && { chosen }),
    ...(speed !== null && {
      speed: {
        p50Micros: rounded(speed.p50Micros, 1),
        p95Micros: rounded(speed.p95Micros, 1),
        textsPerSecond: Math.round(speed.textsPerSecond),
        machine: machine(),
      },
    }),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function sayRun({ peer, set, seed, scores, bytes, seconds, speed }: FamilyPeerRun): string {
  const shares = Object.entries(scores).map(([split, { accuracy }]) => `${split} ${(100 * accuracy).toFixed(2)} %`);
  const timed = speed === undefined ? '' : `; ${speed.p50Micros} µs, ${speed.textsPerSecond} texts/s`;
  const cost = `${(bytes / 1e6).toFixed(1)} MB, ${seconds.toFixed(0)} s${timed}`;
  return `${peer}, ${set}, seed ${seed}: ${shares.join(', ')}; ${cost}`;
}

/** Columns of scores: what of which set. */
const SCORES = [
  { title: 'SST-2 dev', set: 'sst2', split: 'dev', metric: 'accuracy' },
  { title: 'SST-2 test', set: 'sst2', split: 'test', metric: 'accuracy' },
  { title: 'TREC', set: 'trec', split: 'test', metric: 'accuracy' },
  { title: 'BANKING77', set: 'banking77', split: 'test', metric: 'accuracy' },
  { title: 'MRPC', set: 'mrpc', split: 'test', metric: 'accuracy' },
  { title: 'MRPC, F1', set: 'mrpc', split: 'test', metric: 'f1' },
] as const satisfies readonly { title: string; set: SetName; split: string; metric: 'accuracy' | 'f1' }[];

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** Those of the runs, in the order of the table. */
function peersOf(runs: readonly FamilyPeerRun[]): PeerName[] {
  return (Object.keys(PEERS) as PeerName[]).filter((name) => runs.some(({ peer }) => peer === name));
}

/** A row for each peer: accuracy or F1 in percent, the mean of its seeds and their SD. */
export function familyPeersTable(runs: readonly FamilyPeerRun[]): string {
  const rows = peersOf(runs).map((name) => {
    const scored = SCORES.map(({ set, split, metric }) => {
      const own = runs.filter(({ peer, set: of }) => peer === name && of === set);
      const found = own.map(({ scores }) => 100 * (scores[split]?.[metric] ?? Number.NaN));
      if (found.length === 0) return '';
      return found.length === 1 ? mean(found).toFixed(1) : `${mean(found).toFixed(1)} ± ${sampleSd(found).toFixed(1)}`;
    });
    return row([PEERS[name].title, ...scored]);
  });
  const titles = ['peer', ...SCORES.map(({ title }) => title)];
  return [row(titles), `| --- |${' ---: |'.repeat(SCORES.length)}`, ...rows, ''].join('\n');
}

function threeDigits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en');
}

const SET_TITLES = { sst2: 'SST-2', trec: 'TREC', banking77: 'BANKING77', mrpc: 'MRPC' } as const satisfies Record<
  SetName,
  string
>;

/** A row for each peer and set: the size of the file and the seconds of a training, medians of the seeds; latency and throughput. */
export function familyPeersCostTable(runs: readonly FamilyPeerRun[]): string {
  const rows = peersOf(runs).flatMap((name) =>
    (Object.keys(SETS) as SetName[]).flatMap((set) => {
      const own = runs.filter((run) => run.peer === name && run.set === set);
      if (own.length === 0) return [];
      const speed = own.find((run) => run.speed !== undefined)?.speed;
      const cells = [
        median(own.map(({ bytes }) => bytes / 1e6)).toFixed(1),
        speed === undefined ? '' : threeDigits(speed.p50Micros),
        speed === undefined ? '' : threeDigits(speed.p95Micros),
        speed?.textsPerSecond.toLocaleString('en') ?? '',
        median(own.map(({ processorSeconds }) => processorSeconds)).toFixed(1),
      ];
      return [row([PEERS[name].title, SET_TITLES[set], ...cells])];
    }),
  );
  const titles = ['file, MB', 'p50, µs', 'p95, µs', 'texts/s', 'training, s of the processor'];
  return [row(['peer', 'set', ...titles]), `| --- | --- |${' ---: |'.repeat(titles.length)}`, ...rows, ''].join('\n');
}
