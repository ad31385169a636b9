/** @file The ways to run a model's forward pass. */
import { mul } from '../autograd/ops/elementwise.js';
import { dropout } from '../autograd/ops/random.js';
import type { Value } from '../autograd/value.js';
import { lastDropped } from '../tensor/random.js';
import type { Dim, Shape } from '../tensor/shape.js';
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

/** A dropout mask that is drawn outside of the graph. */
export type MaskRequest = {
  readonly site: string;
  readonly shape: Shape;
  readonly rate: number;
  /** How far apart the rows of the mask are among those that bits are drawn for: 1, or see `ForwardContext.dropout`. */
  readonly rowStride: Dim;
};

/** Makes the input of a mask: float32 of the shape asked for, 0, or 1 / (1 − rate) where an element is kept. */
export type MaskSource = (request: MaskRequest) => Value;

/**
 * Runs a model as it trains, with masks as inputs of the graph: to the same bits as `trainingContext` if they are those of
 * its keys, for a fraction of the work.
 */
export function maskedContext(parameters: Parameters, maskFor: MaskSource): ForwardContext {
  return {
    parameters,
    dropout: (x, rate, site, whole) => {
      if (lastDropped(rate) === undefined) return x;
      const rowStride = whole?.shape.at(-2) ?? 1;
      return mul(x, maskFor({ site, shape: x.shape, rate, rowStride }));
    },
  };
}
