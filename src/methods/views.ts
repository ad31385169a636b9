/** @file What a method may ask for besides the batch itself: further forward passes on changed inputs, as data. */
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import type { Signals } from '../models/model.js';

/**
 * Each row's word vectors mixed with those of another row of the batch: lambda · own + (1 − lambda) · partner's, in student
 * and teacher alike. The partners are a permutation of the rows, lambda ~ Beta(a, a) is one a step; both are drawn from the
 * run's seed and the step. Mixup (Zhang et al. 2018, arXiv:1710.09412) of word embeddings.
 */
export type MixupView = { readonly kind: 'mixup'; readonly a: number };

export type View = MixupView;

/**
 * A view of mixed rows.
 * @param options.a of Beta(a, a): near 0 one of two rows wins, 1 is uniform, above 1 most mixtures are even.
 * @throws OptionError unless a is above 0.
 */
export function mixup({ a }: { readonly a: number }): MixupView {
  if (!(a > 0 && Number.isFinite(a))) {
    throw new OptionError({ where: 'a of mixup', wanted: 'a number > 0', got: String(a) });
  }
  return { kind: 'mixup', a };
}

/** What a mixed forward pass gives a method's losses. */
export type MixedSignals = {
  readonly student: Signals;
  /** Constants, as in the plain pass. Absent for methods that need no teacher. */
  readonly teacher: Signals;
  /** The partners' labels, int64 [B], -100 where a partner has none. */
  readonly partnerLabels: Value;
  /** The partners' scores, float32 [B], NaN where a partner has none. */
  readonly partnerScores: Value;
  /** The row's own share of its mixture, float32 [B]. */
  readonly lambda: Value;
};
