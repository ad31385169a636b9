import { labelCounts } from '../../data/text-table.js';
import { check, shownNames } from './check.js';

export const rareLabels = check('texts', {
  says: 'labels with a single training row',
  find: ({ train }) => {
    const counts = labelCounts(train);
    const rare = train.labelNames.filter((_, label) => counts[label] === 1);
    if (rare.length === 0) return undefined;
    return {
      text: `${shownNames(rare)} ${rare.length === 1 ? 'has' : 'have'} one row each in ${train.name}`,
      fix: 'collect more rows of them, join them with others, or leave them out',
    };
  },
});
