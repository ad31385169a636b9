/**
 * @file Pre-trained distillation. Turc, Chang, Lee & Toutanova 2019, "Well-Read Students Learn Better: On the Importance
 * of Pre-training Compact Models", arXiv:1908.08962.
 *
 *   L = −Σ_c softmax(z_t)_c log p_s,c
 *
 * Symbols:    z logits [B, C]
 * Departures: a regression, which the paper does not distil, has the squared error to the teacher's score. The paper's
 *             point is the student, a small BERT pre-trained before it is distilled, and a large unlabelled transfer set.
 */
import { softLoss } from '../losses/kd.js';
import { defineMethod } from './define-method.js';
import { isRegression, scoreTerms } from './score-terms.js';

/** Soft cross-entropy at temperature 1, without labels. */
export const wellRead = defineMethod({
  name: 'well-read',
  needs: ['logits'],
  options: {},
  losses: (inputs) => {
    const { student, teacher } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, 1, 0);
    return { soft: softLoss(student.logits, teacher.logits, { preset: 'fastformers' }) };
  },
});
