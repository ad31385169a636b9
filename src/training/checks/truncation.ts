/** @file Texts that are longer than what is read of them. */
import type { Dataset } from '../../data/dataset.js';
import { truncatedRows } from '../../data/text-rows.js';
import { shownPercent, type Warning } from './warning.js';

const MOST_TRUNCATED = 0.05;

/** Of the training texts, or if they are whole of those to evaluate on. */
export function truncationWarnings(sets: readonly (Dataset | undefined)[]): Warning[] {
  return sets.flatMap((data) => (data === undefined ? [] : truncated(data))).slice(0, 1);
}

function truncated({ text, name, size }: Dataset): Warning[] {
  const count = text === undefined ? 0 : truncatedRows(text);
  if (text === undefined || count <= MOST_TRUNCATED * size) return [];
  const longest = text.lengths.reduce((most, length) => Math.max(most, length), 0);
  return [
    {
      name: 'truncation',
      text: `${count} of the ${size} texts of ${name} (${shownPercent(count / size)}) are longer than ${longest} tokens and lose their ends`,
      fix: `allow more tokens (--max_length ${2 * longest}), if the model has positions for them, or shorten the texts`,
    },
  ];
}
