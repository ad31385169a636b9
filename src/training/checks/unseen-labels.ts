import { labelCounts, type TextTable, targetRows } from '../../data/text-table.js';
import { check, type Found, shownNames } from './check.js';

export const unseenLabels = check('texts', {
  says: 'evaluated rows have labels that no training row has',
  find: ({ train, evaluation, test }) => {
    // Of rows without any label a teacher knows the classes.
    if (targetRows(train) === 0 || train.labelNames.length === 0) return undefined;
    return [evaluation, test].flatMap((one) => (one && unseenIn(one, train)) ?? []);
  },
});

function unseenIn(evaluation: TextTable, train: TextTable): Found | undefined {
  const [seen, asked] = [labelCounts(train), labelCounts(evaluation)];
  const isUnseen = (count: number, label: number) => count > 0 && !((seen[label] ?? 0) > 0);
  const unseen = evaluation.labelNames.filter((_, label) => isUnseen(asked[label] ?? 0, label));
  if (unseen.length === 0) return undefined;
  const rows = asked.reduce((sum, count, label) => sum + (isUnseen(count, label) ? count : 0), 0);
  return {
    text: `${rows} of the ${evaluation.size} rows of ${evaluation.name} are labelled ${shownNames(unseen)}, which no row of ${train.name} is`,
    fix: 'check that both have the same labels; the model can never predict a label it has not seen',
  };
}
