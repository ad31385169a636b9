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

/** A value that its last decimal does not show is nothing but rounding of a sum. */
const ROUNDING = 1e-9;
const MOST_DECIMALS = 4;

/** As many decimals as it takes to see that a value is not 0, one at least; undefined where four do not show it. */
export function decimalsOf(value: number): number | undefined {
  if (Math.abs(value) <= ROUNDING) return 1;
  for (let decimals = 1; decimals <= MOST_DECIMALS; decimals++) {
    if (Number(value.toFixed(decimals)) !== 0) return decimals;
  }
  return undefined;
}

/** `< 0.0001`, in place of a row of zeros. */
export function tooSmall(value: number): string {
  return value < 0 ? '> \u22120.0001' : '< 0.0001';
}
