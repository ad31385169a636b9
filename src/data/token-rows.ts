/** @file Rows of token ids behind each other, in numbers that are no wider than they need to be. */
import type { EncodedRow } from '../tokenizers/tokenizer.js';

const BLOCK_ROWS = 4096;
const NARROW = 2 ** 16;

/** Of one text: places `start` to `end` of these lists. Without types all are 0; only features have values. */
export type TokenRow = {
  readonly ids: Uint16Array | Int32Array;
  readonly types: Uint8Array | undefined;
  readonly values: Float32Array | undefined;
  readonly start: number;
  readonly end: number;
};

type Block = Omit<TokenRow, 'start' | 'end'> & { readonly starts: Uint32Array };

/**
 * The ids of many texts: two bytes each where the vocabulary allows it, and a byte for its type where a text has other
 * types than 0; four bytes a row besides, and four for each value of a feature.
 */
export class TokenRows {
  readonly #blocks: Block[] = [];
  #open: EncodedRow[] = [];

  /** Adds the next row. */
  add(row: EncodedRow): void {
    this.#open.push(row);
    if (this.#open.length === BLOCK_ROWS) this.close();
  }

  /** Packs the rows that were added last; only then they can be read. */
  close(): void {
    if (this.#open.length > 0) this.#blocks.push(blockOf(this.#open));
    this.#open = [];
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#blocks
      .flatMap(({ ids, types, values, starts }) => [ids, types, values, starts])
      .reduce((sum, list) => sum + (list?.byteLength ?? 0), 0);
  }

  row(row: number): TokenRow {
    const { starts, ...lists } = this.#blocks[Math.floor(row / BLOCK_ROWS)] as Block;
    const place = row % BLOCK_ROWS;
    return { ...lists, start: starts[place] as number, end: starts[place + 1] as number };
  }
}

function blockOf(rows: readonly EncodedRow[]): Block {
  const starts = new Uint32Array(rows.length + 1);
  let largest = 0;
  let hasTypes = false;
  for (const [i, { ids, typeIds }] of rows.entries()) {
    starts[i + 1] = (starts[i] as number) + ids.length;
    for (const id of ids) largest = Math.max(largest, id);
    hasTypes ||= typeIds.some((type) => type !== 0);
  }
  const tokens = starts[rows.length] as number;
  const ids = largest < NARROW ? new Uint16Array(tokens) : new Int32Array(tokens);
  const types = hasTypes ? new Uint8Array(tokens) : undefined;
  const values = rows.some((row) => row.values !== undefined) ? new Float32Array(tokens) : undefined;
  for (const [i, row] of rows.entries()) {
    ids.set(row.ids, starts[i]);
    types?.set(row.typeIds, starts[i]);
    if (row.values !== undefined) values?.set(row.values, starts[i]);
  }
  return { ids, types, values, starts };
}
