/** @file What was measured besides the metric that an experiment is judged by. */
import type { RecordedArm } from '../experiments/experiment-record.schema.js';
import { mean, sampleSd } from '../metrics/statistics.js';
import { isJudgedMetric, type JudgedMetric } from '../metrics/table.js';
import { decimal } from './words.js';

/** Those that some arm has, in the order in which they were measured. */
export function otherMetrics(arms: readonly RecordedArm[], judged: JudgedMetric): JudgedMetric[] {
  const names = arms.flatMap(({ metrics = {} }) => Object.keys(metrics));
  return [...new Set(names.filter(isJudgedMetric))].filter((name) => name !== judged);
}

/** `86.13 ± 0.42` over the seeds; empty where nothing was measured, or once to no number. */
export function meanAndSpread(values: readonly number[] = []): string {
  if (values.length === 0 || values.some(Number.isNaN)) return '';
  const sd = sampleSd(values);
  return Number.isNaN(sd) ? decimal(mean(values), 2) : `${decimal(mean(values), 2)} ± ${decimal(sd, 2)}`;
}
