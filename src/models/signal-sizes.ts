/** @file The sizes of what a model tells, from which layers are matched and projections made before anything runs. */

import { inputParameters } from '../nn/parameters.js';
import { defined } from '../options/given.js';
import type { Dim } from '../tensor/shape.js';
import { traceForward } from './forward.js';
import type { Model, Signals } from './model.js';

/** Of a model; absent where it does not give such signals. */
export type SignalSizes = {
  readonly classes: number;
  /** L, of the hidden states. */
  readonly layers?: number;
  /** H */
  readonly width?: number;
  /** A */
  readonly heads?: number;
};

const known = (dim: Dim | undefined): number | undefined => (typeof dim === 'number' ? dim : undefined);

/** The sizes that signals show. */
function sizesOfSignals({ logits, hiddenStates, attentionScores }: Signals): SignalSizes {
  const width = known(hiddenStates?.[0]?.shape[2]);
  const heads = known(attentionScores?.[0]?.shape[1]);
  return {
    classes: known(logits.shape.at(-1)) ?? 0,
    ...(hiddenStates && { layers: hiddenStates.length - 1 }),
    ...defined({ width, heads }),
  };
}

/** The sizes of a model's signals. */
export function signalSizes(model: Model): SignalSizes {
  return sizesOfSignals(traceForward(model, inputParameters(model.parameters)));
}
