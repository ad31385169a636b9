/** @file What a run answered, row by row, so that a metric can be measured again on resampled rows. */
import { OptionError } from '../errors/failures.js';
import { bootstrapInterval } from '../training/bootstrap.js';
import { confusionOf } from '../training/class-metrics.js';
import { argmax, CLASS_METRICS, countedRows, SCORE_METRICS, type Scored } from '../training/metrics.js';
import { inPoints, type JudgedMetric } from './judged-metric.js';
import type { Interval } from './statistics.js';

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

/** What was right, and what was said: [N] each. */
type Answered = { readonly classes: number; readonly gold: ArrayLike<number>; readonly said: ArrayLike<number> };

export function packAnswers(scored: Scored): KeptAnswers {
  const { classes, labels, logits, scores } = scored;
  const rows = countedRows(scored);
  const pack = (of: (row: number) => number): string => {
    const bytes = Buffer.alloc(rows.length * (classes === 1 ? 4 : 2));
    for (const [i, row] of rows.entries()) {
      if (classes === 1) bytes.writeFloatLE(of(row), 4 * i);
      else bytes.writeUInt16LE(of(row), 2 * i);
    }
    return bytes.toString('base64');
  };
  return {
    classes,
    gold: pack((row) => (classes === 1 ? (scores?.[row] as number) : (labels[row] as number))),
    said: pack((row) => (classes === 1 ? (logits[row] as number) : argmax(logits, row, classes))),
  };
}

function unpack({ classes, gold, said }: KeptAnswers): Answered {
  const values = (text: string): number[] => {
    const bytes = Buffer.from(text, 'base64');
    const width = classes === 1 ? 4 : 2;
    return Array.from({ length: Math.floor(bytes.length / width) }, (_, i) =>
      classes === 1 ? bytes.readFloatLE(width * i) : bytes.readUInt16LE(width * i),
    );
  };
  return { classes, gold: values(gold), said: values(said) };
}

/** Of some rows, which may come more than once. */
function measure({ classes, gold, said }: Answered, metric: JudgedMetric, rows: Uint32Array): number {
  const [given, answers] = [gold, said].map((values) => Float64Array.from(rows, (row) => values[row] as number)) as [
    Float64Array,
    Float64Array,
  ];
  if (metric === 'pearson' || metric === 'spearman') return SCORE_METRICS[metric](answers, given);
  return CLASS_METRICS[metric](confusionOf(given, answers, classes));
}

/**
 * 95 % bootstrap interval of a metric over rows, times 100.
 * @returns undefined where some sample has none, as a correlation with equal answers.
 */
export function resampledInterval(answers: KeptAnswers, metric: JudgedMetric): Interval | undefined {
  const answered = unpack(answers);
  return points(bootstrapInterval(answered.gold.length, (rows) => measure(answered, metric, rows)));
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
  const [a, b] = [unpack(first), unpack(second)];
  if (first.classes !== second.classes || first.gold !== second.gold) {
    throw new OptionError({
      where: 'two runs compared row by row',
      wanted: 'answers to the same rows',
      got: `${a.gold.length} rows and ${b.gold.length}${a.gold.length === b.gold.length ? ' with other labels' : ''}`,
      fix: 'evaluate both on the same data',
    });
  }
  const rows = a.gold.length;
  const interval = points(bootstrapInterval(rows, (sample) => measure(a, metric, sample) - measure(b, metric, sample)));
  return interval && { rows, ...interval };
}

function points(interval: readonly [low: number, high: number] | undefined): Interval | undefined {
  return interval && { low: inPoints(interval[0]), high: inPoints(interval[1]) };
}
