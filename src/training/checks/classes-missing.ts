import { check, shownNames, shownPercent } from './check.js';

/** Of a class that has fewer rows, none may be predicted by chance. */
const LEAST_ROWS = 5;

/** A trained student that has not learnt some classes at all; of one that predicts a single class, `one-class` says it. */
export const classesMissing = check('end', {
  says: 'the trained student never predicts some of the classes that the evaluated rows have',
  find: ({ counts: { given, gold } = { given: [], gold: [] }, data, labelNames, epoch }) => {
    const missing = gold.flatMap((rows, label) => (rows >= LEAST_ROWS && given[label] === 0 ? [label] : []));
    const predicted = given.filter((count) => count > 0).length;
    if (missing.length === 0 || predicted < 2) return undefined;
    const rows = gold.reduce((sum, count) => sum + count, 0);
    const theirs = missing.reduce((sum, label) => sum + (gold[label] ?? 0), 0);
    const names = shownNames(missing.map((label) => labelNames[label] ?? String(label)));
    return {
      text: `the trained student never predicts ${names}, the label of ${shownPercent(theirs / rows)} of the rows of ${data}`,
      fix: `${epoch === undefined ? '' : 'train longer, or with another learning rate; '}add rows of these classes, and judge by macro_f1`,
    };
  },
});
