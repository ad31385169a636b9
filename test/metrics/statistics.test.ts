import { describe, expect, test } from 'vitest';
import {
  chanceOfAtMost,
  lowerRate,
  mcnemar,
  mean,
  meanFoldedNormal,
  rowsError,
  sampleSd,
  samplesForReach,
  tInterval,
  upperRate,
} from '../../src/metrics/statistics.js';
import scipy from './statistics.scipy.json' with { type: 'json' };

/** Cephes is good to about 1e-13, and to 1e-11 in the tail of a binomial of 10,000 rows. */
const RELATIVE = 1e-10;

function expectClose(actual: number, expected: number, scale = 1): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(RELATIVE * Math.max(scale, Math.abs(expected)));
}

describe('tInterval', () => {
  // witness: scipy.stats.ttest_1samp(…).confidence_interval(0.95), numpy mean and std(ddof=1)
  test.each(scipy.tInterval)('agrees with SciPy on $values.length differences', ({ values, ...expected }) => {
    const { low, high } = tInterval(values);
    expectClose(low, expected.low);
    expectClose(high, expected.high);
    expectClose(mean(values), expected.mean);
    expectClose(sampleSd(values), expected.sd);
  });

  test.each([[], [1.5]])('has no ends for %j, which has no spread', (...values) => {
    expect(tInterval(values)).toEqual({ low: Number.NaN, high: Number.NaN });
    expect(sampleSd(values)).toBeNaN();
  });
});

describe('mcnemar', () => {
  // witness: scipy.stats.binomtest(b, b + c, 0.5).pvalue
  test.each(scipy.mcnemar)(
    'agrees with SciPy on $onlyFirst against $onlySecond rows',
    ({ onlyFirst, onlySecond, p }) => {
      expect(Math.abs(mcnemar(onlyFirst, onlySecond) - p) / p).toBeLessThanOrEqual(RELATIVE);
    },
  );
});

describe('samplesForReach', () => {
  // witness: all sizes from 2 tried in turn with scipy.stats.t.ppf
  test.each(scipy.seeds)('agrees with SciPy on sd $sd and ±$halfWidth: $seeds', ({ sd, halfWidth, seeds }) => {
    expect(samplesForReach(sd, halfWidth)).toBe(seeds);
  });

  test('no sample is large enough for a reach of nothing', () => {
    expect(samplesForReach(1, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('rowsError', () => {
  // witness: NumPy, the mean covariance of two seeds over the rows, which is how the fixture has it
  test.each(scipy.rowsError)('is what rows have in common over the seeds: $error', ({ table, error }) => {
    expectClose(rowsError(table), error);
  });

  test('is 0 where seeds agree on no row', () => {
    // by hand: the seeds' covariance is -1, less than nothing
    expect(
      rowsError([
        [1, -1],
        [-1, 1],
      ]),
    ).toBe(0);
  });
});

describe('rates', () => {
  // witness: scipy.stats.binom.cdf, and quantiles of scipy.stats.beta, which Clopper and Pearson's limits are
  test.each(scipy.rates)('agree with SciPy on $k of $n at $rate', ({ k, n, rate, delta, atMost, upper, lower }) => {
    // Of 2e-8 in 100,000 rows nine digits.
    expect(Math.abs(chanceOfAtMost(k, n, rate) - atMost)).toBeLessThanOrEqual(1e-9 * atMost);
    expectClose(upperRate(k, n, delta), upper, 0);
    expectClose(lowerRate(k, n, delta), lower, 1e-3);
  });

  test('no row at all says nothing', () => {
    expect([chanceOfAtMost(0, 0, 0.02), upperRate(0, 0, 0.05), lowerRate(0, 0, 0.05)]).toEqual([1, 1, 0]);
  });
});

describe('meanFoldedNormal', () => {
  // witness: scipy.stats.foldnorm.mean
  test.each(scipy.foldedNormal)('agrees with SciPy at $mu ± $sigma', ({ mu, sigma, mean: expected }) => {
    expectClose(meanFoldedNormal(mu, sigma), expected, 0);
  });

  test('is |mu| without a spread', () => {
    expect(meanFoldedNormal(-0.25, 0)).toBe(0.25);
  });
});
