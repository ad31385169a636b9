import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkedMetrics, metricsOf } from '../../src/metrics/measure.js';

const scored = (logits: readonly number[], labels: readonly number[], classes = 2) => ({
  logits: Float32Array.from(logits),
  classes,
  labels: Int32Array.from(labels),
});

describe('metricsOf', () => {
  test('accuracy counts rows whose largest logit is the label, loss is the mean of −log p', () => {
    // By hand: p(label) is 3/4, 3/4 and 1/4, as exp(log 3) / (exp(log 3) + 1).
    const { accuracy, loss } = metricsOf(scored([Math.log(3), 0, 0, Math.log(3), Math.log(3), 0], [0, 1, 1]));
    expect(accuracy).toBe(2 / 3);
    expect(loss).toBeCloseTo((2 * Math.log(4 / 3) + Math.log(4)) / 3, 6);
  });

  test('equal logits: the first class is the answer, and the loss is log C', () => {
    const { accuracy, loss } = metricsOf(scored([1, 1, 1, 1, 1, 1], [0, 1], 3));
    expect(accuracy).toBe(0.5);
    expect(loss).toBeCloseTo(Math.log(3), 12);
  });

  test('logits of any size neither overflow nor vanish', () => {
    expect(metricsOf(scored([3e38, -3e38], [0])).loss).toBe(0);
    expect(metricsOf(scored([-2e4, 0], [0])).loss).toBe(2e4);
  });

  test('rows without a label are left out; without any label there are no metrics', () => {
    expect(metricsOf(scored([1, 0, 1, 0, 0, 1], [0, -100, 1])).accuracy).toBe(1);
    expect(metricsOf(scored([1, 0], [-100]))).toEqual({});
  });
});

describe('metricsOf with names', () => {
  // Witness: scikit-learn 1.9.1 and SciPy 1.17.1, by make_metrics_fixture.py.
  const fixture = JSON.parse(readFileSync(new URL('metrics.scikit-learn.json', import.meta.url), 'utf8'));
  const oneHot = (predicted: readonly number[], classes: number) =>
    predicted.flatMap((answer) => Array.from({ length: classes }, (_, c) => (c === answer ? 1 : 0)));

  test('gives what was asked for of the labelled rows', () => {
    const names = ['f1', 'accuracy', 'macro_f1', 'matthews'] as const;
    for (const { classes, gold, said, metrics } of fixture.labels) {
      // An unlabelled row at the end, which must not count.
      const found = metricsOf(scored(oneHot([...said, 0], classes), [...gold, -100], classes), names);
      expect(Object.keys(found)).toEqual(names);
      for (const name of names) expect(found[name]).toBeCloseTo(metrics[name], 12);
    }
  });

  test('a regression: correlations and the mean squared error of the rows that have a score', () => {
    for (const { said: x, gold: y, metrics } of fixture.scores) {
      const logits = Float32Array.from([...x, 99]);
      const scores = Float32Array.from([...y, Number.NaN]);
      const labels = new Int32Array(scores.length).fill(-100);
      const found = metricsOf({ logits, classes: 1, labels, scores });
      expect(Object.keys(found)).toEqual(['pearson', 'spearman', 'loss']);
      // float32 holds the numbers to 1e-7 of their size.
      expect(found.pearson).toBeCloseTo(metrics.pearson, 6);
      expect(found.spearman).toBeCloseTo(metrics.spearman, 6);
      const squares = x.map((value: number, i: number) => (value - y[i]) ** 2);
      expect(found.loss).toBeCloseTo(squares.reduce((a: number, b: number) => a + b) / x.length, 5);
    }
    expect(metricsOf({ ...scored([1], [-100], 1), scores: Float32Array.of(Number.NaN) })).toEqual({});
  });

  test('a metric of the other kind of model is refused by name', () => {
    expect(() => checkedMetrics(['pearson'], 2)).toThrow(
      /^metrics: wanted some of accuracy, (?!.*(pearson|spearman).*,).*loss, got pearson$/,
    );
    expect(() => checkedMetrics(['f1'], 1)).toThrow('metrics: wanted some of pearson, spearman, loss, got f1');
    expect(checkedMetrics(['f1', 'accuracy'], 2)).toEqual(['f1', 'accuracy', 'loss']);
  });
});
