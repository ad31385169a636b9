import type { TextTable } from '../../data/text-table.js';
import { check, type Found } from './check.js';

const MOST_EMPTY = 0.001;

export const emptyTexts = check('texts', {
  says: 'texts without a word',
  // What is so of the training texts is mostly so of the others too: once is enough.
  find: ({ train, evaluation }) => emptyIn(train) ?? (evaluation && emptyIn(evaluation)),
});

function emptyIn({ texts, pairs, ids, name, size }: TextTable): Found | undefined {
  const isEmpty = (row: number) => texts[row]?.trim() === '' || pairs?.[row]?.trim() === '';
  let count = 0;
  let first: number | undefined;
  for (let row = 0; row < size; row++) {
    if (!isEmpty(row)) continue;
    first ??= row;
    count += 1;
  }
  if (first === undefined || count <= MOST_EMPTY * size) return undefined;
  return {
    text: `${count} of the ${size} rows of ${name} have an empty text, such as row ${ids[first]}`,
    fix: 'leave them out, or check the column of the texts',
  };
}
