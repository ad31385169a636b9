import { OptionError } from '../../errors/failures.js';
import { gainOver } from '../../metrics/metric.js';

export type EarlyStopping = {
  readonly metric: string;
  readonly mode: 'min' | 'max';
  /** Evaluations without improvement after which the run stops. */
  readonly patience: number;
  /** What counts as an improvement has to be better by more than this. Default: 0. */
  readonly minDelta?: number;
};

/** The best value so far, and how many evaluations ago it was. */
export type Patience = { readonly best: number | null; readonly waited: number };

export const FRESH: Patience = { best: null, waited: 0 };

/** @throws OptionError for options out of range. */
export function checkEarlyStopping({ patience, minDelta = 0 }: EarlyStopping): void {
  if (!(Number.isInteger(patience) && patience >= 1)) {
    const got = String(patience);
    throw new OptionError({ where: 'earlyStopping patience', wanted: 'an integer ≥ 1 (evaluations)', got });
  }
  if (!(Number.isFinite(minDelta) && minDelta >= 0)) {
    throw new OptionError({ where: 'earlyStopping minDelta', wanted: 'a number ≥ 0', got: String(minDelta) });
  }
}

/**
 * Takes one evaluation in. PyTorch Lightning's rule: the run stops once `patience` evaluations in a row were not
 * better than the best by more than `minDelta`.
 * @throws OptionError if the metric was not measured.
 */
export function waitFor(
  options: EarlyStopping,
  { best, waited }: Patience,
  metrics: Readonly<Record<string, number>>,
): Patience & { readonly isOver: boolean } {
  const value = metrics[options.metric];
  if (value === undefined) {
    throw new OptionError({
      where: 'earlyStopping metric',
      wanted: `a measured metric: ${Object.keys(metrics).join(', ') || 'none is'}`,
      got: options.metric,
      fix: 'give a labelled validation split, or leave early stopping out',
    });
  }
  // NaN is no improvement, and anything is one over it.
  const isFirst = best === null || Number.isNaN(best);
  const gain = isFirst ? Number.POSITIVE_INFINITY : gainOver(options.mode, value, best);
  if (gain > (options.minDelta ?? 0)) return { best: value, waited: 0, isOver: false };
  return { best, waited: waited + 1, isOver: waited + 1 >= options.patience };
}
