/** @file A row's text as a warning quotes it. */
import type { TextTable } from '../../data/text-table.js';

const SHOWN_LETTERS = 60;

export function shownText({ texts, pairs }: TextTable, row: number): string {
  const whole = [texts[row], pairs?.[row]].filter((text) => text !== undefined).join(' · ');
  return `'${whole.length > SHOWN_LETTERS ? `${whole.slice(0, SHOWN_LETTERS)}…` : whole}'`;
}
