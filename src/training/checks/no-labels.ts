import type { Dataset } from '../../data/dataset.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { check } from './check.js';

export const noLabels = check('run', {
  says: 'a metric is asked for on rows without labels',
  isProblem: true,
  find: ({ evaluation, metrics }) => {
    if (evaluation === undefined || metrics.length === 0 || hasTargets(evaluation)) return undefined;
    return {
      text: `${metrics.join(', ')} of ${evaluation.name} cannot be computed: none of its ${evaluation.size} rows has a label or score`,
      fix: 'evaluate on labelled rows, or switch the evaluation off',
    };
  },
});

function hasTargets(data: Dataset): boolean {
  const { labels, scores } = data.text?.table ?? {};
  if (labels?.some((label) => label !== NO_LABEL) || scores?.some((score) => !Number.isNaN(score))) return true;
  if (labels !== undefined || scores !== undefined) return false;
  // Rows that are no texts have labels all or none, and so have texts with a label for each token.
  const first = data.batch([0]);
  return first.labels !== undefined || first.scores !== undefined;
}
