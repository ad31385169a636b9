/** @file Draws from the gamma and beta distributions. */
import type { RandomStream } from './random.js';

/** The logarithm of a draw from Gamma(shape, 1), for shape >= 1. Marsaglia & Tsang 2000, "A simple method". */
function logGammaAboveOne(random: RandomStream, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/** The same for any shape: Gamma(a) = Gamma(a + 1) · U^(1/a). A logarithm, because it underflows for a small shape. */
function logGamma(random: RandomStream, shape: number): number {
  if (shape >= 1) return logGammaAboveOne(random, shape);
  return logGammaAboveOne(random, shape + 1) + Math.log(1 - random.uniform()) / shape;
}

/** A draw from Beta(a, b), a and b above 0. */
export function drawBeta(random: RandomStream, a: number, b: number): number {
  const x = logGamma(random, a);
  const y = logGamma(random, b);
  return 1 / (1 + Math.exp(y - x));
}
