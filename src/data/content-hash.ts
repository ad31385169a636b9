/** @file A hash of all that a data set says: two of the same hash give the same batches. */
import { createHash, type Hash } from 'node:crypto';
import type { Tensor } from '../tensor/tensor.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import type { Dataset } from './dataset.js';
import type { TextTable } from './text-table.js';

/** Rows that are turned into bytes together. */
const ROWS = 4096;
/** Rows at either end of texts whose batches are hashed too: what is made of the columns on their way into a batch. */
const END_ROWS = 32;

const KNOWN = new WeakMap<Dataset, string>();
const KNOWN_TABLES = new WeakMap<TextTable, string>();

/**
 * SHA-256 over a data set. Of texts: the columns as they were read (ids, texts, pairs, labels, scores, label names, in
 * order), the tokenizer and the maximum length. Of other rows: all batches. Computed once for each data set.
 */
export function contentHash(data: Dataset): string {
  const known = KNOWN.get(data) ?? hashed(data);
  KNOWN.set(data, known);
  return known;
}

function hashed(data: Dataset): string {
  const { text, size, labelNames } = data;
  const hash = createHash('sha256').update(JSON.stringify([size, labelNames]));
  if (text !== undefined && isOfColumns(data, text.table)) {
    const { table, tokenizer, cut } = text;
    const { maxLength = null, truncation = null } = cut;
    hash.update(JSON.stringify([tableHash(table), tokenizerHash(tokenizer), maxLength, truncation]));
    addRows(hash, data, 0, Math.min(END_ROWS, size));
    addRows(hash, data, Math.max(0, size - END_ROWS), size);
  } else for (let row = 0; row < size; row += ROWS) addRows(hash, data, row, Math.min(row + ROWS, size));
  return hash.digest('hex');
}

/** Whether what a row is to be told by stands in its columns, and not in its tokens. */
function isOfColumns(data: Dataset, { labels, scores }: TextTable): boolean {
  const batch = data.batch([0]);
  const stands = (target: Tensor | undefined, column: object | undefined) =>
    target === undefined || (column !== undefined && target.shape.length === 1);
  return stands(batch.labels, labels) && stands(batch.scores, scores);
}

function tableHash(table: TextTable): string {
  const known = KNOWN_TABLES.get(table) ?? hashedTable(table);
  KNOWN_TABLES.set(table, known);
  return known;
}

function hashedTable({ size, ids, texts, pairs, labels, labelNames, scores }: TextTable): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([size, labelNames, pairs !== undefined, labels !== undefined, scores !== undefined]));
  // JSON says where one text ends and the next begins, and has a form for half a surrogate pair, as UTF-8 has not.
  for (const column of [ids, texts, pairs ?? []]) {
    for (let row = 0; row < column.length; row += ROWS) hash.update(JSON.stringify(column.slice(row, row + ROWS)));
  }
  for (const column of [labels, scores]) if (column !== undefined) hash.update(bytesOf(column));
  return hash.digest('hex');
}

function addRows(hash: Hash, data: Dataset, from: number, to: number): void {
  if (from === to) return;
  const { inputs, labels, scores } = data.batch(Uint32Array.from({ length: to - from }, (_, i) => from + i));
  for (const [name, value] of Object.entries({ ...inputs, labels, scores })) {
    if (value === undefined) continue;
    hash.update(JSON.stringify([name, value.dtype, value.shape])).update(bytesOf(value.data));
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
