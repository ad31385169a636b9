/** @file What the runs of `results/families/` come to, and the tables of families in `docs/results.md`. */
import { join } from 'node:path';
import { median } from '../bench/figures.js';
import { type FinishedRun, finishedRuns, mean, unpackRightRows } from '../src/entries/experiments.js';
import { METRICS } from '../src/entries/training.js';
import { FAMILIES, type FamilyName, SETS, type SetName } from './family-settings.js';
import { gainText, pairedGain, type ScoredRun } from './paired-gain.js';
import { writeFileAtomic } from './write-file.js';

const [WITH, WITHOUT, LINEAR] = ['hinton', 'no-teacher', 'linear'] as const;

/** Percent of the rows, of a part of them by its name. */
type Scores = Readonly<Record<string, readonly number[]>>;

type Gain = ReturnType<typeof pairedGain>;

export type FamilyCell = {
  readonly set: SetName;
  readonly family: FamilyName;
  readonly parameters: number;
  readonly seeds: readonly number[];
  readonly scores: { readonly with: Scores; readonly without: Scores };
  /** Of the student with a teacher: over the one without, and over the linear model on the labels. */
  readonly gain?: Gain | undefined;
  readonly overLinear?: Gain | undefined;
  /** Of the student without. */
  readonly withoutOverLinear?: Gain | undefined;
  /** Seconds of a run, median of the arm's. */
  readonly seconds: { readonly with: number; readonly without: number };
};

export type Families = {
  readonly cells: readonly FamilyCell[];
  readonly linear: readonly { readonly set: SetName; readonly seeds: readonly number[]; readonly scores: Scores }[];
};

const RESULTS = 'families.json';

/** Makes `results/families.json` of the runs that are there. */
export async function summarise(results: string): Promise<Families> {
  const cells: FamilyCell[] = [];
  const linear: Families['linear'][number][] = [];
  for (const set of names(SETS)) {
    const found = new Map<FamilyName, Awaited<ReturnType<typeof runsOf>>>();
    for (const family of names(FAMILIES)) found.set(family, await runsOf(results, set, family));
    const baseline = [...found.values()].flatMap((runs) => [...(runs.get(LINEAR)?.values() ?? [])]);
    const bySeed = new Map(baseline.map((run) => [run.seed, run]));
    if (bySeed.size > 0) linear.push({ set, seeds: [...bySeed.keys()], scores: scoresOf(set, [...bySeed.values()]) });
    for (const [family, runs] of found) {
      const [taught, alone] = [runs.get(WITH), runs.get(WITHOUT)];
      if (taught === undefined || alone === undefined) continue;
      const [ours, theirs, base] = [taught, alone, bySeed].map(scored);
      if (ours === undefined || theirs === undefined || base === undefined) continue;
      const gainOver = (one: typeof ours, other: typeof ours) =>
        other.size === 0 ? undefined : pairedGain(one, other);
      cells.push({
        ...{ set, family, seeds: [...taught.keys()] },
        parameters: [...taught.values()][0]?.result.parameters ?? 0,
        scores: { with: scoresOf(set, [...taught.values()]), without: scoresOf(set, [...alone.values()]) },
        gain: gainOver(ours, theirs),
        overLinear: gainOver(ours, base),
        withoutOverLinear: gainOver(theirs, base),
        seconds: { with: secondsOf(taught), without: secondsOf(alone) },
      });
    }
  }
  await writeFileAtomic(join(results, RESULTS), `${JSON.stringify({ cells, linear }, null, 1)}\n`);
  return { cells, linear };
}

function names<K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(table) as K[]; // of the table by construction
}

/** By arm and seed. */
async function runsOf(
  results: string,
  set: SetName,
  family: FamilyName,
): Promise<ReadonlyMap<string, ReadonlyMap<number, FinishedRun>>> {
  const file = join(results, 'families', `${set}-${family}.jsonl`);
  const arms = new Map<string, Map<number, FinishedRun>>();
  for (const run of await finishedRuns(file)) {
    const bySeed = arms.get(run.arm) ?? new Map<number, FinishedRun>();
    arms.set(run.arm, bySeed.set(run.seed, run));
  }
  return arms;
}

function scored(runs: ReadonlyMap<number, FinishedRun>): Map<number, ScoredRun> {
  return new Map([...runs].map(([seed, { result }]) => [seed, { ...result, score: rightShare(result) }]));
}

/** Percent of the rows that were answered right; of F1 too, since rows are what is paired. */
function rightShare({ right }: FinishedRun['result'], from = 0, to?: number): number {
  const rows = right === undefined ? [] : [...unpackRightRows(right)].slice(from, to);
  return 100 * mean(rows);
}

function scoresOf(set: SetName, runs: readonly FinishedRun[]): Scores {
  const parts: Record<string, readonly number[]> = {};
  let from = 0;
  for (const { split, rows } of SETS[set].scored) {
    const [start, to] = [from, from + rows];
    parts[split] = runs.map(({ result }) => Number(rightShare(result, start, to).toFixed(4)));
    from = to;
  }
  if (set === 'mrpc')
    parts.f1 = runs.map(({ result }) => Number((100 * (result.metrics?.f1 ?? Number.NaN)).toFixed(4)));
  return parts;
}

function secondsOf(runs: ReadonlyMap<number, FinishedRun>): number {
  return Number(median([...runs.values()].map(({ seconds }) => seconds)).toFixed(1));
}

/** What a column of scores says; `f1` beside a split of MRPC. */
const MEASURES: Readonly<Record<SetName, readonly { readonly part: string; readonly title: string }[]>> = {
  sst2: [
    { part: 'dev', title: 'SST-2 dev' },
    { part: 'test', title: 'SST-2 test' },
  ],
  trec: [{ part: 'test', title: 'TREC' }],
  banking77: [{ part: 'test', title: 'BANKING77' }],
  mrpc: [
    { part: 'test', title: 'MRPC' },
    { part: 'f1', title: `MRPC, ${METRICS.f1.title}` },
  ],
};

/** Family × size by set: with a teacher / without, in percent; means of the seeds. */
export function familyTable({ cells, linear }: Families): string {
  const measures = names(SETS).flatMap((set) => MEASURES[set].map((measure) => ({ set, ...measure })));
  const shown = measures.filter(({ set }) => cells.some((cell) => cell.set === set));
  const figure = (values: readonly number[] | undefined) => (values ? mean(values).toFixed(1) : '');
  const lines = names(FAMILIES).flatMap((family) => {
    const own = cells.filter((cell) => cell.family === family);
    if (own.length === 0) return [];
    const scores = shown.map(({ set, part }) => {
      const cell = own.find((one) => one.set === set);
      return cell ? `${figure(cell.scores.with[part])} / ${figure(cell.scores.without[part])}` : '';
    });
    return [`| ${[FAMILIES[family].title, ...scores].join(' | ')} |`];
  });
  const base = shown.map(({ set, part }) => figure(linear.find((one) => one.set === set)?.scores[part]));
  return [
    `| ${['with a teacher / without', ...shown.map(({ title }) => title)].join(' | ')} |`,
    `| --- |${' ---: |'.repeat(shown.length)}`,
    ...lines,
    `| ${['linear baseline, labels', ...base].join(' | ')} |`,
    '',
  ].join('\n');
}

/** Gains in points over the same student without a teacher, and over the linear baseline, with 95 % intervals over rows and seeds. */
export function familyGainTable({ cells }: Families): string {
  const said = (gain: Gain | undefined) => (gain !== undefined && 'low' in gain ? gainText(gain) : '');
  return [
    '| set | student | seeds | the teacher adds | over the linear baseline | without a teacher over it |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...cells.map(({ set, family, seeds, gain, overLinear, withoutOverLinear }) => {
      const [first, ...others] = [SETS[set].title, FAMILIES[family].title, `${seeds.length}`];
      return `| ${[first, ...others, said(gain), said(overLinear), said(withoutOverLinear)].join(' | ')} |`;
    }),
    '',
  ].join('\n');
}
