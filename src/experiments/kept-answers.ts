/** @file What a run answered, row by row, so that a metric can be measured again on resampled rows. */
import { OptionError } from '../errors/failures.js';
import { type Answered, answeredOf, type Scored } from '../metrics/answered.js';
import { bootstrapError, bootstrapInterval } from '../metrics/bootstrap.js';
import { inPoints } from '../metrics/points.js';
import type { Interval } from '../metrics/statistics.js';
import { type JudgedMetric, METRICS, neededBy } from '../metrics/table.js';

/**
 * What was right and what was said of the rows that have a label or a score, in their order, as little-endian numbers in
 * base64: classes in two bytes each, and of a regression float32.
 */
export type KeptAnswers = {
  /** 1 for a regression. */
  readonly classes: number;
  readonly gold: string;
  readonly said: string;
};

export function packAnswers(scored: Scored): KeptAnswers {
  const { classes, gold, said } = answeredOf(scored);
  const pack = (values: readonly number[]): string => {
    const bytes = Buffer.alloc(values.length * widthOf(classes));
    for (const [i, value] of values.entries()) {
      if (classes === 1) bytes.writeFloatLE(value, 4 * i);
      else bytes.writeUInt16LE(value, 2 * i);
    }
    return bytes.toString('base64');
  };
  return { classes, gold: pack(gold), said: pack(said) };
}

/** How many rows were answered. */
export function rowCount({ classes, gold }: KeptAnswers): number {
  return Math.floor(Buffer.byteLength(gold, 'base64') / widthOf(classes));
}

/** Bytes of a number. */
function widthOf(classes: number): 2 | 4 {
  return classes === 1 ? 4 : 2;
}

function unpack(kept: KeptAnswers): Answered & { readonly rows: number } {
  const { classes, gold, said } = kept;
  const rows = rowCount(kept);
  const values = (text: string): Float64Array => {
    const bytes = Buffer.from(text, 'base64');
    const width = widthOf(classes);
    return Float64Array.from({ length: rows }, (_, i) =>
      classes === 1 ? bytes.readFloatLE(width * i) : bytes.readUInt16LE(width * i),
    );
  };
  return { classes, rows, gold: values(gold), said: values(said) };
}

/** Of some rows, which may come more than once. */
function measured(answered: Answered, metric: JudgedMetric, rows: Uint32Array): number {
  const { needs, measure } = METRICS[metric];
  return needs === neededBy(answered.classes) ? measure(answered, rows) : Number.NaN;
}

/**
 * 95 % bootstrap interval of a metric over rows, times 100.
 * @returns undefined where some sample has none, as a correlation with equal answers.
 */
export function resampledInterval(answers: KeptAnswers, metric: JudgedMetric): Interval | undefined {
  const answered = unpack(answers);
  return points(bootstrapInterval(answered.rows, (rows) => measured(answered, metric, rows)));
}

export type ResampledRows = Interval & {
  /** How many there are. */
  readonly rows: number;
};

/**
 * 95 % interval of the difference between two models, times 100, by a paired bootstrap: both are measured on the same
 * resampled rows.
 * @returns undefined where some sample has none
 * @throws OptionError for answers to other rows.
 */
export function resampledDifference(
  first: KeptAnswers,
  second: KeptAnswers,
  metric: JudgedMetric,
): ResampledRows | undefined {
  expectSameRows([first, second]);
  const [a, b] = [unpack(first), unpack(second)];
  const interval = points(
    bootstrapInterval(a.rows, (sample) => measured(a, metric, sample) - measured(b, metric, sample)),
  );
  return interval && { rows: a.rows, ...interval };
}

/**
 * The standard error, times 100, that the rows give to a metric's mean over the runs of an arm, less that over the runs of
 * another: the standard deviation over 1,000 samples of rows, the same for all runs.
 * @param others none: of the one arm alone
 * @throws OptionError for answers to other rows.
 */
export function resampledError(
  runs: readonly KeptAnswers[],
  others: readonly KeptAnswers[],
  metric: JudgedMetric,
): number {
  expectSameRows([...runs, ...others]);
  const [ours, theirs] = [runs.map(unpack), others.map(unpack)];
  // As in a distillation a correlation with equal answers, which has no value, is 0.
  const pointOf = (one: Answered, sample: Uint32Array) => measured(one, metric, sample) || 0;
  const meanOf = (arm: readonly Answered[], sample: Uint32Array) =>
    arm.reduce((sum, one) => sum + pointOf(one, sample), 0) / Math.max(1, arm.length);
  return 100 * bootstrapError(ours[0]?.rows ?? 0, (sample) => meanOf(ours, sample) - meanOf(theirs, sample));
}

function expectSameRows([first, ...others]: readonly KeptAnswers[]): void {
  const other = others.find(({ classes, gold }) => classes !== first?.classes || gold !== first.gold);
  if (first === undefined || other === undefined) return;
  const [rows, otherRows] = [rowCount(first), rowCount(other)];
  throw answersToOtherRows(`${rows} rows and ${otherRows}${rows === otherRows ? ' with other labels' : ''}`);
}

/** What is compared row by row must be about the same rows. */
export function answersToOtherRows(got: string): OptionError {
  return new OptionError({
    where: 'comparison row by row',
    wanted: 'predictions of the same rows',
    got,
    fix: 'evaluate both on the same data',
  });
}

function points(interval: readonly [low: number, high: number] | undefined): Interval | undefined {
  return interval && { low: inPoints(interval[0]), high: inPoints(interval[1]) };
}
