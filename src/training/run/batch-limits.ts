/** @file How many of the batches of an epoch a run uses. */
import { OptionError } from '../../errors/failures.js';
import type { Portion } from '../../options/option-spec.js';

/**
 * The number of batches that a limit leaves of `available`, by PyTorch Lightning's rule: a count is cut to what there
 * is, a fraction is rounded down.
 * @throws OptionError for a limit out of range, and for a fraction that leaves nothing.
 */
export function limitBatches(available: number, limit: Portion | undefined, where: string): number {
  if (limit === undefined) return available;
  if ('batches' in limit) {
    const { batches } = limit;
    if (Number.isInteger(batches) && batches >= 0) return Math.min(available, batches);
    throw new OptionError({ where, wanted: 'an integer ≥ 0 (batches)', got: String(batches) });
  }
  const { fraction } = limit;
  if (!(fraction > 0 && fraction <= 1)) {
    throw new OptionError({ where, wanted: 'a fraction > 0 and ≤ 1', got: String(fraction) });
  }
  const batches = Math.floor(available * fraction);
  if (batches >= 1) return batches;
  throw new OptionError({
    where,
    wanted: 'a fraction of at least one batch',
    got: `${fraction} of ${available} batches, which is less than one`,
    fix: `use at least ${1 / available}, or a number of batches`,
  });
}
