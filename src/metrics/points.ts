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
