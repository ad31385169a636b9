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
  /** The chance of at most k successes in n trials of probability p. */
  bdtr(k: number, n: number, p: number): number;
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
  const centre = mean(values);
  const half = halfWidth(sampleSd(values), values.length);
  return { low: centre - half, high: centre + half };
}

function halfWidth(sd: number, n: number): number {
  return (upperT(n - 1) * sd) / Math.sqrt(n);
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
