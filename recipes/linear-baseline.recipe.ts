/**
 * @file Adds the arm `linear` to the experiments on texts under `results/` that ran before there was one: a linear model on
 * TF-IDF of n-grams, fitted to the same rows and scored on the same rows as the students, on the same seeds. Trains no student.
 * An experiment that has the arm stays as it is.
 *
 *   RETORT_DATA=… npm run recipe -- linear-baseline
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  loadTextSet,
  openTask,
  splitOf,
  stratifiedSplit,
  type TextSetName,
  type TextTask,
} from '../src/entries/data.js';
import {
  baselineText,
  type FinishedRun,
  fitBaseline,
  readExperimentRecord,
  recordedArm,
  rejudged,
  runsBeside,
  writeExperimentRecord,
} from '../src/entries/experiments.js';

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

export async function main(): Promise<void> {
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
  return { train: rows === undefined ? train : stratifiedSplit(train, { rows }, 1).part, evaluation: dev };
}

async function runOf(tables: Awaited<ReturnType<typeof tablesOf>>, seed: number): Promise<FinishedRun> {
  const { result } = await fitBaseline({ ...tables, metrics: ['accuracy'], seed, threads: 1 });
  const { seconds = 0, ...kept } = result;
  return { arm: ARM, seed, seconds, peakRssBytes: process.resourceUsage().maxRSS * 1024, result: kept };
}
