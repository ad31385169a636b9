/** @file The further forward passes that a method asks for: traced values, and what their inputs hold at a step. */
import { add } from '../../autograd/ops/elementwise.js';
import { gather, positions } from '../../autograd/ops/indexing.js';
import type { Value } from '../../autograd/value.js';
import type { MixedSignals, View } from '../../methods/views.js';
import type { Mixing } from '../../models/mixed-inputs.js';
import type { Signals } from '../../models/model.js';
import { drawBeta } from '../../tensor/beta.js';
import type { Dtype } from '../../tensor/dtype.js';
import { RandomStream } from '../../tensor/random.js';
import type { Dim, Shape } from '../../tensor/shape.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';

/** Before the names of a view's inputs and dropout sites. */
export const VIEW = 'view.';

type ViewRequest = {
  readonly views: Readonly<Record<string, View>> | undefined;
  readonly B: Dim;
  readonly source: (name: string, dtype: Dtype, shape: Shape) => Value;
  readonly labels: Value;
  /** Read only if a loss asks for it: that makes the scores an input of the step. */
  readonly scores: () => Value;
  /** The forward passes of both sides; `prefix` stands before the student's dropout sites. */
  readonly student: (mixing: Mixing, prefix: string) => Signals;
  readonly teacher: (mixing: Mixing) => Signals;
};

/** The views by name, as the losses see them. */
export function tracedViews(request: ViewRequest): Readonly<Record<string, MixedSignals>> {
  const { views = {}, B, source, labels, scores, student, teacher } = request;
  return Object.fromEntries(
    Object.keys(views).map((name) => {
      // How far off the partner stands: offsets hold wherever the rows of a batch come to lie among those of a step.
      const offset = source(`${VIEW}${name}.partner`, 'int64', [B]);
      const partner = add(positions(offset, { axis: 0 }), offset);
      const lambda = source(`${VIEW}${name}.lambda`, 'float32', [B]);
      const mixing = { partner, lambda };
      const signals: MixedSignals = {
        student: student(mixing, `${VIEW}${name}.`),
        teacher: teacher(mixing),
        lambda,
        partnerLabels: gather(labels, partner),
        get partnerScores() {
          return gather(scores(), partner);
        },
      };
      return [name, signals];
    }),
  );
}

export type ViewDraw = {
  readonly seed: number;
  readonly step: number;
  /** The number of the batch among those of the step. */
  readonly at: number;
  /** Of the batch's rows; 0 for padding, which must never be mixed into a real row. */
  readonly weights: Float32Array;
};

/**
 * What the input of a name is fed with, if it is one of a view: a pure function of seed, step and rows, so that a resumed
 * run draws the same.
 */
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
