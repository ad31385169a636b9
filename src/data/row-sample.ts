/** @file A few rows that stand for all of a data set, to be timed; and how much work all of them are. */
import type { Dataset } from './dataset.js';
import { batchesByLength } from './length-order.js';

/** So many of `rows`, and texts of about the same length: the middle one. */
export function middleRows({ text }: Pick<Dataset, 'text'>, rows: Uint32Array, count: number): Uint32Array {
  const sorted = rows.slice();
  if (text !== undefined) sorted.sort((a, b) => (text.lengths[a] as number) - (text.lengths[b] as number));
  const start = Math.max(0, Math.floor((rows.length - count) / 2));
  return sorted.subarray(start, start + count);
}

/**
 * How much rows are, by batch, of which a model takes as long for each: tokens in batches of like length, padding included;
 * or all rows that are not texts.
 */
export function workByBatch({ text }: Pick<Dataset, 'text'>, rows: Uint32Array): number[] {
  if (text === undefined) return rows.length === 0 ? [] : [rows.length];
  const lengths = Uint32Array.from(rows, (row) => text.lengths[row] as number);
  // Shortest first: the last is the longest.
  return Array.from(batchesByLength(lengths), (places) => places.length * (lengths[places.at(-1) as number] as number));
}

/** Rows of middle length that fill a batch. */
export function rowsOfBatch(data: Pick<Dataset, 'text'>, rows: Uint32Array): number {
  const [middle] = middleRows(data, rows, 1);
  if (data.text === undefined || middle === undefined) return rows.length;
  const whole = batchesByLength(new Uint32Array(rows.length).fill(data.text.lengths[middle] as number)).next();
  return whole.done ? rows.length : whole.value.length;
}

export function allRows(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, row) => row);
}
