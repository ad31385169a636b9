/**
 * @file A linear model on n-gram features of BANKING77, TREC and all of SST-2: features alone, with one fit at the strength that
 * the search finds, and with the search. scikit-learn does the same beside it, without a search: LinearSVC at C = 1 and
 * LogisticRegression at our C. Rounds alternate.
 *
 *   RETORT_DATA=… npm run bench -- linear-fit [--sets banking77,trec,sst2] [--rounds 3] [--loss logistic] [--alone]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTextSet, type TextSetName } from '../src/data/text-sets.js';
import type { TextTable } from '../src/data/text-table.js';
import { splitOf } from '../src/data/text-task.js';
import type { ConvexLossName } from '../src/optim/convex-loss.js';
import { argmax } from '../src/tensor/logits.js';
import { fitNgrams } from '../src/tokenizers/fit-ngrams.js';
import { fitLinear, linearLogits } from '../src/training/linear/fit-linear.js';
import { spread } from './figures.js';
import { hasPython, type Peer, startPeer } from './peers/peer.js';

const PEERS = ['LinearSVC', 'LogisticRegression'] as const;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sets: { type: 'string', default: 'banking77,trec,sst2' },
      rounds: { type: 'string', default: '3' },
      loss: { type: 'string', default: 'logistic' },
      alone: { type: 'boolean', default: false },
    },
  });
  const dir = process.env.RETORT_DATA;
  if (dir === undefined) {
    console.log('RETORT_DATA is not set: no texts to fit to');
    return;
  }
  const hasPeer = !values.alone && hasPython('sklearn', 'scikit-learn');
  for (const name of values.sets.split(',')) {
    const task = await loadTextSet(name as TextSetName, { dir });
    const train = splitOf(task, 'train');
    const judged = task.test?.labels === undefined ? splitOf(task, 'dev') : task.test;
    const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
    try {
      const columns = join(folder, 'texts.json');
      const columnsOf = ({ texts, labels }: TextTable) => ({ texts, labels: Array.from(labels ?? []) });
      writeFileSync(columns, JSON.stringify({ train: columnsOf(train), judged: columnsOf(judged) }));
      const script = join(process.cwd(), 'bench', 'peers', 'linear_fit.py');
      const peer = hasPeer ? await startPeer(script, ['--texts', columns]) : undefined;
      await compare(train, judged, { loss: values.loss as ConvexLossName, rounds: Number(values.rounds), peer });
      await peer?.stop();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/** Seconds that passed, and those of the processor, which other work on the machine changes less. */
type Times = { readonly all: number; readonly processor: number };

async function timed<T>(work: () => T | Promise<T>): Promise<Times & { readonly result: T }> {
  const [begun, used] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(used);
  return { result, all: (performance.now() - begun) / 1000, processor: (user + system) / 1e6 };
}

async function compare(
  train: TextTable,
  judged: TextTable,
  { loss, rounds, peer }: { loss: ConvexLossName; rounds: number; peer: Peer | undefined },
): Promise<void> {
  const { labels, labelNames, texts } = train;
  const classes = labelNames.length;
  const times = new Map<string, Times[]>();
  const add = (what: string, ...parts: readonly Times[]) => {
    const sum = (of: (part: Times) => number) => parts.reduce((total, part) => total + of(part), 0);
    const own = { all: sum(({ all }) => all), processor: sum(({ processor }) => processor) };
    times.set(what, [...(times.get(what) ?? []), own]);
  };
  for (let round = 0; round < rounds; round++) {
    const made = await timed(() => {
      const features = fitNgrams(texts);
      return { features, rows: features.rows(texts) };
    });
    const { features, rows } = made.result;
    const given = { rows, labels, classes, loss, seed: 1 };
    const search = await timed(() => fitLinear(given));
    const found = search.result;
    const fit = await timed(() => fitLinear({ ...given, strengths: [found.strength] }));
    add('features', made);
    add('features and a fit of this C', made, fit);
    add('features, search and fit', made, search);
    if (round === 0) {
      const logits = linearLogits(features.rows(judged.texts), found);
      const right = judged.labels?.filter((label, row) => argmax(logits, row, classes) === label).length ?? 0;
      const perRow = (rows.ids.length / train.size).toFixed(0);
      console.log(`${train.name}: ${train.size} rows of ${perRow} of ${rows.width} features, ${classes} classes`);
      console.log(`  ${loss}, C ${found.C.toPrecision(2)}: ${percent(right, judged)} on ${judged.name}`);
    }
    for (const model of peer === undefined ? [] : PEERS) {
      const answer = await (peer as Peer).ask({ model, C: model === 'LinearSVC' ? 1 : found.C });
      add(`scikit-learn, features and ${model}`, { all: Number(answer.seconds), processor: Number(answer.processor) });
      if (round > 0) continue;
      console.log(`  ${model}, C ${Number(answer.C).toPrecision(2)}: ${percent(Number(answer.right), judged)}`);
    }
  }
  for (const [what, own] of times) {
    const [all, processor] = [own.map((each) => each.all), own.map((each) => each.processor)];
    console.log(`  ${what}: ${spread(all, 2)} s; of the processor ${spread(processor, 2)} s`);
  }
}

function percent(right: number, { size }: TextTable): string {
  return `${((100 * right) / size).toFixed(2)} %`;
}
