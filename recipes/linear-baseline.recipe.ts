/**
 * @file The linear baseline, TF-IDF of n-grams, on the sets and rows of `docs/results.md`: five seeds each, into
 * `results/linear-baseline.json`. Adds the arm `linear` to the experiments under `results/` that ran before there was one, fitted to
 * and scored on the rows of their students, on their seeds. Trains no student; what is there stays as it is.
 *
 *   RETORT_DATA=… npm run recipe -- linear-baseline
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../bench/figures.js';
import {
  loadTextSet,
  openTask,
  splitOf,
  stratifiedSubset,
  type TextSetName,
  type TextTask,
} from '../src/entries/data.js';
import {
  baselineText,
  type FinishedRun,
  fitBaseline,
  inPoints,
  JUDGED_METRICS,
  type JudgedMetric,
  mean,
  readExperimentRecord,
  recordedArm,
  rejudged,
  runsBeside,
  sampleSd,
  writeExperimentRecord,
} from '../src/entries/experiments.js';
import { METRICS } from '../src/entries/training.js';
import { keptJson } from './kept-json.js';
import { writeFileAtomic } from './write-file.js';

const FOLDER = 'results';
const ARM = 'linear';
const DESCRIPTION = 'a linear model on TF-IDF of n-grams, on the labels';

type Rows = { readonly set: TextSetName; readonly split: 'dev' | 'test'; readonly rows?: number };

/** What the students of each experiment learnt from and were scored on, as their recipes say. */
const EXPERIMENTS: Readonly<Record<string, Rows>> = {
  'sst2-bilstm': { set: 'sst2', split: 'dev', rows: 10_000 },
  'sst2-bert3': { set: 'sst2', split: 'dev', rows: 10_000 },
  'sst2-bert3-pool': { set: 'sst2', split: 'dev', rows: 10_000 },
  'trec-bilstm': { set: 'trec', split: 'test' },
  'banking77-bilstm': { set: 'banking77', split: 'test', rows: 5000 },
  'sst2-bilstm-full': { set: 'sst2', split: 'dev' },
  'sst2-bert3-full': { set: 'sst2', split: 'dev' },
};

/** Rows of each set that some students of the page have learnt from; the subsets are those of the recipes. */
const SETS: readonly Rows[] = [
  { set: 'sst2', split: 'dev', rows: 1500 },
  { set: 'sst2', split: 'dev', rows: 2500 },
  { set: 'sst2', split: 'dev', rows: 10_000 },
  { set: 'sst2', split: 'dev' },
  { set: 'trec', split: 'test', rows: 1500 },
  { set: 'trec', split: 'test', rows: 2500 },
  { set: 'trec', split: 'test' },
  { set: 'banking77', split: 'test', rows: 5000 },
  { set: 'banking77', split: 'test' },
  { set: 'stsb', split: 'dev', rows: 1500 },
  { set: 'mrpc', split: 'test' },
];
const SEEDS = [1, 2, 3, 4, 5];
const FILE = join(FOLDER, 'linear-baseline.json');

/** Percent, or points of another metric. */
export type LinearBaseline = Rows & {
  readonly metric: JudgedMetric;
  readonly trained: number;
  readonly evaluated: number;
  readonly scores: readonly number[];
  readonly parameters: number;
  /** Of one fit, features and search included; median. */
  readonly seconds: number;
};

export async function main(): Promise<void> {
  await addArms();
  const known = keptJson<readonly LinearBaseline[]>(FILE, []);
  const found: LinearBaseline[] = [];
  for (const rows of SETS) {
    const same = known.find((one) => one.set === rows.set && one.split === rows.split && one.rows === rows.rows);
    found.push(same ?? (await baselineOf(rows)));
    await writeFileAtomic(FILE, `${JSON.stringify(found, null, 1)}\n`);
  }
}

async function baselineOf(rows: Rows): Promise<LinearBaseline> {
  const { metric, ...tables } = await tablesOf(rows);
  const runs: FinishedRun[] = [];
  for (const seed of SEEDS) runs.push(await runOf({ metric, ...tables }, seed));
  const scores = runs.map(({ result }) => inPoints(result.score));
  const { size: trained } = tables.train;
  const parameters = runs[0]?.result.parameters ?? 0;
  const seconds = Number(median(runs.map((run) => run.seconds)).toFixed(1));
  console.log(`${rows.set} ${rows.split}, ${trained} rows: ${metric} ${scores.join(' ')} (${seconds} s)`);
  return { ...rows, metric, trained, evaluated: tables.evaluation.size, scores, parameters, seconds };
}

/** The table of the page. */
export function linearBaselineTable(found: readonly LinearBaseline[]): string {
  const lines = found.map(({ set, split, metric, trained, evaluated, scores, parameters, seconds }) => {
    const cells = [
      `${set} ${split}`,
      METRICS[metric].title,
      ...[trained, evaluated].map((count) => count.toLocaleString('en')),
      `${mean(scores).toFixed(2)} ± ${sampleSd(scores).toFixed(2)}`,
      parameters.toLocaleString('en'),
      seconds.toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| set | metric | training rows | evaluated | linear | parameters | s a fit |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n');
}

async function addArms(): Promise<void> {
  const known = new Map<string, FinishedRun>();
  for (const [name, rows] of Object.entries(EXPERIMENTS)) {
    const path = join(FOLDER, `${name}.json`);
    if (!existsSync(path)) continue;
    const record = await readExperimentRecord(path);
    if (record.arms.some((arm) => arm.name === ARM)) continue;
    const tables = await tablesOf(rows);
    const runs: FinishedRun[] = [];
    for (const seed of record.seeds) {
      const key = JSON.stringify([rows, seed]);
      const run = known.get(key) ?? (await runOf(tables, seed));
      known.set(key, run);
      runs.push(run);
      console.log(`${name}, seed ${seed}: ${(100 * run.result.score).toFixed(2)} (${run.seconds.toFixed(1)} s)`);
    }
    const arm = { name: ARM, learns: ARM, description: DESCRIPTION };
    const lines = [{ type: 'arm', arm }, ...runs.map((run) => ({ type: 'run', ...run }))];
    appendFileSync(join(FOLDER, `${name}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const scores = runs.map(({ result }) => 100 * result.score);
    const [first, noTeacher, ...others] = record.arms;
    if (first === undefined || noTeacher === undefined) throw new Error(`${name} has no arm without a teacher`);
    const added = recordedArm({ arm, scores, runs }, record.metric, DESCRIPTION);
    const [headline] = record.gains;
    const gain = headline && { ...headline, over: ARM };
    const whole = rejudged(
      {
        ...record,
        arms: [first, noTeacher, added, ...others],
        gains: gain === undefined ? record.gains : [...record.gains, gain],
      },
      await runsBeside(path),
    );
    await writeExperimentRecord(path, whole);
    console.log(`${name}: ${baselineText(whole)}`);
  }
}

async function tablesOf({ set, split, rows }: Rows) {
  const loaded = await loadTextSet(set, { dir: process.env.RETORT_DATA });
  const task: TextTask = split === 'test' ? { ...loaded, dev: splitOf(loaded, 'test') } : loaded;
  const { train, dev } = await openTask(task, {});
  const metric = JUDGED_METRICS.find((name) => name === task.metrics[0]) ?? 'accuracy';
  return { train: rows === undefined ? train : stratifiedSubset(train, { rows }, 1), evaluation: dev, metric };
}

async function runOf({ metric, ...tables }: Awaited<ReturnType<typeof tablesOf>>, seed: number): Promise<FinishedRun> {
  const { result } = await fitBaseline({ ...tables, metrics: [metric], seed, threads: 1 });
  const { seconds = 0, ...kept } = result;
  return { arm: ARM, seed, seconds, peakRssBytes: process.resourceUsage().maxRSS * 1024, result: kept };
}
