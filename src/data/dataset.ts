import { ShapeError } from '../errors/failures.js';
import type { Dtype, HostArray } from '../tensor/dtype.js';
import type { StaticShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { TextRows } from './text-rows.js';

/** Rows of a data set, ready for a step. B is the number of rows, padding included. */
export type Batch = {
  /** Named inputs, each with B as its first axis; two-text models have two groups of names. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** What each row is called in predictions and signal caches. */
  readonly ids: ArrayLike<string | number>;
  /** [B]; 0 for padding. */
  readonly weights: Float32Array;
  /** [B], or one for each token [B, S]; absent for a transfer set without labels. */
  readonly labels?: Tensor<'int64'>;
  /** [B]: what a regression is to predict; NaN for a row without. */
  readonly scores?: Tensor<'float32'>;
  /** For a model with several heads: the one that these rows are for. */
  readonly task?: string;
};

/**
 * Offers the array that a batch's input will be read from, so that rows are copied once. Undefined where the reader has
 * no use for that input, or wants another shape.
 */
export type Place = (input: string, dtype: Dtype, shape: StaticShape) => HostArray | undefined;

/** A place of a batch that no row stands in. */
export const NO_ROW = 2 ** 32 - 1;

export type EpochOptions = { readonly batchSize: number; readonly seed: number; readonly epoch: number };

export type Dataset = {
  readonly name: string;
  /** Number of rows. */
  readonly size: number;
  /** In the order of the label numbers; empty without labels. */
  readonly labelNames: readonly string[];
  /** For rows that are texts, of many lengths. */
  readonly text?: TextRows;
  /**
   * The rows of an epoch, where not every row may stand in a batch with every other: batch after batch of `batchSize`
   * places, `NO_ROW` in those that a short batch leaves. Default: all rows, shuffled.
   */
  readonly order?: (epoch: EpochOptions) => Uint32Array;
  /**
   * Gathers rows by their numbers. With `paddedTo` the batch has that many rows: those added repeat given ones,
   * so that they hold valid contents, and have weight 0. With `place` its large inputs may be written there. Texts are
   * padded to `length` tokens, or to the longest of them.
   * @throws ShapeError for no rows, more than `paddedTo`, a row that does not exist, or one longer than `length`.
   */
  batch(rows: ArrayLike<number>, paddedTo?: number, place?: Place, length?: number): Batch;
};

/**
 * The rows of a batch with its padding; the first `rows.length` are those asked for.
 * @throws ShapeError as `Dataset.batch` says.
 */
export function paddedRows(rows: ArrayLike<number>, paddedTo: number, size: number, where: string): Uint32Array {
  if (rows.length === 0 || rows.length > paddedTo) {
    throw new ShapeError({ where, wanted: `1 to ${paddedTo} rows`, got: `${rows.length}` });
  }
  const padded = new Uint32Array(paddedTo);
  for (let i = 0; i < paddedTo; i++) {
    const row = rows[i % rows.length] as number;
    if (!Number.isInteger(row) || row < 0 || row >= size) {
      throw new ShapeError({ where, wanted: `rows from 0 to ${size - 1}`, got: String(row) });
    }
    padded[i] = row;
  }
  return padded;
}

/** [B]: 1 for the first `real` rows, 0 for the padding. */
export function paddingWeights(real: number, paddedTo: number): Float32Array {
  return new Float32Array(paddedTo).fill(1, 0, real);
}
