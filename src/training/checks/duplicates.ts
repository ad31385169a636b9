import type { TextTable } from '../../data/text-table.js';
import { check, type Found, type Subjects, shownPercent } from './check.js';
import { shownText } from './shown-text.js';

const MOST_SHARED = 0.01;

export const duplicates = check('texts', {
  says: 'evaluation texts are among the training texts (leakage)',
  find: ({ evaluation, test, ...texts }) => [evaluation, test].flatMap((one) => (one && sharedWith(one, texts)) ?? []),
});

function sharedWith(scored: TextTable, { train, seen }: Pick<Subjects['texts'], 'train' | 'seen'>): Found | undefined {
  let count = 0;
  let example = '';
  for (let row = 0; row < scored.size; row++) {
    const same = seen.firstLike(scored, row);
    if (same === undefined) continue;
    if (count === 0) {
      example = `row ${scored.ids[row]} of ${scored.name} is row ${train.ids[same]} of ${train.name}, ${shownText(scored, row)}`;
    }
    count += 1;
  }
  if (count <= MOST_SHARED * scored.size) return undefined;
  return {
    text: `${count} of the ${scored.size} texts of ${scored.name} (${shownPercent(count / scored.size)}) are training texts too: ${example}`,
    fix: 'remove them from one of the two: memorised texts inflate the score',
  };
}
