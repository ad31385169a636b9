import type { Dataset } from '../../data/dataset.js';
import { truncatedRows } from '../../data/text-rows.js';
import { check, type Found, shownPercent } from './check.js';

const MOST_TRUNCATED = 0.05;

export const truncation = check('rows', {
  says: 'many texts are truncated',
  // Of the training texts, or if they are whole of those to evaluate on.
  find: ({ train, evaluation }) => truncatedIn(train) ?? (evaluation && truncatedIn(evaluation)),
});

function truncatedIn({ text, name, size }: Dataset): Found | undefined {
  const count = text === undefined ? 0 : truncatedRows(text);
  if (text === undefined || count <= MOST_TRUNCATED * size) return undefined;
  const longest = text.cut.maxLength ?? text.lengths.reduce((most, length) => Math.max(most, length), 0);
  return {
    text: `${count} of the ${size} texts of ${name} (${shownPercent(count / size)}) are longer than ${longest} tokens and are truncated`,
    fix: `allow more tokens (--max_length ${2 * longest}), if the model allows them, or shorten the texts`,
  };
}
