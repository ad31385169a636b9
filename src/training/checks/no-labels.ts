import { hasTargets } from '../../data/targets.js';
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
