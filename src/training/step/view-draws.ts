/** @file What a view's inputs hold at a step: pure functions of seed, step and rows, so that a resumed run draws the same. */
import type { View } from '../../methods/views.js';
import { drawBeta } from '../../tensor/beta.js';
import { RandomStream } from '../../tensor/random.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import { VIEW } from './trace-views.js';

export type ViewDraw = {
  readonly seed: number;
  readonly step: number;
  /** The number of the batch among those of the step. */
  readonly at: number;
  /** Of the batch's rows; 0 for padding, which must never be mixed into a real row. */
  readonly weights: Float32Array;
};

/** What the input of a name is fed with, if it is one of a view. */
export function viewInput(
  name: string,
  views: Readonly<Record<string, View>>,
  { seed, step, at, weights }: ViewDraw,
): Tensor | undefined {
  const [viewName = '', part = ''] = name.slice(VIEW.length).split('.');
  const view = views[viewName];
  if (view === undefined) return undefined;
  const { length } = weights;
  if (part === 'lambda') {
    // One for all batches of a step.
    const lambda = drawBeta(new RandomStream(seed, name, step), view.a, view.a);
    return tensor('float32', [length], new Float32Array(length).fill(lambda));
  }
  // Each batch has an order of its own.
  const random = new RandomStream(seed, at === 0 ? name : `${name}/${at}`, step);
  const real = Array.from(weights.keys()).filter((row) => (weights[row] as number) > 0);
  const order = random.permutation(real.length);
  const offsets = new BigInt64Array(length);
  for (const [i, row] of real.entries()) offsets[row] = BigInt((real[order[i] as number] as number) - row);
  return tensor('int64', [length], offsets);
}
