/**
 * @file The statistics behind a verdict. The distributions are those of Moshier's Cephes library, which SciPy was built
 * on; the tests compare every function with SciPy.
 */
import { createRequire } from 'node:module';

/** Two-sided 95 %: what every interval of this package covers. */
const UPPER = 0.975;

/** The part of Cephes that is used here. */
type Cephes = {
  /** Student's t at k degrees of freedom: the value that a share p lies below. */
  stdtri(k: number, p: number): number;
  /** The same of the standard normal distribution. */
  ndtri(p: number): number;
  /** The share below a value. */
  ndtr(x: number): number;
  /** The chance of at most k successes in n trials of probability p. */
  bdtr(k: number, n: number, p: number): number;
  /** The p at which that chance is y. */
  bdtri(k: number, n: number, y: number): number;
};

let loaded: Cephes | undefined;

/**
 * `require` gets the build whose WebAssembly is ready when it returns; that for `import` has to be awaited, and
 * TypeScript finds no types for it.
 */
function cephes(): Cephes {
  loaded ??= createRequire(import.meta.url)('cephes') as Cephes;
  return loaded;
}

/** NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of the population a sample is from (n − 1 in the denominator); NaN for fewer than two values. */
export function sampleSd(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

export type Interval = { readonly low: number; readonly high: number };

/**
 * The 95 % interval for the mean of the normal population a sample is from: mean ± t · sd / √n, with t the 97.5 %
 * quantile of Student's distribution at n − 1 degrees of freedom. Over paired differences it is the paired t-interval.
 * @returns NaN at both ends for fewer than two values, which say nothing about their spread.
 */
export function tInterval(values: readonly number[]): Interval {
  if (values.length < 2) return { low: Number.NaN, high: Number.NaN };
  return around(mean(values), tHalfWidth(values));
}

/** Half the width of `tInterval`; NaN for fewer than two values. */
export function tHalfWidth(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : halfWidth(sampleSd(values), values.length);
}

export function around(centre: number, half: number): Interval {
  return { low: centre - half, high: centre + half };
}

function halfWidth(sd: number, n: number): number {
  return (upperT(n - 1) * sd) / Math.sqrt(n);
}

/** Half the width of a 95 % interval whose normal error has this standard deviation: 1.96 of them. */
export function normalHalfWidth(error: number): number {
  return cephes().ndtri(UPPER) * error;
}

/**
 * The standard error that the rows give to the mean of a table of seeds × rows, both samples of a population: the random
 * effect of rows in the two-way layout without replication (Searle, Casella & McCulloch 1992, "Variance components", 4.3),
 * √(max(0, MS_rows − MS_residual) / (n N)). What rows and seeds do together is in the spread between seeds already.
 * @param table [n][N]: n seeds, two or more; N rows, two or more
 */
export function rowsError(table: readonly ArrayLike<number>[]): number {
  const n = table.length;
  const N = table[0]?.length ?? 0;
  const rowSums = new Float64Array(N);
  let squares = 0;
  const seedMeans = table.map((values) => {
    let sum = 0;
    for (let row = 0; row < N; row++) {
      const value = values[row] as number;
      sum += value;
      squares += value * value;
      rowSums[row] = (rowSums[row] as number) + value;
    }
    return sum / N;
  });
  const centre = mean(seedMeans);
  const ofRows = n * rowSums.reduce((sum, rowSum) => sum + (rowSum / n - centre) ** 2, 0);
  const ofSeeds = N * seedMeans.reduce((sum, seedMean) => sum + (seedMean - centre) ** 2, 0);
  const rest = squares - n * N * centre ** 2 - ofRows - ofSeeds;
  const meanSquares = ofRows / (N - 1) - rest / ((n - 1) * (N - 1));
  return Math.sqrt(Math.max(0, meanSquares) / (n * N));
}

/** By degrees of freedom: found by iteration, and asked for again and again. */
const UPPER_T = new Map<number, number>();

function upperT(freedom: number): number {
  const known = UPPER_T.get(freedom) ?? cephes().stdtri(freedom, UPPER);
  UPPER_T.set(freedom, known);
  return known;
}

/**
 * The smallest sample (2 or more) whose 95 % t-interval reaches less than `reach` to either side of its mean, if its
 * standard deviation is `sd`. Infinity for a reach of 0 and a spread above it.
 */
export function samplesForReach(sd: number, reach: number): number {
  if (sd === 0) return 2;
  if (reach <= 0) return Number.POSITIVE_INFINITY;
  // t lies above the normal quantile at every sample size, so no smaller sample will do.
  let n = Math.max(2, Math.floor(((cephes().ndtri(UPPER) * sd) / reach) ** 2));
  while (halfWidth(sd, n) >= reach) n += 1;
  return n;
}

/**
 * McNemar's exact test for two models answering the same rows.
 * @param onlyFirst Rows that only the first model answered right; `onlySecond` likewise.
 * @returns the two-sided p: how often two models that are right equally often differ on those rows at least as unevenly.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const rows = onlyFirst + onlySecond;
  if (onlyFirst === onlySecond) return 1;
  return Math.min(1, 2 * cephes().bdtr(Math.min(onlyFirst, onlySecond), rows, 0.5));
}

/** P(Bin(n, rate) ≤ k): how often n rows have so few errors as k if each is wrong at that rate. 1 for no rows. */
export function chanceOfAtMost(k: number, n: number, rate: number): number {
  return k >= n ? 1 : cephes().bdtr(k, n, rate);
}

/**
 * Clopper and Pearson's upper limit of a rate (1934, "The use of confidence or fiducial limits illustrated in the case of the
 * binomial"): the largest at which k of n or fewer come up in a share δ of samples. 1 where all are successes, or none was tried.
 */
export function upperRate(k: number, n: number, delta: number): number {
  return k >= n ? 1 : cephes().bdtri(k, n, delta);
}

/** Likewise the lower limit; 0 where there is no success. */
export function lowerRate(k: number, n: number, delta: number): number {
  return k === 0 ? 0 : 1 - upperRate(n - k, n, delta);
}

/** Mean of |x| where x is normal: σ √(2/π) exp(−μ²/2σ²) + μ (1 − 2 Φ(−μ/σ)), the folded normal's (Leone et al. 1961). */
export function meanFoldedNormal(mu: number, sigma: number): number {
  if (sigma === 0) return Math.abs(mu);
  const spread = sigma * Math.sqrt(2 / Math.PI) * Math.exp(-((mu / sigma) ** 2) / 2);
  return spread + mu * (1 - 2 * cephes().ndtr(-mu / sigma));
}
