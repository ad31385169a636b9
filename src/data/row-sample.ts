/** @file A few rows that stand for all of a data set, to be timed. */
import type { Dataset } from './dataset.js';
import { batchesByLength } from './length-order.js';

/** Among `rows` by the length of their texts, those at even places: the middle of each of `count` parts. */
export function evenRows({ text }: Pick<Dataset, 'text'>, rows: Uint32Array, count: number): Uint32Array {
  if (rows.length <= count) return rows;
  const sorted = rows.slice();
  if (text !== undefined) sorted.sort((a, b) => (text.lengths[a] as number) - (text.lengths[b] as number));
  return Uint32Array.from({ length: count }, (_, i) => sorted[Math.floor(((i + 0.5) * rows.length) / count)] as number);
}

/**
 * How much rows are, of which a model takes as long for each: tokens in batches of like length, padding included, since few
 * rows of all lengths are padded more than many; or rows that are not texts.
 */
export function workOf({ text }: Pick<Dataset, 'text'>, rows: Uint32Array): number {
  if (text === undefined) return rows.length;
  const lengths = Uint32Array.from(rows, (row) => text.lengths[row] as number);
  let tokens = 0;
  for (const places of batchesByLength(lengths)) {
    // Shortest first: the last is the longest.
    tokens += places.length * (lengths[places.at(-1) as number] as number);
  }
  return tokens;
}

export function allRows(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, row) => row);
}
