import { describe, expect, test } from 'vitest';
import { metricsOf } from '../../src/training/metrics.js';

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
