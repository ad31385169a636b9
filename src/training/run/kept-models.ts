/** @file Which models of a run are kept: the best k by a metric, under names that say so. */
import { OptionError } from '../../errors/failures.js';

/** What models are ranked by. */
export type Monitor = { readonly metric: string; readonly mode: 'min' | 'max' };

export type KeptModel = {
  /** `epoch=2-accuracy=0.9251.ckpt`; epochs count from 1. */
  readonly name: string;
  readonly epoch: number;
  readonly value: number;
};

/** @throws OptionError */
export function checkTopK(saveTopK: number): void {
  if (Number.isInteger(saveTopK) && saveTopK >= -1) return;
  throw new OptionError({ where: 'saveTopK', wanted: 'an integer ≥ 0, or -1 for all', got: String(saveTopK) });
}

export function keptName(epoch: number, { metric }: Monitor, value: number): string {
  return `epoch=${epoch}-${metric}=${value.toFixed(4)}.ckpt`;
}

/**
 * What to keep once the model of another epoch is there: the best `saveTopK`, in order of epochs. Of equal values the
 * earlier one stays.
 */
export function rankKept(
  kept: readonly KeptModel[],
  candidate: KeptModel,
  saveTopK: number,
  { mode }: Monitor,
): { readonly kept: readonly KeptModel[]; readonly dropped: readonly KeptModel[] } {
  const all = [...kept.filter(({ epoch }) => epoch !== candidate.epoch), candidate];
  if (saveTopK === -1) return { kept: all, dropped: [] };
  const best = new Set(rankedBest(all, mode).slice(0, saveTopK));
  return { kept: all.filter((model) => best.has(model)), dropped: all.filter((model) => !best.has(model)) };
}

/** A stable order: of equal values the earlier one comes first, as they were given. */
function rankedBest(models: readonly KeptModel[], mode: Monitor['mode']): readonly KeptModel[] {
  // Smaller is better; NaN is worst.
  const badness = ({ value }: KeptModel) => (Number.isNaN(value) ? Number.MAX_VALUE : mode === 'max' ? -value : value);
  return models.toSorted((a, b) => badness(a) - badness(b));
}

/** The kept model that ranks first, of equal ones the earliest; undefined where none is kept. */
export function bestKept(kept: readonly KeptModel[], { mode }: Pick<Monitor, 'mode'>): KeptModel | undefined {
  const [best] = rankedBest(kept, mode);
  return best;
}
