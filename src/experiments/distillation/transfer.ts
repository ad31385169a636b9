/** @file More rows for the teacher to answer: those of a pool that are not among the rows that are reported on. */
import type { Dataset } from '../../data/dataset.js';
import { rowsByText } from '../../data/rows-by-text.js';
import { withTransferRows } from '../../data/transfer-set.js';
import { OptionError } from '../../errors/failures.js';
import { KeyIndex, keysOfRows } from '../../teachers/row-keys.js';

export type DistillationData = {
  readonly train: Dataset;
  /** The validation split. Without a test split what is reported is measured on these rows, and no choice of a run looks at them. */
  readonly evaluation: Dataset;
  /** What is reported is measured on these rows, and nothing is chosen by them. */
  readonly test?: Dataset;
  /** Rows that epochs are ranked on, which no arm is to learn from either. */
  readonly validation?: Dataset;
  /** Rows without labels, or whose labels are not to be used, of the same kind as those of `train`. */
  readonly transfer?: Dataset;
};

export type TransferSet = {
  /** The training rows, and those of the pool behind them. */
  readonly data: Dataset;
  /** Of the pool: rows that are taken, and rows that are left out, since a split that is scored has the same but for case and blanks. */
  readonly rows: number;
  readonly leftOut: number;
};

type Pooled = Omit<DistillationData, 'transfer'> & { readonly set: Promise<TransferSet> };

const ROWS_PER_TURN = 4096;

/** By their pools: a command, its plan and its runs each ask for the same, and of a million rows it takes seconds. */
const POOLED = new WeakMap<Dataset, Pooled>();

/**
 * What an arm with a teacher learns from where there is a pool; undefined where there is none.
 * @throws OptionError for a pool of another kind of data, or of which nothing is left.
 */
export async function transferSet(data: DistillationData): Promise<TransferSet | undefined> {
  const { transfer, ...others } = data;
  if (transfer === undefined) return undefined;
  const { train, evaluation, validation, test } = others;
  const known = POOLED.get(transfer);
  const isSame = known?.train === train && known.evaluation === evaluation && known.validation === validation;
  if (isSame && known.test === test) return known.set;
  const set = joined({ ...others, transfer });
  POOLED.set(transfer, { ...others, set });
  return set;
}

async function joined({
  train,
  evaluation,
  validation,
  test,
  transfer,
}: DistillationData & { readonly transfer: Dataset }): Promise<TransferSet> {
  const scored = [evaluation, validation, test].filter((data) => data !== undefined);
  const isIn: ((row: number) => boolean)[] = [];
  for (const data of scored) isIn.push(await reportedIn(data, transfer));
  const rows: number[] = [];
  for (let row = 0; row < transfer.size; row++) {
    if (!isIn.some((has) => has(row))) rows.push(row);
    // A million rows take seconds: timers and signals get their turn.
    if (row % ROWS_PER_TURN === ROWS_PER_TURN - 1) await new Promise((done) => setImmediate(done));
  }
  if (rows.length === 0) {
    throw new OptionError({
      where: transfer.name,
      wanted: `rows that are not in ${scored.map(({ name }) => name).join(' or ')}`,
      got: 'none',
      fix: 'use another file: never train on the split that is reported',
    });
  }
  const data = withTransferRows(train, transfer, Uint32Array.from(rows));
  return { data, rows: rows.length, leftOut: transfer.size - rows.length };
}

/** Which rows of a pool the evaluation has too: texts whatever the case and the blanks, other inputs to the byte. */
async function reportedIn(evaluation: Dataset, transfer: Dataset): Promise<(row: number) => boolean> {
  if (evaluation.text !== undefined && transfer.text !== undefined) {
    const reported = rowsByText(evaluation.text.table);
    const { table } = transfer.text;
    return (row) => reported.firstLike(table, row) !== undefined;
  }
  const keys = await keysOfRows(transfer, ['inputs'], transfer.name);
  const reported = new KeyIndex(await keysOfRows(evaluation, ['inputs'], evaluation.name));
  return (row) => reported.rowOf(keys, row) !== undefined;
}
