/**
 * @file Early stopping of the students of a distillation. The rows that are reported on choose nothing, so that epochs are
 * ranked on a tenth of the training rows, the same for all students: none of them learns from it, with a teacher or without.
 * The linear baseline has no epochs, and learns from all training rows.
 */
import type { Dataset } from '../../data/dataset.js';
import { stratifiedHeldOut } from '../../data/held-out.js';
import { hasTargets } from '../../data/targets.js';
import { OptionError } from '../../errors/failures.js';
import { METRICS, type MetricName } from '../../metrics/table.js';
import type { Model } from '../../models/model.js';
import type { EarlyStopping } from '../../training/run/early-stopping.js';
import { usualSettings } from '../../training/text/text-run.js';
import type { TextSettings } from '../../training/text/text-settings.js';
import { type DistillationData, type TransferSet, transferSet } from './transfer.js';

/** What students learn from, and what their epochs are ranked by. */
export type LearnedRows = {
  readonly train: Dataset;
  readonly evaluation: Dataset;
  readonly test?: Dataset;
  /** The training rows and a pool behind them. */
  readonly transfer?: Dataset;
  /** Rows that are taken from those of `train`: with early stopping. */
  readonly validation?: Dataset;
};

const SPLIT = new WeakMap<Dataset, ReturnType<typeof stratifiedHeldOut>>();

/**
 * The rows of the arms, and what was taken of the pool.
 * @throws as `transferSet` does; OptionError for training rows of which none can be spared.
 */
export async function learnedRows(
  data: DistillationData,
  { earlyStopping }: { readonly earlyStopping?: EarlyStopping | undefined },
): Promise<{ readonly rows: LearnedRows; readonly pool: TransferSet | undefined }> {
  // With a test split the validation split is there to choose by.
  const split = data.test === undefined && earlyStopping ? splitOf(data.train) : undefined;
  const kept = split ? { ...data, train: split.rest, validation: split.part } : data;
  const pool = await transferSet(kept);
  const { transfer: _pool, ...own } = kept;
  return { rows: { ...own, ...(pool && { transfer: pool.data }) }, pool };
}

/** A command, its plan and its runs each ask for the same. */
function splitOf(train: Dataset): ReturnType<typeof stratifiedHeldOut> {
  const known = SPLIT.get(train) ?? stratifiedHeldOut(train);
  SPLIT.set(train, known);
  return known;
}

/** Of fewer a tenth is no row. */
const FEWEST_ROWS = 10;

/**
 * Early stopping as it was asked for; where nobody says how many epochs, that of the sort of model. Absent where there is none.
 * @throws OptionError for a metric to rank epochs by where none are ranked, or rows without a label to rank them on.
 */
export function earlyStoppingOf(
  { earlyStopping: asked, monitor, epochs }: TextSettings,
  run: { readonly model: Model; readonly train: Dataset; readonly metric: MetricName; readonly isFitted: boolean },
): EarlyStopping | undefined {
  const { model, train, metric: usual, isFitted } = run;
  if (isFitted) return undefined;
  const isLabelled = hasTargets(train);
  const isUsual = epochs === undefined && isLabelled && train.size >= FEWEST_ROWS;
  const patience = asked ?? (isUsual ? usualSettings(model).earlyStopping : 0);
  if (patience === 0) {
    if (monitor === undefined) return undefined;
    const fix = 'give early_stopping too, or leave it out';
    throw new OptionError({ where: 'monitor', wanted: 'early stopping, whose epochs it ranks', got: 'none', fix });
  }
  if (!isLabelled) {
    throw new OptionError({
      where: 'earlyStopping',
      wanted: 'training rows with labels, on a tenth of which epochs are ranked',
      got: `none in ${train.name}`,
      fix: 'leave it out, and say how many epochs',
    });
  }
  const metric = monitor ?? usual;
  return { metric, mode: METRICS[metric].mode, patience };
}
