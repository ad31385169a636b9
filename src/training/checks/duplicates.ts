import { check, shownPercent } from './check.js';
import { shownText } from './texts-alike.js';

const MOST_SHARED = 0.01;

export const duplicates = check('texts', {
  says: 'evaluation texts are among the training texts (leakage)',
  find: ({ train, seen, evaluation }) => {
    if (evaluation === undefined) return undefined;
    let count = 0;
    let example = '';
    for (let row = 0; row < evaluation.size; row++) {
      const same = seen.firstLike(evaluation, row);
      if (same === undefined) continue;
      if (count === 0) {
        example = `row ${evaluation.ids[row]} of ${evaluation.name} is row ${train.ids[same]} of ${train.name}, ${shownText(evaluation, row)}`;
      }
      count += 1;
    }
    if (count <= MOST_SHARED * evaluation.size) return undefined;
    return {
      text: `${count} of the ${evaluation.size} texts of ${evaluation.name} (${shownPercent(count / evaluation.size)}) are training texts too: ${example}`,
      fix: 'remove them from one of the two: memorised texts inflate the score',
    };
  },
});
