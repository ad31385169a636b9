/**
 * @file Born-again networks: a student of the teacher's own size. Furlanello, Lipton, Tschannen, Itti & Anandkumar 2018,
 * ICML, arXiv:1805.04770.
 *
 *   L = alpha · (−Σ_c softmax(z_t)_c log p_s,c) + (1 − alpha) · CE(y, p_s)
 *
 * Symbols:    z logits [B, C] of student and of the generation before | y labels [B]
 * Departures: the paper adds the labels' term or leaves it out; alpha is ours, and 1 leaves it out. Its two controls, rows
 *             weighted by the teacher's confidence and permuted probabilities, are not here.
 */
import { kd } from '../losses/kd.js';
import { defineMethod } from './define-method.js';
import { isRegression, scoreTerms } from './score-terms.js';

/** Soft cross-entropy with the generation before, at temperature 1. */
export const bornAgain = defineMethod({
  name: 'born-again',
  needs: ({ alpha }) => (alpha === 0 ? [] : ['logits']),
  options: {
    alpha: { default: 1, min: 0, max: 1, help: 'weight of the soft targets; the labels get 1 - alpha' },
  },
  losses: (inputs, { alpha }) => {
    const { student, teacher, labels } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, alpha, 1 - alpha);
    return {
      ...kd(student.logits, alpha === 0 ? undefined : teacher.logits, labels, { preset: 'fastformers', alpha }),
    };
  },
});
