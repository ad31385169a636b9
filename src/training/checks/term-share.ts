import { check, shownPercent } from './check.js';
import { distillationShare } from './term-sums.js';

/** Shares of the gradient within which a side counts. */
const COUNTS = { least: 0.01, most: 0.99 };

/**
 * Judges the sums of all measurements, in which what is fitted late weighs little. The first alone does not say that the
 * teacher counts for nothing: a student that starts as its teacher has nothing to learn from it yet.
 */
export const termShare = check('gradients', {
  says: 'the teacher, or the labels, contribute hardly any gradient',
  find: (sums) => {
    const share = distillationShare(sums);
    const isOut = share > COUNTS.most || (share < COUNTS.least && sums.measured > 1);
    if (sums.measured === 0 || !isOut) return undefined;
    const [small, other] = share < COUNTS.least ? ['teacher', 'labels'] : ['labels', 'teacher'];
    return {
      text: `the terms of the ${small} make up ${shownPercent(Math.min(share, 1 - share))} of the gradient: the student learns from the ${other} alone`,
      fix: `give them more weight (--alpha, or the method's weights), or ask for the ${other} alone (--alpha ${small === 'teacher' ? 0 : 1})`,
    };
  },
});
