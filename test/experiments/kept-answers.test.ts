import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import {
  packAnswers,
  resampledDifference,
  resampledError,
  resampledInterval,
} from '../../src/experiments/kept-answers.js';
import type { Scored } from '../../src/metrics/answered.js';

const ROWS = 200;
const rows = Array.from({ length: ROWS }, (_, i) => i);

/** Classes 0 and 1 of 200 rows, of which a model gets those wrong that are named. */
function classes(isWrong: (row: number) => boolean): Scored {
  const labels = Int32Array.from(rows, (i) => ((i * 7) % 10 < 4 ? 1 : 0));
  const logits = Float32Array.from(rows.flatMap((i) => (isWrong(i) === (labels[i] === 0) ? [0, 1] : [1, 0])));
  return { logits, classes: 2, labels };
}

function numbers(said: (row: number, right: number) => number): Scored {
  const scores = Float32Array.from(rows, (i) => 2 * Math.sin(i));
  const logits = Float32Array.from(rows, (i) => said(i, scores[i] as number));
  return { logits, classes: 1, labels: new Int32Array(ROWS).fill(-100), scores };
}

const better = packAnswers(classes((i) => (i * 13) % 10 < 2));
const worse = packAnswers(classes((i) => (i * 29 + 3) % 20 < 7));
const near = packAnswers(numbers((i, right) => right + Math.cos(3 * i)));
const far = packAnswers(numbers((i, right) => right + 2 * Math.cos(5 * i + 1)));

describe('resampledDifference', () => {
  // witness: scipy.stats.bootstrap of the paired rows, percentile, 20,000 resamples. With our 1,000 an end has a standard
  // error of about 0.085 standard deviations, which are 5.1 and 3.2 points: the tolerances are 3.5 and 4 of them.
  test('is the interval of the same rows for both models', () => {
    const f1 = resampledDifference(better, worse, 'f1');
    expect(f1?.rows).toBe(ROWS);
    expect(Math.abs((f1?.low ?? 0) - 6.41)).toBeLessThan(1.5);
    expect(Math.abs((f1?.high ?? 0) - 26.11)).toBeLessThan(1.5);
    const pearson = resampledDifference(near, far, 'pearson');
    expect(Math.abs((pearson?.low ?? 0) - 12.73)).toBeLessThan(1.1);
    expect(Math.abs((pearson?.high ?? 0) - 25.3)).toBeLessThan(1.1);
  });

  test('is 0 between a model and itself, and turned round with the models', () => {
    for (const metric of ['macro_f1', 'matthews'] as const) {
      expect(resampledDifference(better, better, metric)).toEqual({ rows: ROWS, low: 0, high: 0 });
    }
    const [there, back] = [resampledDifference(near, far, 'spearman'), resampledDifference(far, near, 'spearman')];
    expect(back?.low).toBeCloseTo(-(there?.high ?? 0), 9);
  });

  test('of equal answers, with which nothing correlates, there is none', () => {
    expect(resampledDifference(packAnswers(numbers(() => 1)), far, 'pearson')).toBeUndefined();
  });

  test('refuses answers to other rows', () => {
    const other = packAnswers({ ...classes(() => false), labels: new Int32Array(ROWS) });
    const compare = () => resampledDifference(better, other, 'f1');
    expect(compare).toThrow(OptionError);
    expect(compare).toThrow('wanted predictions of the same rows, got 200 rows and 200 with other labels');
  });
});

describe('resampledError', () => {
  const third = packAnswers(classes((i) => (i * 17 + 1) % 10 < 3));

  // witness: NumPy, standard deviations over 20,000 samples. Over our 1,000 one has a standard error of 2.2 %: four of them.
  test.each<[string, number, () => number]>([
    ['the difference of means over runs', 4.993, () => resampledError([better, third], [worse, worse], 'f1')],
    ['one run', 3.852, () => resampledError([better], [], 'f1')],
    ['a difference in correlation', 3.207, () => resampledError([near], [far], 'pearson')],
  ])('is the spread over resampled rows of %s', (_what, expected, error) => {
    expect(Math.abs(error() / expected - 1)).toBeLessThan(0.09);
  });

  test('takes the same rows for all runs: between arms that answer alike it is 0', () => {
    expect(resampledError([better, worse], [worse, better], 'macro_f1')).toBe(0);
  });

  test('of equal answers, with which nothing correlates, a sample counts as 0', () => {
    const constant = packAnswers(numbers(() => 1));
    expect(resampledError([constant], [constant], 'pearson')).toBe(0);
    expect(resampledError([near], [constant], 'pearson')).toBeCloseTo(resampledError([near], [], 'pearson'), 9);
  });

  test('refuses answers to other rows', () => {
    const other = packAnswers({ ...classes(() => false), labels: new Int32Array(ROWS) });
    expect(() => resampledError([better], [other], 'f1')).toThrow('got 200 rows and 200 with other labels');
  });
});

describe('resampledInterval', () => {
  test('is that of one model', () => {
    // witness: NumPy, the F1 of 20,000 resamples: 67.12, 82.05
    const interval = resampledInterval(better, 'f1');
    expect(Math.abs((interval?.low ?? 0) - 67.12)).toBeLessThan(1.2);
    expect(Math.abs((interval?.high ?? 0) - 82.05)).toBeLessThan(1.2);
  });
});

describe('packAnswers', () => {
  test('leaves out rows that have no label or score', () => {
    const { labels, ...scored } = classes(() => false);
    const half = packAnswers({ ...scored, labels: labels.map((label, i) => (i < 100 ? label : -100)) });
    expect(Buffer.from(half.gold, 'base64')).toHaveLength(2 * 100);
    const given = numbers(() => 1);
    const some = packAnswers({
      ...given,
      scores: (given.scores ?? new Float32Array()).map((s, i) => (i < 7 ? s : NaN)),
    });
    expect(Buffer.from(some.said, 'base64')).toHaveLength(4 * 7);
  });
});
