/** @file All metrics, by the names that flags, configs, logs and records use. */
import { OptionError } from '../errors/failures.js';
import { accuracy } from './accuracy.js';
import { agreement } from './agreement.js';
import { balancedAccuracy } from './balanced-accuracy.js';
import { f1 } from './f1.js';
import { loss } from './loss.js';
import { macroF1 } from './macro-f1.js';
import { matthews } from './matthews.js';
import type { AgreementMetric, Metric } from './metric.js';
import { pearson } from './pearson.js';
import { spearman } from './spearman.js';

/** What experiments are judged by: of these more is better. */
const JUDGED = {
  accuracy,
  f1,
  macro_f1: macroF1,
  balanced_accuracy: balancedAccuracy,
  matthews,
  agreement,
  pearson,
  spearman,
} as const satisfies Record<string, AgreementMetric>;

export const METRICS = { ...JUDGED, loss } as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
export type JudgedMetric = keyof typeof JUDGED;

export const JUDGED_METRICS = Object.keys(JUDGED) as readonly JudgedMetric[];

/** Those that may be asked for, of rows with labels or scores. */
export const ASKED_METRICS: readonly JudgedMetric[] = JUDGED_METRICS.filter((name) => !METRICS[name].isWithTeacher);
/** The same, and the loss. */
export const MONITORED_METRICS: readonly MetricName[] = [...ASKED_METRICS, 'loss'];

/** Unless an experiment says something else. */
export const DEFAULT_METRIC = 'accuracy' satisfies JudgedMetric;

/** Whether something that was measured is one of them. */
export function isJudgedMetric(name: string): name is JudgedMetric {
  return Object.hasOwn(JUDGED, name);
}

/** What is measured unless something else is asked for; the first one is what models are ranked by. */
export function defaultMetrics(classes: number): readonly JudgedMetric[] {
  return classes === 1 ? usualMetrics(1) : [DEFAULT_METRIC];
}

/** What commands measure on a file of one's own. */
export function usualMetrics(classes: number): readonly JudgedMetric[] {
  const needs = neededBy(classes);
  return JUDGED_METRICS.filter((name) => JUDGED[name].needs === needs && JUDGED[name].isUsual(classes));
}

/** What rows of a model with so many classes have. */
export function neededBy(classes: number): AgreementMetric['needs'] {
  return classes === 1 ? 'scores' : 'labels';
}

/** The one that is asked for, then the others. @throws OptionError for one that is not of a model of so many classes. */
export function askedMetrics(
  asked: JudgedMetric | undefined,
  others: readonly MetricName[],
  classes: number,
): readonly JudgedMetric[] {
  const fitting = ASKED_METRICS.filter((name) => METRICS[name].needs === neededBy(classes));
  if (asked !== undefined && !fitting.includes(asked)) {
    throw new OptionError({ where: 'metric', wanted: `one of ${fitting.join(', ')}`, got: `'${asked}'` });
  }
  return [...new Set([...(asked === undefined ? [] : [asked]), ...others.filter(isJudgedMetric)])];
}
