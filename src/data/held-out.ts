/** @file Rows that are kept from training, for a score that decides something while others are for the report. */
import { RandomStream } from '../tensor/random.js';
import type { Dataset } from './dataset.js';
import { selectedRows } from './selected-rows.js';
import { validationRows } from './stratified.js';

/** One row in ten. */
const SHARE = 0.1;
/** Fixed, so that all that are compared by these rows are compared by the same. */
const SEED = 1;

/**
 * A tenth of a training set, one row at least, drawn the same for every seed; and what is left of a transfer set that
 * begins with these rows.
 */
export function heldOut(train: Dataset, transfer: Dataset): { readonly rest: Dataset; readonly part: Dataset } {
  const count = Math.max(1, Math.floor(SHARE * train.size));
  const drawn = new RandomStream(SEED, 'held-out').permutation(train.size).slice(0, count).sort();
  return cutFrom(train, transfer, drawn);
}

/** The same of texts with each label in its share, and of rows alone that have a label, or a score. */
export function stratifiedHeldOut(train: Dataset): { readonly rest: Dataset; readonly part: Dataset } {
  if (train.text === undefined) return heldOut(train, train);
  return cutFrom(train, train, validationRows(train.text.table, { share: SHARE }, SEED));
}

function cutFrom(train: Dataset, transfer: Dataset, drawn: Uint32Array) {
  const isDrawn = new Set(drawn);
  const others = Uint32Array.from({ length: transfer.size }, (_, row) => row).filter((row) => !isDrawn.has(row));
  return {
    rest: selectedRows(transfer, others, `${transfer.name} but for a tenth`),
    part: selectedRows(train, drawn, `a tenth of ${train.name}`),
  };
}
