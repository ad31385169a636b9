import { labelCounts } from '../../data/text-table.js';
import { isJudgedMetric, METRICS } from '../../metrics/table.js';
import { check, shownPercent } from './check.js';

/** Above this share of one label, accuracy hardly tells a model from a constant. */
const LARGEST_SHARE = 0.9;
/** Fewer say little of the share. */
const LEAST_ROWS = 20;

export const classImbalance = check('run', {
  says: 'models are judged by accuracy on rows that nearly all have one label',
  find: ({ evaluation, metrics: [first = 'loss'], judged = first }) => {
    const table = evaluation?.text?.table;
    if (table === undefined || !isJudgedMetric(judged) || !METRICS[judged].countsRight) return undefined;
    const counts = labelCounts(table);
    const rows = counts.reduce((sum, count) => sum + count, 0);
    const most = Math.max(...counts);
    if (rows < LEAST_ROWS || most <= LARGEST_SHARE * rows) return undefined;
    const share = shownPercent(most / rows);
    return {
      text: `${share} of the labelled rows of ${table.name} are '${table.labelNames[counts.indexOf(most)]}': always predicting it has an accuracy of ${share}`,
      fix: 'judge by macro_f1, balanced_accuracy or matthews: --monitor of retort train, --metric of retort distill',
    };
  },
});
