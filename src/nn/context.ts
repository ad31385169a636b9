/** @file The two ways to run a model's forward pass. */
import { dropout } from '../autograd/ops/random.js';
import type { Value } from '../autograd/value.js';
import type { ForwardContext, Parameters } from './module.js';

/** Runs a model as it predicts: without dropout. */
export function evaluationContext(parameters: Parameters): ForwardContext {
  return { parameters, dropout: (x) => x };
}

/**
 * Runs a model as it trains.
 * @param keyFor the uint32 key of a site's dropout mask, a graph input: `streamKey(seed, site, step)` on the host.
 */
export function trainingContext(parameters: Parameters, keyFor: (site: string) => Value): ForwardContext {
  return { parameters, dropout: (x, rate, site, whole) => (rate === 0 ? x : dropout(x, keyFor(site), rate, whole)) };
}
