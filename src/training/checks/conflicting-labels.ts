import { NO_LABEL } from '../../tensor/no-label.js';
import { check, shownPercent } from './check.js';
import { shownText } from './shown-text.js';

const MOST_CONFLICTING = 0.01;

/** Of equal texts with different labels all but one can only be got wrong. */
export const conflictingLabels = check('texts', {
  says: 'equal training texts have different labels',
  find: ({ train: table, seen }) => {
    const { labels, labelNames, name, ids } = table;
    if (labels === undefined) return undefined;
    let count = 0;
    let example = '';
    for (const rows of seen.repeated) {
      const labelled = rows.filter((row) => labels[row] !== NO_LABEL);
      const [first] = labelled;
      const other = labelled.find((row) => labels[row] !== labels[first ?? row]);
      if (first === undefined || other === undefined) continue;
      if (count === 0) {
        const [a, b] = [first, other].map((row) => `${labelNames[labels[row] as number]} in row ${ids[row]}`);
        example = `${shownText(table, first)} is ${a} and ${b}`;
      }
      count += labelled.length;
    }
    if (count <= MOST_CONFLICTING * table.size) return undefined;
    return {
      text: `${count} of the ${table.size} rows of ${name} (${shownPercent(count / table.size)}) have a text that has another label elsewhere: ${example}`,
      fix: 'settle which label is right, or leave such rows out',
    };
  },
});
