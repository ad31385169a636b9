/** @file How a metric's scores are written: 100 times the metric, whichever it is. */
import { DEFAULT_METRIC, type JudgedMetric, METRICS } from './table.js';

/** A metric times 100, without the last digits that the product adds (0.807 · 100 = 80.7 exactly). */
export function inPoints(value: number): number {
  return Number((100 * value).toPrecision(12));
}

/** `86.10 %` of an accuracy, `F1 86.10 %`, `Pearson 86.10`. */
export function scoreText(metric: JudgedMetric, points: number): string {
  const { name, unit } = METRICS[metric];
  return `${metric === DEFAULT_METRIC ? '' : `${name} `}${points.toFixed(2)}${unit}`;
}

/** `+1.4 points over no-teacher`, `+1.4 points of F1 over …`; a loss is said to be against the other. */
export function gainText(value: number, over: string, metric: JudgedMetric): string {
  const of = metric === DEFAULT_METRIC ? '' : ` of ${METRICS[metric].title}`;
  const text = unsignedZero(value, 1);
  const signed = text.startsWith('-') ? text : `+${text}`;
  return `${signed} points${of} ${value < 0 ? 'against' : 'over'} ${over}`;
}

/** `toFixed` without a minus before what it rounded to nothing. */
export function unsignedZero(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text;
}
