import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bootstrapInterval } from '../../../src/training/evaluation/bootstrap.js';
import {
  accuracyOf,
  confusionOf,
  f1Of,
  macroF1Of,
  matthewsOf,
} from '../../../src/training/evaluation/class-metrics.js';
import { pearson, ranks, spearman } from '../../../src/training/evaluation/correlation.js';

type Classes = {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  readonly accuracy: number;
  readonly f1: readonly number[];
  readonly macroF1: number;
  readonly matthews: number;
};
type Numbers = {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly pearson: number;
  readonly spearman: number;
  readonly ranks: readonly number[];
};

/** Witness: scikit-learn and SciPy; see make_metrics_fixture.py. */
const fixture = JSON.parse(readFileSync(new URL('../metrics.scikit-learn.json', import.meta.url), 'utf8')) as {
  readonly classes: readonly Classes[];
  readonly numbers: readonly Numbers[];
};

describe('metrics of classes', () => {
  test.each(fixture.classes)('$name: accuracy, F1, macro F1 and Matthews are those of scikit-learn', (wanted) => {
    const confusion = confusionOf(wanted.labels, wanted.predicted, wanted.classes);
    expect(accuracyOf(confusion)).toBeCloseTo(wanted.accuracy, 12);
    expect(macroF1Of(confusion)).toBeCloseTo(wanted.macroF1, 12);
    expect(matthewsOf(confusion)).toBeCloseTo(wanted.matthews, 12);
    for (const [label, f1] of wanted.f1.entries()) expect(f1Of(confusion, label)).toBeCloseTo(f1, 12);
  });

  // witness: the examples of scikit-learn's own pages on f1_score and matthews_corrcoef
  test('published examples', () => {
    expect(macroF1Of(confusionOf([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3))).toBeCloseTo(0.26666, 4);
    expect(matthewsOf(confusionOf([1, 1, 1, 0], [1, 0, 1, 1], 2))).toBeCloseTo(-0.33, 2);
  });
});

describe('correlations', () => {
  test.each(fixture.numbers)('$name: Pearson, Spearman and ranks are those of SciPy', (wanted) => {
    expect(pearson(wanted.x, wanted.y)).toBeCloseTo(wanted.pearson, 12);
    expect(spearman(wanted.x, wanted.y)).toBeCloseTo(wanted.spearman, 12);
    expect([...ranks(wanted.x)]).toEqual(wanted.ranks);
  });

  test('with a constant there is none', () => {
    expect(pearson([1, 1, 1], [1, 2, 3])).toBeNaN();
  });
});

describe('bootstrapInterval', () => {
  // Of a mean of n numbers with variance s² the interval nears mean ± 1.96 s / √n: here 0.5 ± 1.96 · 0.5 / √400.
  test('nears the normal interval of a mean, the same each time', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => i % 2);
    const mean = (sample: Uint32Array) => sample.reduce((sum, row) => sum + (values[row] ?? 0), 0) / sample.length;
    const [low, high] = bootstrapInterval(400, mean) ?? [];
    expect(Math.abs((low ?? 0) - 0.451)).toBeLessThan(0.006);
    expect(Math.abs((high ?? 0) - 0.549)).toBeLessThan(0.006);
    expect(bootstrapInterval(400, mean)).toEqual([low, high]);
  });

  test('there is none where the statistic is no number', () => {
    expect(bootstrapInterval(5, () => Number.NaN)).toBeUndefined();
  });
});
