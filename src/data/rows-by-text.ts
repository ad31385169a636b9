/** @file Which rows have the same text, whatever the case, and the blanks between words. */
import { TextIndex } from './text-index.js';
import type { TextTable } from './text-table.js';

export type RowsByText = {
  /** The first row that has the text of that row of another table. */
  readonly firstLike: (other: TextTable, row: number) => number | undefined;
  /** Rows of one text, of each text that several have, in the order of their first rows. */
  readonly repeated: readonly (readonly number[])[];
};

/** The rows of a table by what they say; of pairs by both texts. */
export function rowsByText(table: TextTable): RowsByText {
  const index = new TextIndex((row) => keyOf(table, row));
  const rows = new Map<number, number[]>();
  for (let row = 0; row < table.size; row++) {
    const first = index.add(keyOf(table, row));
    if (first === undefined) continue;
    const same = rows.get(first);
    if (same === undefined) rows.set(first, [first, row]);
    else same.push(row);
  }
  return {
    firstLike: (other, row) => index.firstOf(keyOf(other, row)),
    repeated: [...rows.values()].sort(([a = 0], [b = 0]) => a - b),
  };
}

function keyOf({ texts, pairs }: TextTable, row: number): string {
  const text = folded(texts[row] ?? '');
  return pairs === undefined ? text : `${text}\n${folded(pairs[row] ?? '')}`;
}

function folded(text: string): string {
  return text.trim().replaceAll(/\s+/gu, ' ').toLowerCase();
}
