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
import { fitNgrams } from '../src/tokenizers/ngram-features.js';
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

async function compare(
  train: TextTable,
  judged: TextTable,
  { loss, rounds, peer }: { loss: ConvexLossName; rounds: number; peer: Peer | undefined },
): Promise<void> {
  const labels = train.labels as Int32Array;
  const classes = train.labelNames.length;
  const seconds = { features: [] as number[], fit: [] as number[], search: [] as number[] };
  const peerSeconds = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    let begun = performance.now();
    const lap = () => {
      const [from, now] = [begun, performance.now()];
      begun = now;
      return (now - from) / 1000;
    };
    const features = fitNgrams(train.texts);
    const rows = features.rows(train.texts);
    seconds.features.push(lap());
    const found = await fitLinear({ rows, labels, classes, loss, seed: 1 });
    seconds.search.push((seconds.features.at(-1) as number) + lap());
    const strengths = [found.strength];
    await fitLinear({ rows, labels, classes, loss, seed: 1, strengths });
    seconds.fit.push((seconds.features.at(-1) as number) + lap());
    if (round === 0) {
      const logits = linearLogits(features.rows(judged.texts), found);
      const right = judged.labels?.filter((label, row) => argmax(logits, row, classes) === label).length ?? 0;
      const perRow = (rows.ids.length / train.size).toFixed(0);
      console.log(`${train.name}: ${train.size} rows of ${perRow} of ${rows.width} features, ${classes} classes`);
      console.log(`  ${loss}, C ${found.C.toPrecision(2)}: ${percent(right, judged)} on ${judged.name}`);
    }
    for (const model of peer === undefined ? [] : PEERS) {
      const answer = await (peer as Peer).ask({ model, C: model === 'LinearSVC' ? 1 : found.C });
      const known = peerSeconds.get(model) ?? [];
      peerSeconds.set(model, [...known, Number(answer.features) + Number(answer.fit)]);
      if (round === 0) {
        console.log(`  ${model}, C ${Number(answer.C).toPrecision(2)}: ${percent(Number(answer.right), judged)}`);
      }
    }
  }
  console.log(`  features: ${spread(seconds.features, 2)} s`);
  console.log(`  features and one fit: ${spread(seconds.fit, 2)} s`);
  console.log(`  features, search and fit: ${spread(seconds.search, 2)} s`);
  for (const [model, own] of peerSeconds) console.log(`  scikit-learn, features and ${model}: ${spread(own, 2)} s`);
}

function percent(right: number, { size }: TextTable): string {
  return `${((100 * right) / size).toFixed(2)} %`;
}
