/** @file More rows for the teacher to answer: those of a pool that are not among the rows that are reported on. */
import type { Dataset } from '../../data/dataset.js';
import { allRows } from '../../data/row-sample.js';
import { withTransferRows } from '../../data/transfer-set.js';
import { OptionError } from '../../errors/failures.js';
import { KeyIndex, keysOfRows } from '../../teachers/row-keys.js';
import type { RowPart } from '../../teachers/teacher.js';

export type DistillationData = {
  readonly train: Dataset;
  /** What is reported is measured on these rows, which no choice may look at. */
  readonly evaluation: Dataset;
  /** Rows without labels, or whose labels are not to be used, of the same kind as those of `train`. */
  readonly transfer?: Dataset;
};

export type TransferSet = {
  /** The training rows, and those of the pool behind them. */
  readonly data: Dataset;
  /** Of the pool: rows that are taken, and rows that are left out, since the evaluation has the same. */
  readonly rows: number;
  readonly leftOut: number;
};

type Pooled = Omit<Required<DistillationData>, 'transfer'> & { readonly set: Promise<TransferSet> };

/** By their pools: a command, its plan and its runs each ask for the same, and of a million rows it takes seconds. */
const POOLED = new WeakMap<Dataset, Pooled>();

/**
 * What an arm with a teacher learns from where there is a pool; undefined where there is none.
 * @throws OptionError for a pool of another kind of data, or of which nothing is left.
 */
export async function transferSet({ train, evaluation, transfer }: DistillationData): Promise<TransferSet | undefined> {
  if (transfer === undefined) return undefined;
  const known = POOLED.get(transfer);
  if (known?.train === train && known.evaluation === evaluation) return known.set;
  const set = joined({ train, evaluation, transfer });
  POOLED.set(transfer, { train, evaluation, set });
  return set;
}

async function joined({ train, evaluation, transfer }: Required<DistillationData>): Promise<TransferSet> {
  const by: RowPart = transfer.text === undefined ? 'inputs' : 'texts';
  const keys = await keysOfRows(transfer, [by], transfer.name);
  const reported = new KeyIndex(await keysOfRows(evaluation, [by], evaluation.name));
  const taken = allRows(transfer.size).filter((row) => reported.rowOf(keys, row) === undefined);
  if (taken.length === 0) {
    throw new OptionError({
      where: transfer.name,
      wanted: `rows that are not in ${evaluation.name}`,
      got: 'none',
      fix: 'use another file: never train on the split that is reported',
    });
  }
  const data = withTransferRows(train, transfer, taken);
  return { data, rows: taken.length, leftOut: transfer.size - taken.length };
}
