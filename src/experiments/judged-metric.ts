/** @file What an experiment is judged by, and how its scores are written: 100 times the metric, whichever it is. */

/** Of these more is better. They are the names of `training/metrics.ts`, without the loss. */
export const JUDGED_METRICS = ['accuracy', 'f1', 'macro_f1', 'matthews', 'pearson', 'spearman'] as const;
export type JudgedMetric = (typeof JUDGED_METRICS)[number];

/** Unless an experiment says something else. */
export const DEFAULT_METRIC = 'accuracy' satisfies JudgedMetric;

type Wording = {
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

const share = (title: string): Wording => ({
  ...{ title, name: title, heading: `${title}, %` },
  ...{ unit: ' %', scale: 'in percent', least: 0 },
});
const correlation = (name: string, title: string): Wording => ({
  ...{ title, name, heading: `${name} × 100` },
  ...{ unit: '', scale: 'times 100', least: -100 },
});

export const METRIC_WORDING: Readonly<Record<JudgedMetric, Wording>> = {
  accuracy: share('accuracy'),
  f1: share('F1'),
  macro_f1: share('macro F1'),
  matthews: correlation('Matthews', "Matthews' correlation"),
  pearson: correlation('Pearson', "Pearson's correlation"),
  spearman: correlation('Spearman', "Spearman's correlation"),
};

/** Whether something that was measured is one of them. */
export function isJudgedMetric(name: string): name is JudgedMetric {
  return JUDGED_METRICS.some((one) => one === name);
}

/** A metric times 100, without the last digits that the product adds (0.807 · 100 = 80.7 exactly). */
export function inPoints(value: number): number {
  return Number((100 * value).toPrecision(12));
}

/** `86.10 %` of an accuracy, `F1 86.10 %`, `Pearson 86.10`. */
export function scoreText(metric: JudgedMetric, points: number): string {
  const { name, unit } = METRIC_WORDING[metric];
  return `${metric === DEFAULT_METRIC ? '' : `${name} `}${points.toFixed(2)}${unit}`;
}
