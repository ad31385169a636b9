/**
 * @file The control that keeps a teacher's answers and throws its probabilities away.
 *
 *   L = CE(argmax z_t, softmax(z_s))
 *
 * Symbols:    z_s student.logits [B, C] | z_t teacher.logits [B, C]
 * Source:     pseudo-labels (Lee 2013, "Pseudo-Label: the simple and efficient semi-supervised learning method for deep
 *             neural networks", ICML workshop), with the teacher in the place of the student itself.
 * Departures: every row counts, whether it has a label or not; the labels are not read.
 */
import { argMax } from '../autograd/ops/reduce.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { defineMethod } from './define-method.js';
import { predictedTargets } from './row-targets.js';

/** Cross-entropy with the class that the teacher finds likeliest, the first of several. */
export const hardLabels = defineMethod({
  name: 'hard-labels',
  needs: ['logits'],
  isForClasses: true,
  options: {},
  losses: ({ student, teacher }) => ({
    hard: crossEntropy(student.logits, argMax(teacher.logits, { axis: -1 })), // [B, C] -> [B]
  }),
  rowTargets: () => predictedTargets,
});
