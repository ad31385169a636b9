/** @file The further forward passes that a method asks for, as traced values. */
import { add } from '../../autograd/ops/elementwise.js';
import { gather, positions } from '../../autograd/ops/indexing.js';
import type { Value } from '../../autograd/value.js';
import type { MixedSignals, View } from '../../methods/views.js';
import type { Mixing } from '../../models/mixed-inputs.js';
import type { Signals } from '../../models/model.js';
import type { Dtype } from '../../tensor/dtype.js';
import type { Dim, Shape } from '../../tensor/shape.js';

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
