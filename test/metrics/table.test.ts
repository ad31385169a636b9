import { describe, expect, test } from 'vitest';
import { defaultMetrics, JUDGED_METRICS, METRICS, type MetricName, usualMetrics } from '../../src/metrics/table.js';

describe('JUDGED_METRICS', () => {
  test('are all metrics of which more is better', () => {
    const better = (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].mode === 'max');
    expect([...JUDGED_METRICS].sort()).toEqual(better.sort());
  });

  test('have a least value that the metric can take, and a unit only where it is a share', () => {
    for (const name of JUDGED_METRICS) {
      const { least, unit, scale } = METRICS[name];
      expect([least, unit, scale]).toEqual(unit === '' ? [-100, '', 'times 100'] : [0, ' %', 'in percent']);
    }
  });
});

describe('usualMetrics', () => {
  test('of a file: F1 of the second of two labels, of more the mean over all; of numbers the correlations', () => {
    expect(usualMetrics(2)).toEqual(['accuracy', 'f1', 'matthews']);
    expect(usualMetrics(3)).toEqual(['accuracy', 'macro_f1', 'matthews']);
    expect(usualMetrics(1)).toEqual(['pearson', 'spearman']);
  });

  test('models are ranked by one of them unless something else is asked for', () => {
    expect([defaultMetrics(7), defaultMetrics(1)]).toEqual([['accuracy'], ['pearson', 'spearman']]);
  });
});
