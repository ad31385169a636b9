/** @file Measuring the metrics that a task asks for. */
import { OptionError } from '../errors/failures.js';
import { countedRows, type Scored } from './answered.js';
import { defaultMetrics, METRICS, type MetricName, neededBy } from './table.js';

/**
 * The metrics that a task asks for, and the loss.
 * @throws OptionError for one that is not of such a model.
 */
export function checkedMetrics(names: readonly MetricName[] | undefined, classes: number): readonly MetricName[] {
  const owned = neededBy(classes);
  const isFitting = (name: MetricName) => ['either', owned].includes(METRICS[name].needs);
  const given = names ?? defaultMetrics(classes);
  const wrong = given.find((name) => !Object.hasOwn(METRICS, name) || !isFitting(name));
  if (wrong === undefined) return [...new Set<MetricName>([...given, 'loss'])];
  throw new OptionError({
    where: 'metrics',
    wanted: `some of ${(Object.keys(METRICS) as MetricName[]).filter(isFitting).join(', ')}`,
    got: String(wrong),
  });
}

/** The metrics of labelled rows; none where no row has a label, or a score. */
export function metricsOf(
  scored: Scored,
  names: readonly MetricName[] = checkedMetrics(undefined, scored.classes),
): Readonly<Partial<Record<MetricName, number>>> {
  if (countedRows(scored).length === 0) return {};
  return Object.fromEntries(names.map((name) => [name, METRICS[name].of(scored)]));
}
