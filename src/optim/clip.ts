import { OptionError } from '../errors/failures.js';

/** Keeps the factor finite where all gradients are 0; the value of PyTorch's `clip_grad_norm_`. */
export const CLIP_EPSILON = 1e-6;

/** What turns clipping off: the factor is then exactly 1, and still depends on every gradient. */
export const NO_CLIPPING = Number.POSITIVE_INFINITY;

/**
 * The factor on all gradients that brings their common 2-norm down to `maxNorm`, as `clip_grad_norm_` has it.
 */
export function clipFactor(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + CLIP_EPSILON));
}

/** @throws OptionError unless the limit is above 0; `NO_CLIPPING` is. */
export function checkMaxNorm(maxNorm: number): number {
  if (maxNorm > 0) return maxNorm;
  throw new OptionError({
    where: 'maxNorm',
    wanted: 'a gradient norm > 0',
    got: String(maxNorm),
    fix: 'leave it out to train without clipping',
  });
}
