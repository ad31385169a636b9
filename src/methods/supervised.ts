/**
 * @file Training on labels alone: a teacher, or the control without one.
 *
 *   L = CE((1 − ε) · onehot(y) + ε / C, softmax(z_s))
 *
 * Symbols:    z_s student.logits [B, C] | y labels [B] | ε labelSmoothing
 * Departures: label smoothing (Szegedy et al. 2016, arXiv:1512.00567, section 7) spreads ε over all C classes, as in the
 *             paper and PyTorch; Tf-KD's code spreads it over the other C − 1.
 */
import { crossEntropy } from '../losses/cross-entropy.js';
import { defineMethod } from './define-method.js';

/** Cross-entropy with the labels; rows without one don't count. */
export const supervised = defineMethod({
  name: 'supervised',
  needs: [],
  options: {
    labelSmoothing: { default: 0, min: 0, max: 1, help: 'share of the target that is spread over all classes' },
  },
  losses: ({ student, labels }, { labelSmoothing }) => ({
    hard: crossEntropy(student.logits, labels, { labelSmoothing }),
  }),
});
