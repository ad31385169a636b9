/** @file Comparing what was run at different times: pairs of seeds where there are any, and in words what can be said. */
import { OptionError } from '../errors/failures.js';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import type { Gain } from '../experiments/verdict.js';
import { mean, sampleSd } from '../metrics/statistics.js';
import { DEFAULT_METRIC, type JudgedMetric, METRICS } from '../metrics/table.js';
import {
  armOfExperiment,
  armsOfRuns,
  type ComparableArm,
  type Compared,
  type DataName,
  readCompared,
  usualMetric,
} from './comparable-arms.js';
import { compareOnSeeds } from './compare-on-seeds.js';
import { count, counted, decimal, listed, verdictSentence } from './words.js';

export type CompareOptions = {
  /** Default: the first experiment's, or the first that the first run was scored by. */
  readonly metric?: JudgedMetric;
  /** In points; default: 0.5. Experiments compared within themselves have their own. */
  readonly smallestEffect?: number;
  /** Right classes of the evaluation rows: with one seed, runs that kept `predictions.txt` are compared row by row. */
  readonly labels?: ArrayLike<number>;
};

export type RunComparison = {
  readonly metric: JudgedMetric;
  readonly arms: readonly {
    readonly name: string;
    readonly path: string;
    readonly seeds: readonly number[];
    /** The metric times 100, in the order of the seeds. */
    readonly scores: readonly number[];
    readonly mean: number;
    /** Absent for one seed. */
    readonly sd?: number;
    readonly parameters: number;
  }[];
  readonly gains: readonly ComparedGain[];
  /** What a reader has to know besides. */
  readonly notes: readonly string[];
  /** All of it in words. */
  readonly text: string;
};

export type ComparedGain = Gain | ExperimentRecord['gains'][number];

/**
 * Compares arms of experiments and training runs. One experiment alone gives its own comparisons; several whole ones
 * are compared arm by arm; else the first arm is compared with each of the others. Training runs whose options differ
 * in the seed alone are one arm.
 * @param words paths of run folders, of experiments or their records, or `EXPERIMENT#ARM`
 * @throws OptionError for what makes no sense together: other data, another test set, one run twice, nothing to
 *   compare with; FileError, CheckpointError for files that are no records.
 */
export async function compareRuns(words: readonly string[], options: CompareOptions = {}): Promise<RunComparison> {
  const compared: Compared[] = [];
  for (const word of words) compared.push(await readCompared(word, options.labels));
  const metric = options.metric ?? usualMetric(compared) ?? DEFAULT_METRIC;
  const pairs = await pairsOf(compared, metric);
  const arms = [...new Set(pairs.arms)];
  expectSameData(arms);
  const notes = new Set(notesOn(arms));
  const gains: ComparedGain[] = [...pairs.recorded];
  for (const [arm, over] of pairs.pairs) {
    const gain = compareOnSeeds(arm, over, metric, options.smallestEffect, (note) => notes.add(note));
    if (gain !== undefined) gains.push(gain);
  }
  if (gains.length > 1) notes.add(`${gains.length} comparisons, not corrected for multiple comparisons`);
  const summaries = arms.map(summaryOf);
  const text = inWords(metric, summaries, gains, [...notes]);
  return { metric, arms: summaries, gains, notes: [...notes], text };
}

type Pairs = {
  readonly arms: readonly ComparableArm[];
  readonly pairs: readonly (readonly [ComparableArm, ComparableArm])[];
  /** Comparisons that an experiment has made itself. */
  readonly recorded: readonly ComparedGain[];
};

async function pairsOf(compared: readonly Compared[], metric: JudgedMetric): Promise<Pairs> {
  const experiments = compared.flatMap((one) => (one.kind === 'experiment' && one.arm === undefined ? [one] : []));
  const [first, ...others] = experiments;
  if (first !== undefined && compared.length === 1) {
    const { record, path } = first;
    const arms = await Promise.all(record.arms.map(({ name }) => armOfExperiment(record, name, path, metric)));
    if (metric === record.metric) return { arms, pairs: [], recorded: record.gains };
    // By another metric its own comparisons are made again.
    const named = (name: string) => arms.filter((arm) => arm.name === name);
    const pairs = record.gains.flatMap(({ arm, over }) =>
      named(arm).flatMap((one) => named(over).map((other) => [one, other] as const)),
    );
    return { arms, pairs, recorded: [] };
  }
  const haveSeveralArms = experiments.every(({ record }) => record.arms.length > 1);
  if (first !== undefined && experiments.length === compared.length && haveSeveralArms) {
    return armByArm(first, others, metric);
  }
  const arms = distinctNames(await singleArms(compared, metric));
  const [arm, ...overs] = arms;
  if (arm === undefined || overs.length === 0) {
    throw new OptionError({
      where: 'compare',
      wanted: 'at least two arms',
      got: arm === undefined ? 'none' : `${arm.name} alone${arm.runs.length > 1 ? ', with several seeds' : ''}`,
      fix: 'name a run with other options, or an experiment',
    });
  }
  return { arms, pairs: overs.map((over) => [arm, over] as const), recorded: [] };
}

type Experiment = Extract<Compared, { kind: 'experiment' }>;

/** Arms of one name in several experiments: the first's over the others'. */
async function armByArm(first: Experiment, others: readonly Experiment[], metric: JudgedMetric): Promise<Pairs> {
  const arms: ComparableArm[] = [];
  const pairs: (readonly [ComparableArm, ComparableArm])[] = [];
  for (const { name } of first.record.arms) {
    const same = others.filter(({ record }) => record.arms.some((arm) => arm.name === name));
    if (same.length === 0) continue;
    const here = await Promise.all(
      [first, ...same].map(({ record, path }) => armOfExperiment(record, name, path, metric)),
    );
    const [arm, ...overs] = distinctNames(here);
    if (arm === undefined) continue;
    arms.push(arm, ...overs);
    pairs.push(...overs.map((over) => [arm, over] as const));
  }
  if (pairs.length === 0) {
    throw new OptionError({
      where: first.path,
      wanted: 'experiments with an arm of the same name',
      got: `arms ${first.record.arms.map(({ name }) => name).join(', ')}, none of which the others have`,
      fix: 'name the arms: EXPERIMENT#ARM',
    });
  }
  return { arms, pairs, recorded: [] };
}

/** In the order of the words; runs that belong together stand where the first of them does. */
async function singleArms(compared: readonly Compared[], metric: JudgedMetric): Promise<ComparableArm[]> {
  const runs = compared.flatMap((one) => (one.kind === 'run' ? [one] : []));
  const ofRuns = armsOfRuns(runs, metric);
  const arms: ComparableArm[] = [];
  for (const one of compared) {
    if (one.kind === 'run') arms.push(...ofRuns.filter(({ path }) => path === one.path));
    else {
      const [arm, ...others] = one.record.arms;
      if (one.arm === undefined && others.length > 0) throw severalArms(one);
      arms.push(await armOfExperiment(one.record, one.arm ?? arm?.name ?? '', one.path, metric));
    }
  }
  return arms;
}

function severalArms({ path, record }: Experiment): OptionError {
  return new OptionError({
    where: path,
    wanted: 'one arm of the experiment, to compare it with something else',
    got: `all of ${record.arms.map(({ name }) => name).join(', ')}`,
    fix: `name one: ${path}#${record.headline?.arm ?? record.arms[0]?.name}`,
  });
}

/** Arms of one name get their path beside it. */
function distinctNames(arms: readonly ComparableArm[]): ComparableArm[] {
  return arms.map((arm) => {
    const isAlone = arms.every((other) => other === arm || other.name !== arm.name);
    return isAlone ? arm : { ...arm, name: `${arm.name} (${arm.path})` };
  });
}

/** @throws OptionError naming two arms whose scores are about different things. */
function expectSameData(arms: readonly ComparableArm[]): void {
  const [first, ...others] = arms;
  if (first === undefined) return;
  for (const other of others) {
    const [a, b] = [first.evaluation, other.evaluation];
    if (a && b && !(a.name === b.name && a.rows === b.rows && sameContents(a, b))) {
      throw new OptionError({
        where: `${first.name} and ${other.name}`,
        wanted: 'scores on the same rows',
        got: `${dataText(a)} and ${dataText(b)}${a.name === b.name && a.rows === b.rows ? ' with other contents' : ''}`,
        fix: 'evaluate both on the same data',
      });
    }
    const [c, d] = [first.train, other.train];
    if (c && d && c.name !== d.name) {
      throw new OptionError({
        where: `${first.name} and ${other.name}`,
        wanted: 'training on the same data',
        got: `${dataText(c)} and ${dataText(d)}`,
        fix: 'train both on the same data',
      });
    }
  }
}

function sameContents(a: DataName, b: DataName): boolean {
  return (['hash', 'sample'] as const).every((of) => a[of] === undefined || b[of] === undefined || a[of] === b[of]);
}

function dataText({ name, rows }: DataName): string {
  return `${counted(rows, 'row')} of ${name}`;
}

function notesOn(arms: readonly ComparableArm[]): string[] {
  const notes: string[] = [];
  const unknown = arms.filter(({ evaluation }) => evaluation === undefined).map(({ name }) => name);
  if (unknown.length > 0 && arms.length > 1) {
    notes.push(
      `what ${listed(unknown)} ${unknown.length > 1 ? 'were' : 'was'} scored on is not recorded: check that it is the same`,
    );
  }
  const trainRows = new Map(arms.flatMap(({ name, train }) => (train ? [[train.rows, name] as const] : [])));
  if (trainRows.size > 1) {
    const each = [...trainRows].map(([rows, name]) => `${name} on ${counted(rows, 'row')}`);
    notes.push(`trained on different amounts of data (${each.join(', ')}): the difference is not the method's alone`);
  }
  const versions = new Set(arms.map((arm) => arm.versions));
  if (versions.size > 1) notes.push(`made by different versions: ${listed([...versions])}`);
  return notes;
}

function summaryOf({ name, path, runs, parameters }: ComparableArm): RunComparison['arms'][number] {
  const scores = runs.map(({ score }) => score);
  return {
    name,
    path,
    seeds: runs.map(({ seed }) => seed),
    scores,
    mean: mean(scores),
    ...(scores.length > 1 && { sd: sampleSd(scores) }),
    parameters,
  };
}

function inWords(
  metric: JudgedMetric,
  arms: RunComparison['arms'],
  gains: readonly ComparedGain[],
  notes: readonly string[],
): string {
  const rows = [
    ['arm', 'seeds', `mean ${METRICS[metric].heading}`, 'sd', 'parameters'],
    ...arms.map(({ name, seeds, mean: centre, sd, parameters }) => [
      name,
      String(seeds.length),
      decimal(centre, 2),
      sd === undefined ? '-' : decimal(sd, 2),
      count(parameters),
    ]),
  ];
  const sentences = gains.map((gain) => `${verdictSentence(gain)}\n  ${gain.text}`);
  return [
    aligned(rows).join('\n'),
    ...(sentences.length > 0 ? [sentences.join('\n')] : []),
    ...(notes.length > 0 ? [notes.map((note) => `note: ${note}`).join('\n')] : []),
  ].join('\n\n');
}

/** The first column to the left, the others, numbers, to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   '),
  );
}
