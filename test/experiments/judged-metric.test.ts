import { describe, expect, test } from 'vitest';
import { inPoints, JUDGED_METRICS, METRIC_WORDING, scoreText } from '../../src/experiments/judged-metric.js';
import { METRICS, type MetricName } from '../../src/training/evaluation/metrics.js';

describe('JUDGED_METRICS', () => {
  test('are all metrics of which more is better', () => {
    const better = (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].mode === 'max');
    expect([...JUDGED_METRICS].sort()).toEqual(better.sort());
  });

  test('have a least value that the metric can take, and a unit only where it is a share', () => {
    for (const name of JUDGED_METRICS) {
      const { least, unit, scale } = METRIC_WORDING[name];
      expect([least, unit, scale]).toEqual(unit === '' ? [-100, '', 'times 100'] : [0, ' %', 'in percent']);
    }
  });
});

describe('inPoints', () => {
  test('has no more digits than the share of 10,000 rows', () => {
    for (let right = 0; right <= 10_000; right++)
      expect(inPoints(right / 10_000)).toBe(Number((right / 100).toFixed(2)));
  });
});

describe('scoreText', () => {
  test('names what is no accuracy, and has a unit where it is a share', () => {
    expect([scoreText('accuracy', 86.1), scoreText('f1', 86.1), scoreText('matthews', -3.25)]).toEqual([
      '86.10 %',
      'F1 86.10 %',
      'Matthews -3.25',
    ]);
  });
});
