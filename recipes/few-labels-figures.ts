/** @file What the runs of `results/few-labels/` come to, and their tables in `docs/results.md`. */

import { join } from 'node:path';
import { mean, type RightRows } from '../src/entries/experiments.js';
import { CELLS, type CellName, SEEDS, STUDENTS, type StudentName } from './few-labels-settings.js';
import { keptLines } from './kept-json.js';
import { gainText, pairedGain } from './paired-gain.js';
import { writeFileAtomic } from './write-file.js';

/** `linear`: the baseline on the labels alone. */
type Scored = StudentName | 'teacher' | 'linear';
type Arm = 'alone' | 'hinton' | 'hard-labels' | 'linear';

export type FewLabelsRun = {
  readonly seed: number;
  readonly student: Scored;
  readonly arm: Arm;
  /** Percent of the scored rows. */
  readonly score: number;
  readonly right: RightRows;
  readonly parameters: number;
  /** Percent of an inner fifth of the labelled rows, of the labels alone. */
  readonly inner?: number;
  /** That it chose. */
  readonly epochs?: number;
  readonly seconds: number;
};

type Gain = ReturnType<typeof pairedGain>;

type StudentFigures = {
  readonly student: StudentName;
  readonly parameters: number;
  readonly seeds: readonly number[];
  /** Percent by seed. */
  readonly scores: Readonly<Record<'alone' | 'hinton' | 'hard-labels', readonly number[]>>;
  /** Over the best small student on the labels alone, and over itself on them. */
  readonly overBest: Gain;
  readonly overAlone: Gain;
  readonly overPseudo: Gain;
};

export type FewLabelsCell = {
  readonly cell: CellName;
  readonly teacher: readonly number[];
  readonly linear: readonly number[];
  /**
   * The small student that is best on the labels alone. The rows that are scored say which: an inner fifth of so few rows
   * hardly can, and what such a choice flatters is what others are compared with.
   */
  readonly best: { readonly student: StudentName; readonly scores: readonly number[] };
  /** The one that the inner fifths say is best, in the mean of the seeds. */
  readonly bestInside: { readonly student: StudentName; readonly inner: number };
  readonly students: readonly StudentFigures[];
  /** Of all runs, one thread each. */
  readonly seconds: number;
};

const RESULTS = 'few-labels';
/** In float32; what is larger is no small student. */
const SMALL_BYTES = 10e6;
const BYTES = 4;

export function runsOfCell(results: string, cell: CellName): readonly FewLabelsRun[] {
  return keptLines(join(results, RESULTS, `${cell}.jsonl`));
}

/** What the runs that are there come to, by cells. */
export function fewLabelsCells(results: string): readonly FewLabelsCell[] {
  return (Object.keys(CELLS) as CellName[]).flatMap((cell) => cellOf(cell, runsOfCell(results, cell)) ?? []);
}

/** Makes `results/few-labels.json` of the runs that are there. */
export async function summariseFewLabels(results: string): Promise<void> {
  await writeFileAtomic(join(results, `${RESULTS}.json`), `${JSON.stringify(fewLabelsCells(results), null, 1)}\n`);
}

function cellOf(cell: CellName, runs: readonly FewLabelsRun[]): FewLabelsCell | undefined {
  const of = (student: Scored, arm: Arm) =>
    new Map(runs.filter((run) => run.student === student && run.arm === arm).map((run) => [run.seed, run]));
  const scores = (found: ReadonlyMap<number, FewLabelsRun>) => [...found.values()].map(({ score }) => score);
  const names = (Object.keys(STUDENTS) as StudentName[]).filter((name) => of(name, 'alone').size >= SEEDS);
  const ranked = names
    .map((student) => ({ student, found: of(student, 'alone') }))
    .filter(({ found }) => [...found.values()].every(({ parameters }) => BYTES * parameters <= SMALL_BYTES))
    .map(({ student, found }) => ({ student, found, inner: mean([...found.values()].map(({ inner = 0 }) => inner)) }))
    .sort((a, b) => mean(scores(b.found)) - mean(scores(a.found)));
  const [best] = ranked;
  const [inside] = ranked.toSorted((a, b) => b.inner - a.inner);
  if (best === undefined || inside === undefined) return undefined;
  const students = names.flatMap((student): StudentFigures[] => {
    const [taught, pseudo, alone] = [of(student, 'hinton'), of(student, 'hard-labels'), of(student, 'alone')];
    if (Math.min(taught.size, pseudo.size) < SEEDS) return [];
    return [
      {
        student,
        parameters: [...taught.values()][0]?.parameters ?? 0,
        seeds: [...taught.keys()],
        scores: { alone: scores(alone), hinton: scores(taught), 'hard-labels': scores(pseudo) },
        overBest: pairedGain(taught, best.found),
        overAlone: pairedGain(taught, alone),
        overPseudo: pairedGain(taught, pseudo),
      },
    ];
  });
  if (students.length === 0) return undefined;
  return {
    cell,
    teacher: scores(of('teacher', 'alone')),
    linear: scores(of('linear', 'linear')),
    best: { student: best.student, scores: scores(best.found) },
    bestInside: { student: inside.student, inner: inside.inner },
    students,
    seconds: Math.round(runs.reduce((sum, { seconds }) => sum + seconds, 0)),
  };
}

/** Percent right, means of the seeds; gains in points with 95 % intervals over rows and seeds. */
export function fewLabelsTable(cells: readonly FewLabelsCell[]): string {
  const figure = (values: readonly number[]) => (values.length === 0 ? '' : mean(values).toFixed(1));
  const lines = cells.flatMap(({ cell, teacher, linear, best, students }) =>
    students.map(({ student, seeds, scores, parameters, overBest, overAlone }, i) => {
      const first = i === 0 ? [CELLS[cell].title, figure(teacher), figure(linear)] : ['', '', ''];
      const isBest = student === best.student;
      const own = [
        STUDENTS[student].title,
        ((BYTES * parameters) / 1e6).toFixed(1),
        `${figure(scores.alone)}${isBest ? ' (best)' : ''}`,
        figure(scores['hard-labels']),
        figure(scores.hinton),
        gainText(overAlone),
        gainText(overBest),
        String(seeds.length),
      ];
      return `| ${[...first, ...own].join(' | ')} |`;
    }),
  );
  return [
    '| labels | teacher | linear | student | MB | labels alone | pseudo-labels | logits | logits over labels alone | over the best on labels alone | seeds |',
    '| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
    `All runs together took ${(cells.reduce((sum, { seconds }) => sum + seconds, 0) / 3600).toFixed(1)} hours of one thread: on two cores, a cell on each, half of that.`,
    '',
  ].join('\n');
}
