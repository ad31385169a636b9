/** @file What a metric is: an entry of `table.ts`, from which all that names, measures or prints metrics derives. */
import { type Answered, answeredOf, type Scored } from './answered.js';
import { type Confusion, confusionOf } from './confusion.js';

export type Metric = {
  readonly of: (scored: Scored) => number;
  /** Which way is better. */
  readonly mode: 'max' | 'min';
  /** What rows need for it; `loss` is measured of both. */
  readonly needs: 'labels' | 'scores' | 'either';
};

/** By how much a value of a metric is better than another one: below 0 where it is worse. */
export function gainOver(mode: Metric['mode'], value: number, other: number): number {
  return mode === 'max' ? value - other : other - value;
}

/** How a metric times 100 is written. */
export type Wording = {
  /** In a sentence. */
  readonly title: string;
  /** Before a number. */
  readonly name: string;
  /** Over a column. */
  readonly heading: string;
  /** After a number; a correlation times 100, as GLUE gives it, has none. */
  readonly unit: ' %' | '';
  /** What the numbers are. */
  readonly scale: 'in percent' | 'times 100';
  /** The least it can be; the most is 100. */
  readonly least: 0 | -100;
};

/** A metric that an experiment can be judged by: the more the better, 1 at most. */
export type AgreementMetric = Metric &
  Wording & {
    readonly mode: 'max';
    readonly needs: 'labels' | 'scores';
    /** @param rows Those to measure, which may come more than once. Default: each once. */
    readonly measure: (answered: Answered, rows?: Uint32Array) => number;
    /** Whether it is measured on a file of one's own with so many classes, where nothing else is asked for. */
    readonly isUsual: (classes: number) => boolean;
    /** It is the share of rows with the right answer, so that which rows are right tells its interval (Wilson's, McNemar's). */
    readonly countsRight?: true;
    /** Its labels are the teacher's predictions. It is measured where there are no others, and cannot be asked for. */
    readonly isWithTeacher?: true;
  };

type Own = Wording & Partial<Pick<AgreementMetric, 'isUsual' | 'countsRight' | 'isWithTeacher'>>;

/** Wording of a share of something. */
export function share(title: string): Wording {
  return { title, name: title, heading: `${title}, %`, unit: ' %', scale: 'in percent', least: 0 };
}

/** Wording of a correlation: its inventor's name and the title. */
export function correlation(name: string, title: string): Wording {
  return { title, name, heading: `${name} × 100`, unit: '', scale: 'times 100', least: -100 };
}

/** Agreement of predicted classes with the labels, told by how often each met each. */
export function classMetric(entry: Own & { readonly ofCounts: (confusion: Confusion) => number }): AgreementMetric {
  const { ofCounts, ...own } = entry;
  return agreement('labels', own, (answered, rows) => ofCounts(confusionOf(answered, rows)));
}

/** Agreement of the answers of a regression with the scores. */
export function scoreMetric(
  entry: Own & { readonly ofNumbers: (said: ArrayLike<number>, gold: ArrayLike<number>) => number },
): AgreementMetric {
  const { ofNumbers, ...own } = entry;
  return agreement('scores', own, ({ said, gold }, rows) => {
    if (rows === undefined) return ofNumbers(said, gold);
    const taken = (values: ArrayLike<number>) => Float64Array.from(rows, (row) => values[row] as number);
    return ofNumbers(taken(said), taken(gold));
  });
}

function agreement(needs: AgreementMetric['needs'], own: Own, measure: AgreementMetric['measure']): AgreementMetric {
  return { isUsual: () => false, ...own, needs, mode: 'max', measure, of: (scored) => measure(answeredOf(scored)) };
}
