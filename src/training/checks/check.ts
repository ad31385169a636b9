/** @file What a check is: an entry of `table.ts`, from which commands, `--strict`, the doctor, docs and records have it. */
import type { Dataset } from '../../data/dataset.js';
import type { RowsByText } from '../../data/rows-by-text.js';
import type { TextTable } from '../../data/text-table.js';
import type { JudgedMetric, MetricName } from '../../metrics/table.js';
import type { ClassCounts } from '../evaluation/evaluate.js';
import type { LinearFit } from '../linear/fit-linear.js';
import type { TeacherSample } from './teacher-sample.js';
import type { TermSums } from './term-sums.js';

/** What checks look at, by the time when it is known. */
export type Subjects = {
  /** Texts and labels, before a tokenizer cuts them. */
  readonly texts: {
    readonly train: TextTable;
    readonly evaluation: TextTable | undefined;
    readonly test?: TextTable | undefined;
    readonly seen: RowsByText;
  };
  /** Rows as a model reads them. */
  readonly rows: { readonly train: Dataset; readonly evaluation?: Dataset | undefined };
  /** A run before its first step. */
  readonly run: {
    readonly train: Dataset;
    readonly evaluation?: Dataset | undefined;
    /** None where something else scores the model. */
    readonly metrics: readonly MetricName[];
    /** What models are judged by. Default: the first of the metrics. */
    readonly judged?: string;
    /** Whether the model has learned nothing yet but, perhaps, what its words mean. */
    readonly startsAtRandom: boolean;
  };
  /** A teacher's answers to rows spread over some data. */
  readonly answers: TeacherSample;
  /** The gradients of a run so far. */
  readonly gradients: TermSums;
  /** How a convex solver ended. */
  readonly fit: Pick<LinearFit, 'converged' | 'epochs' | 'gap'>;
  /** A model's answers after an epoch. */
  readonly epoch: AnsweredEpoch;
  /** The same after the last one, with all metrics after each epoch, on so many rows. A regression answers no classes. */
  readonly end: Omit<AnsweredEpoch, keyof ClassCounts> & {
    readonly counts?: ClassCounts | undefined;
    readonly metrics: readonly Readonly<Record<string, number>>[];
    readonly rows: number;
  };
  /** All runs of an experiment. */
  readonly experiment: FinishedArms;
};

/** A model's answers to the evaluation rows after an epoch, from 1; absent of one that was fitted at once. */
type AnsweredEpoch = ClassCounts & {
  readonly epoch?: number;
  readonly data: string;
  readonly labelNames: readonly string[];
};

/** Arms of an experiment whose runs have ended. */
export type FinishedArms = {
  readonly metric: JudgedMetric;
  readonly arms: readonly {
    readonly arm: { readonly name: string };
    /** In points, a seed each. */
    readonly scores: readonly number[];
    readonly runs: readonly {
      readonly result: {
        readonly curve?: readonly { readonly metrics: Readonly<Record<string, number>> }[] | undefined;
      };
    }[];
  }[];
  /** Whether their models are those of their best epochs, chosen on rows that are not reported on. */
  readonly endsAtBest?: boolean | undefined;
  /** The arm whose gains are reported. */
  readonly judged: string;
  /** The arm without a teacher, where there is one. */
  readonly noTeacher?: string | undefined;
  /** Its score in points, on so many evaluation rows. */
  readonly teacher?: { readonly name: string; readonly score: number; readonly rows: number } | undefined;
};

export type Found = {
  /** What was found, with its numbers. */
  readonly text: string;
  /** The next step for the user. */
  readonly fix: string;
};

export type Check = {
  /** What it looks for. */
  readonly says: string;
  /** It makes all work worthless; what others find may. */
  readonly isProblem?: true;
  /** Looks at its subject, where that is among these. */
  readonly findIn: (subjects: Partial<Subjects>) => readonly Found[];
};

type Entry<Subject> = Omit<Check, 'findIn'> & {
  readonly find: (subject: Subject) => Found | readonly Found[] | undefined;
};

export function check<S extends keyof Subjects>(looksAt: S, { find, ...entry }: Entry<Subjects[S]>): Check {
  return { ...entry, findIn: ({ [looksAt]: subject }) => [(subject && find(subject)) ?? []].flat() };
}

export function shownPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `'a', 'b'`, and how many more. */
export function shownNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => `'${name}'`);
  return names.length > SHOWN_NAMES ? `${shown.join(', ')} and ${names.length - SHOWN_NAMES} more` : shown.join(', ');
}

const SHOWN_NAMES = 5;
