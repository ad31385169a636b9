/** @file Which rows have the same text, whatever the case, and the blanks between words. */
import type { TextTable } from '../../data/text-table.js';

const SHOWN_LETTERS = 60;

export type RowsByText = ReadonlyMap<string, readonly number[]>;

export function rowsByText(table: TextTable): RowsByText {
  const rows = new Map<string, number[]>();
  for (let row = 0; row < table.size; row++) {
    const key = keyOf(table, row);
    const same = rows.get(key);
    if (same === undefined) rows.set(key, [row]);
    else same.push(row);
  }
  return rows;
}

export function keyOf({ texts, pairs }: TextTable, row: number): string {
  const text = folded(texts[row] ?? '');
  return pairs === undefined ? text : `${text}\n${folded(pairs[row] ?? '')}`;
}

function folded(text: string): string {
  return text.trim().replaceAll(/\s+/gu, ' ').toLowerCase();
}

export function shownText({ texts, pairs }: TextTable, row: number): string {
  const whole = [texts[row], pairs?.[row]].filter((text) => text !== undefined).join(' · ');
  return `'${whole.length > SHOWN_LETTERS ? `${whole.slice(0, SHOWN_LETTERS)}…` : whole}'`;
}
