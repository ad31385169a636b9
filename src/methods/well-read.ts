/**
 * @file Pre-trained distillation. Turc, Chang, Lee & Toutanova 2019, "Well-Read Students Learn Better: On the Importance
 * of Pre-training Compact Models", arXiv:1908.08962.
 *
 *   L = −Σ_c softmax(z_t)_c log p_s,c
 *
 * Symbols:    z logits [B, C]
 * Departures: how the epochs are shared out is ours, and so is the default of no fine-tuning afterwards, which the paper
 *             has as an option where there are labels. A regression, which the paper does not distil, has the squared error to the teacher's score. The paper's
 *             point is the student, a small BERT pre-trained before it is distilled, and a large unlabelled transfer set.
 */
import { softLoss } from '../losses/kd.js';
import { defineMethod } from './define-method.js';
import type { Stages } from './phased.js';
import { isRegression, scoreTerms } from './score-terms.js';
import { refuseIdleShare, shareOf } from './stage-share.js';
import { supervised } from './supervised.js';

/** Soft cross-entropy at temperature 1, without labels; then, if asked for, the labels alone. */
export const wellRead = defineMethod({
  name: 'well-read',
  needs: ['logits'],
  options: {
    stage: {
      default: 'distillation',
      choices: ['distillation', 'both'],
      help: 'distillation: the teacher alone; both: then the labels, from those weights',
    },
    distillationShare: shareOf('the teacher', 0.75),
  },
  defaults: ({ stage = 'distillation', distillationShare }) => {
    refuseIdleShare('well-read', stage, distillationShare);
    return {};
  },
  phases: ({ stage, distillationShare }): Stages | undefined =>
    stage === 'both'
      ? [
          { name: 'distillation', method: wellRead(), share: distillationShare },
          { name: 'fine-tuning', method: supervised(), share: 1 - distillationShare, from: 'previous' },
        ]
      : undefined,
  losses: (inputs) => {
    const { student, teacher } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, 1, 0);
    return { soft: softLoss(student.logits, teacher.logits, { preset: 'fastformers' }) };
  },
});
