/** @file What is measured on labelled rows, by the names that logs and checkpoints use. */
import { OptionError } from '../../errors/failures.js';
import { argmax, logSumExp } from '../../tensor/logits.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { accuracyOf, type Confusion, confusionOf, f1Of, macroF1Of, matthewsOf } from './class-metrics.js';
import { pearson, spearman } from './correlation.js';

/** Labelled rows and what a model says of them; N rows, C classes. */
export type Scored = {
  /** [N * C] */
  readonly logits: Float32Array;
  /** 1 for a regression, whose logit is the answer. */
  readonly classes: number;
  /** [N]; a row without label (-100) is left out of every metric. */
  readonly labels: Int32Array;
  /** [N], of a regression: what was to be predicted, NaN where a row has none. */
  readonly scores?: Float32Array;
};

/** The rows that count: those with a label, or of a regression those with a score. */
export function countedRows({ labels, classes, scores }: Scored): number[] {
  const counts = (row: number) =>
    classes === 1 ? !Number.isNaN(scores?.[row] ?? Number.NaN) : labels[row] !== NO_LABEL;
  return Array.from(labels.keys()).filter(counts);
}

/** Mean cross-entropy with the labels, in nats; of a regression the mean squared error. */
function loss({ logits, classes, labels, scores }: Scored, rows: readonly number[]): number {
  let sum = 0;
  for (const row of rows) {
    if (classes === 1) sum += ((logits[row] as number) - (scores?.[row] as number)) ** 2;
    else sum += logSumExp(logits, row, classes) - (logits[row * classes + (labels[row] as number)] as number);
  }
  return sum / rows.length;
}

/** Agreement of answers with labels; F₁ is that of the second class, as GLUE has it. */
export const CLASS_METRICS = {
  accuracy: accuracyOf,
  f1: (confusion: Confusion) => f1Of(confusion, 1),
  macro_f1: macroF1Of,
  matthews: matthewsOf,
} as const satisfies Record<string, (confusion: Confusion) => number>;

/** Agreement of the answers of a regression with the scores. */
export const SCORE_METRICS = { pearson, spearman } as const;

type ClassMetricName = keyof typeof CLASS_METRICS;
type ScoreMetricName = keyof typeof SCORE_METRICS;

export type Metric = {
  readonly of: (scored: Scored) => number;
  /** Which way is better. */
  readonly mode: 'max' | 'min';
  /** What rows need for it; `loss` is measured of both. */
  readonly needs: 'labels' | 'scores' | 'either';
};

function classMetric(name: ClassMetricName): Metric {
  const of = (scored: Scored): number => {
    const { logits, labels, classes } = scored;
    const rows = countedRows(scored);
    const given = rows.map((row) => labels[row] as number);
    const answers = rows.map((row) => argmax(logits, row, classes));
    return CLASS_METRICS[name](confusionOf(given, answers, classes));
  };
  return { of, mode: 'max', needs: 'labels' };
}

function scoreMetric(name: ScoreMetricName): Metric {
  const of = (scored: Scored): number => {
    const rows = countedRows(scored);
    const given = rows.map((row) => scored.scores?.[row] as number);
    return SCORE_METRICS[name](
      rows.map((row) => scored.logits[row] as number),
      given,
    );
  };
  return { of, mode: 'max', needs: 'scores' };
}

export const METRICS = {
  accuracy: classMetric('accuracy'),
  f1: classMetric('f1'),
  macro_f1: classMetric('macro_f1'),
  matthews: classMetric('matthews'),
  pearson: scoreMetric('pearson'),
  spearman: scoreMetric('spearman'),
  loss: { of: (scored) => loss(scored, countedRows(scored)), mode: 'min', needs: 'either' },
} as const satisfies Record<string, Metric>;
export type MetricName = keyof typeof METRICS;

/** What is measured unless something else is asked for; the first one is what models are ranked by. */
export function usualMetrics(classes: number): readonly MetricName[] {
  return classes === 1 ? ['pearson', 'spearman', 'loss'] : ['accuracy', 'loss'];
}

/**
 * The metrics that a task asks for, and the loss.
 * @throws OptionError for one that is not of such a model.
 */
export function checkedMetrics(names: readonly MetricName[] | undefined, classes: number): readonly MetricName[] {
  if (names === undefined) return usualMetrics(classes);
  const owned = classes === 1 ? 'scores' : 'labels';
  const isFitting = (name: MetricName) => ['either', owned].includes(METRICS[name].needs);
  const wrong = names.find((name) => !Object.hasOwn(METRICS, name) || !isFitting(name));
  if (wrong === undefined) return [...new Set<MetricName>([...names, 'loss'])];
  throw new OptionError({
    where: 'metrics',
    wanted: `some of ${(Object.keys(METRICS) as MetricName[]).filter(isFitting).join(', ')}`,
    got: String(wrong),
  });
}

/** The metrics of labelled rows; none where no row has a label, or a score. */
export function metricsOf(
  scored: Scored,
  names: readonly MetricName[] = usualMetrics(scored.classes),
): Readonly<Partial<Record<MetricName, number>>> {
  if (countedRows(scored).length === 0) return {};
  return Object.fromEntries(names.map((name) => [name, METRICS[name].of(scored)]));
}
