/**
 * @file Whether what `retort init` proposes holds: it is run as it is proposed, with 500 labels (BANKING77: 770) and the texts of
 * the other training rows as a pool, on SST-2, TREC, BANKING77 and IMDB, and on all rows of MRPC and SMS spam. Kept in
 * `results/proposals.json`: what was promised, what came out over labels alone and over the linear baseline, the plan's time and
 * the time that it took, both with the share of the machine that other processes had.
 *
 *   RETORT_DATA=… npm run build && npm run recipe -- proposals [SET …] [--work .bench/proposals] [--results results]
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTextSet, splitOf, stratifiedSplit, stratifiedSubset, type TextTable } from '../src/entries/data.js';
import { describeEnvironment, readExperimentRecord } from '../src/entries/experiments.js';
import { chosenNames } from './chosen-names.js';
import { keptJson } from './kept-json.js';
import { gainText } from './paired-gain.js';
import { timed } from './timed-command.js';
import { writeFileAtomic } from './write-file.js';

type Proposed = {
  readonly title: string;
  /** Labelled rows, the others being the pool; without it all rows by the name of the set. */
  readonly labels?: number;
  readonly pool?: number;
  readonly scored?: 'dev' | 'test';
  readonly scoredRows?: number;
};

const SETS = {
  trec: { title: 'TREC', labels: 500, scored: 'test' },
  sst2: { title: 'SST-2', labels: 500, pool: 20_000, scored: 'dev' },
  banking77: { title: 'BANKING77', labels: 770, scored: 'test' },
  mrpc: { title: 'MRPC' },
  'sms-spam': { title: 'SMS spam' },
  imdb: { title: 'IMDB', labels: 500, scored: 'test', scoredRows: 1000 },
} as const satisfies Readonly<Record<string, Proposed>>;
type SetName = keyof typeof SETS;
const ENTRIES: Readonly<Record<SetName, Proposed>> = SETS;
/** Another draw than those of the recipes that the proposals are made from. */
const DRAW = 11;

type Over = { readonly mean: number; readonly low?: number | undefined; readonly high?: number | undefined };

export type ProposalOutcome = {
  readonly set: SetName;
  readonly rows: number;
  readonly pool: number;
  /** The line of what to use when. */
  readonly line: string;
  readonly promisesGain: boolean;
  /** Percent, or points of the metric. */
  readonly scores: Readonly<Record<string, number>>;
  readonly teacher: number | undefined;
  readonly metric: string;
  readonly gains: Readonly<Record<string, Over & { readonly verdict: string }>>;
  /** Seconds. */
  readonly plan: { readonly low: number; readonly high: number; readonly made: number; readonly others: number };
  readonly took: { readonly seconds: number; readonly others: number };
};

export type Proposals = {
  readonly environment: Awaited<ReturnType<typeof describeEnvironment>>;
  readonly outcomes: readonly ProposalOutcome[];
};

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      work: { type: 'string', default: join('.bench', 'proposals') },
      results: { type: 'string', default: 'results' },
    },
  });
  const file = join(values.results, 'proposals.json');
  for (const name of chosenNames('SET', SETS, positionals.length === 0 ? undefined : positionals)) {
    const outcome = await outcomeOf(name, join(values.work, name));
    console.log(JSON.stringify(outcome));
    const before = keptJson<Proposals | undefined>(file, undefined)?.outcomes ?? [];
    const known = new Map([...before, outcome].map((one) => [one.set, one]));
    const outcomes = (Object.keys(SETS) as SetName[]).flatMap((set) => known.get(set) ?? []);
    const kept: Proposals = { environment: await describeEnvironment({}), outcomes };
    await writeFileAtomic(file, `${JSON.stringify(kept, null, 1)}\n`);
  }
}

/** Percent right, or of MRPC and SMS spam their metric; gains in points with 95 % intervals. */
export function proposalsTable({ outcomes }: Proposals): string {
  const said = (over: ProposalOutcome['gains'][string] | undefined) =>
    over?.low === undefined ? '' : `${over.verdict}: ${gainText(over)}`;
  const minutes = (seconds: number) => (seconds / 60).toFixed(1);
  const lines = outcomes.map(({ set, rows, pool, promisesGain, scores, teacher, gains, plan, took }) => {
    const cells = [
      ENTRIES[set].title,
      `${rows.toLocaleString('en')} + ${pool.toLocaleString('en')}`,
      promisesGain ? 'a gain' : 'none',
      teacher?.toFixed(1) ?? '',
      ['hinton', 'no-teacher', 'linear'].map((arm) => scores[arm]?.toFixed(1) ?? '').join(' / '),
      said(gains['no-teacher']),
      said(gains.linear),
      `${minutes(plan.low)} to ${minutes(plan.high)}`,
      minutes(took.seconds),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| set | rows + texts | promised | teacher | with / without / linear | over labels alone | over the linear model | planned, min | took, min |',
    '| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n');
}

async function outcomeOf(set: SetName, folder: string): Promise<ProposalOutcome> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'retort.yaml');
  const data = await written(set, folder);
  const init = timed(['init', ...data, '--output', config, '--json', '--quiet']);
  const { use } = JSON.parse(init.stdout) as {
    readonly use: { readonly name: string; readonly promisesGain: boolean };
  };
  const planned = timed(['distill', config, '--dry_run', '--json', '--quiet']);
  const { plan, rows, poolRows, outputDir } = JSON.parse(planned.stdout) as {
    readonly rows: number;
    readonly plan: { readonly secondsRange: { readonly low: number; readonly high: number } };
    readonly poolRows: number;
    readonly outputDir: string;
  };
  const { seconds, others } = timed(['distill', config, '--quiet']);
  const record = await readExperimentRecord(join(outputDir, 'experiment.json'));
  return {
    ...{ set, rows, pool: poolRows, line: use.name, promisesGain: use.promisesGain },
    scores: Object.fromEntries(record.arms.map((arm) => [arm.name, Number(arm.mean.toFixed(4))])),
    teacher: record.teacher?.score,
    metric: record.metric,
    gains: Object.fromEntries(
      record.gains.map(({ over, mean, low, high, verdict }) => [over, { mean, low, high, verdict }]),
    ),
    plan: { ...plan.secondsRange, made: planned.seconds, others: planned.others },
    took: { seconds, others },
  };
}

/** What `retort init` is given: files with few labels and a pool, or the name of a set. */
async function written(set: SetName, folder: string): Promise<readonly string[]> {
  const { labels, pool, scored = 'dev', scoredRows } = ENTRIES[set];
  if (labels === undefined) return [set];
  const loaded = await loadTextSet(set, { dir: process.env.RETORT_DATA, onBadRow: () => {} });
  const { part, rest } = stratifiedSplit(splitOf(loaded, 'train'), { rows: labels }, DRAW);
  const dev = splitOf(loaded, scored);
  writeTable(join(folder, 'train.tsv'), part);
  writeTable(
    join(folder, 'dev.tsv'),
    scoredRows === undefined ? dev : stratifiedSubset(dev, { rows: scoredRows }, DRAW),
  );
  const { texts } = pool === undefined ? rest : stratifiedSubset(rest, { rows: pool }, DRAW);
  writeFileSync(join(folder, 'pool.txt'), `${texts.map(onOneLine).join('\n')}\n`);
  return [join(folder, 'train.tsv'), '--transfer', join(folder, 'pool.txt')];
}

function writeTable(path: string, { texts, labels, labelNames }: TextTable): void {
  const lines = texts.map((text, row) => `${onOneLine(text)}\t${labelNames[labels?.[row] ?? -1] ?? ''}`);
  writeFileSync(path, `text\tlabel\n${lines.join('\n')}\n`);
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
