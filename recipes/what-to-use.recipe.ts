/**
 * @file What to use when: reads the figures of `src/experiments/what-to-use.ts` from `results/` into
 * `src/experiments/what-to-use-figures.ts`, and makes the table that `docs/results.md` opens with (`results-page` writes both).
 * A new result is a line of `SOURCES`; one that has not run yet is left out.
 *
 *   npm run recipe -- what-to-use
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../bench/figures.js';
import {
  figuresOf,
  finishedRuns,
  mean,
  promisesGain,
  readExperimentRecord,
  USE_CASES,
  type UseFigure,
} from '../src/entries/experiments.js';
import type { Families } from './family-figures.js';
import { FAMILIES, type FamilyName, SETS, type SetName } from './family-settings.js';
import type { FamilySpeed } from './family-speed.js';
import { type FewLabelsRun, runsOfCell } from './few-labels-figures.js';
import { CELLS, type CellName, STUDENTS } from './few-labels-settings.js';
import { gainText, pairedGain } from './paired-gain.js';
import { writeFileAtomic } from './write-file.js';

/** Undefined of what has not run. */
type Source = (results: string) => Promise<UseFigure | undefined>;

/** By the names that lines have as evidence. */
const SOURCES: Readonly<Record<string, Source>> = {
  'few-labels-sst2-500': fewLabels('sst2-500', { rows: 500, pool: 20_000 }),
  'few-labels-trec-500': fewLabels('trec-500', { rows: 500, pool: 4952 }),
  'few-labels-banking77-770': fewLabels('banking77-770', { rows: 770, pool: 9233 }),
  'few-labels-imdb-500': fewLabels('imdb-500', { rows: 500, pool: 4500 }),
  'trec-ngram': family('trec', 'ngram'),
  'sst2-bilstm-tiny': family('sst2', 'bilstm-tiny'),
  'sst2-ngram': family('sst2', 'ngram'),
  'banking77-ngram': family('banking77', 'ngram'),
  'mrpc-ngram': family('mrpc', 'ngram'),
  'mrpc-static-tiny': family('mrpc', 'static-tiny'),
  'sst2-bert3': experiment('SST-2', 'sst2-bert3'),
};

/** A family of students on all rows of a set. */
function family(set: SetName, name: FamilyName): Source {
  return async (results) => {
    const read = (file: string): unknown => JSON.parse(readFileSync(join(results, file), 'utf8'));
    const { cells, linear } = read('families.json') as Families;
    const cell = cells.find((one) => one.set === set && one.family === name);
    if (cell === undefined) return undefined;
    const runs = await finishedRuns(join(results, 'families', `${set}-${name}.jsonl`));
    const rowsOf = (arm: string) => runs.find((run) => run.arm === arm)?.result.train?.rows ?? 0;
    const rows = rowsOf('no-teacher');
    const baseline = linear.find((one) => one.set === set)?.scores;
    const speed = (read('family-speed.json') as readonly FamilySpeed[]).find(
      (one) => one.set === set && one.family === name,
    );
    return {
      recipe: 'families',
      file: 'families.json',
      set: SETS[set].title,
      student: FAMILIES[name].title,
      ...{ rows, pool: rowsOf('hinton') - rows, seeds: cell.seeds.length },
      scores: {
        taught: overSplits(cell.scores.with, set),
        alone: overSplits(cell.scores.without, set),
        ...(baseline && { linear: overSplits(baseline, set) }),
      },
      ...gains(cell.gain, cell.overLinear),
      seconds: cell.seconds.with,
      ...(speed && { p50: speed.p50 }),
    };
  };
}

/** Of all splits that are scored together, by their rows. */
function overSplits(scores: Readonly<Record<string, readonly number[]>>, set: SetName): number {
  const { scored } = SETS[set];
  const rows = scored.reduce((sum, one) => sum + one.rows, 0);
  return rounded(scored.reduce((sum, one) => sum + mean(scores[one.split] ?? []) * one.rows, 0) / rows);
}

/** An experiment on three layers of MiniLM, whose record results/ has. */
function experiment(set: string, name: string): Source {
  return async (results) => {
    const file = `${name}.json`;
    const { arms, gains: found, data, seeds } = await readExperimentRecord(join(results, file));
    const armOf = (wanted: string) => arms.find((arm) => arm.name === wanted);
    const over = (control: string) => found.find((gain) => gain.over === control);
    const linear = armOf('linear');
    const latencies = JSON.parse(readFileSync(join(results, 'latency.json'), 'utf8')) as Readonly<
      Record<string, { readonly student: number }>
    >;
    const [rows, pool] = [data?.train.rows ?? 0, data?.transfer?.rows ?? 0];
    const ms = latencies[name]?.student;
    return {
      ...{ recipe: name, file, set, student: 'three layers of MiniLM', rows, pool, seeds: seeds.length },
      scores: {
        taught: rounded(armOf('hinton')?.mean ?? 0),
        alone: rounded(armOf('no-teacher')?.mean ?? 0),
        ...(linear && { linear: rounded(linear.mean) }),
      },
      ...gains(over('no-teacher'), over('linear')),
      seconds: rounded(median(armOf('hinton')?.seconds ?? [0])),
      ...(ms !== undefined && { p50: 1000 * ms }),
    };
  };
}

/** Linear n-grams on few labels, taught on a pool by the teacher's logits; undefined before three seeds have ended, whose interval would say nothing. */
function fewLabels(cell: CellName, size: Pick<UseFigure, 'rows' | 'pool'>): Source {
  return async (results) => {
    const runs = runsOfCell(results, cell);
    const of = (student: FewLabelsRun['student'], arm: FewLabelsRun['arm']) =>
      new Map(runs.filter((run) => run.student === student && run.arm === arm).map((run) => [run.seed, run]));
    const [taught, alone, linear] = [of('ngram', 'hinton'), of('ngram', 'alone'), of('linear', 'linear')];
    if (taught.size < 3) return undefined;
    const scoreOf = (found: ReadonlyMap<number, FewLabelsRun>) =>
      rounded(mean([...taught.keys()].flatMap((seed) => found.get(seed)?.score ?? [])));
    return {
      ...{ recipe: 'few-labels', file: `few-labels/${cell}.jsonl`, set: CELLS[cell].title },
      ...{ student: STUDENTS.ngram.title, ...size, seeds: taught.size },
      scores: { taught: scoreOf(taught), alone: scoreOf(alone), linear: scoreOf(linear) },
      ...gains(pairedGain(taught, alone), pairedGain(taught, linear)),
      seconds: rounded(median([...taught.values()].map(({ seconds }) => seconds))),
    };
  };
}

type Found = { readonly mean: number; readonly low?: number | undefined; readonly high?: number | undefined };

/** With their intervals; a gain without one says nothing. */
function gains(gain: Found | undefined, overLinear: Found | undefined): Pick<UseFigure, 'gain' | 'overLinear'> {
  const measured = (found: Found | undefined) =>
    found?.low === undefined || found.high === undefined
      ? undefined
      : { mean: rounded(found.mean), low: rounded(found.low), high: rounded(found.high) };
  const [ours, base] = [measured(gain), measured(overLinear)];
  return { ...(ours && { gain: ours }), ...(base && { overLinear: base }) };
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}

export async function figuresFrom(results = 'results'): Promise<Readonly<Record<string, UseFigure>>> {
  const found: Record<string, UseFigure> = {};
  for (const [name, source] of Object.entries(SOURCES)) {
    const figure = await source(results);
    if (figure !== undefined) found[name] = figure;
  }
  return found;
}

export const FIGURES_FILE = 'src/experiments/what-to-use-figures.ts';

/** The file of the figures, as the formatter has it. */
export function figuresSource(figures: Readonly<Record<string, UseFigure>>): string {
  return `/** @file Figures of \`what-to-use.ts\`, made from results/ by \`npm run recipe -- what-to-use\`: edit neither by hand. */
import type { UseFigure } from './use-figure.js';

export const FIGURES: Readonly<Record<string, UseFigure>> = ${literal(figures, '')};
`;
}

function literal(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value);
  }
  const within = `${indent}  `;
  const lines = Object.entries(value).map(([key, inner]) => {
    const name = /^\w+$/.test(key) ? key : `'${key}'`;
    return `${within}${name}: ${literal(inner, within)},\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

/** The table of `docs/results.md`. */
export function whatToUseTable(all: Readonly<Record<string, UseFigure>>): string {
  const gain = (found: UseFigure['gain']) => (found ? gainText(found) : '');
  const lines = USE_CASES.flatMap((line) => {
    const figures = figuresOf(line, all);
    const own = [line.says, line.use.says + (line.use.copies ? `, ${line.use.copies} copies of each text` : '')];
    const promise = promisesGain(line, all) ? 'a gain' : 'none';
    if (figures.length === 0)
      return [`| ${[...own, promise, 'not measured yet', '', '', '', '', '', ''].join(' | ')} |`];
    return figures.map((figure, i) => {
      const { recipe, set, student, rows, pool, scores, seconds, p50 } = figure;
      const { taught, alone, linear } = scores;
      const size = [rows, pool].map((count) => count.toLocaleString('en'));
      return `| ${[
        ...(i === 0 ? [...own, promise] : ['', '', '']),
        `${set}, ${student}, ${size[0]} rows${pool > 0 ? ` and ${size[1]} texts` : ''}`,
        [taught, alone, ...(linear === undefined ? [] : [linear])].map((score) => score.toFixed(1)).join(' / '),
        gain(figure.gain),
        gain(figure.overLinear),
        p50 === undefined ? '' : `${Math.round(p50).toLocaleString('en')}`,
        `${Math.round(seconds)} | \`${recipe}\``,
      ].join(' | ')} |`;
    });
  });
  return [
    '| you have | use | promised | measured on | with / without / linear | the teacher adds | over the linear baseline | p50, µs | s a run | recipe |',
    '| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...lines,
    '',
  ].join('\n');
}

export async function main(): Promise<void> {
  await writeFileAtomic(FIGURES_FILE, figuresSource(await figuresFrom()));
}
