/**
 * @file Self-distillation from a snapshot. After Hahn & Choi 2019, "Self-Knowledge Distillation in Natural Language
 * Processing", RANLP, arXiv:1908.01851, in the form that is usual for few classes.
 *
 *   L = alpha · T² · KL(p_t^T ‖ p_s^T) + (1 − alpha) · CE(y, p_s)
 *
 * Symbols:    z_s student.logits, z_t logits of an earlier state of the same student [B, C] | y labels [B] | T temperature
 * Departures: the paper's targets come from distances in the model's own output embeddings, and its equations could not be
 *             checked; our reading of them is `embeddingTargets` in `losses/targets.ts`. This method takes the teacher
 *             that it is given: a checkpoint of the run before.
 */
import { kd } from '../losses/kd.js';
import { defineMethod } from './define-method.js';
import { isRegression, scoreTerms } from './score-terms.js';

/** Distillation from the student's own earlier state. */
export const selfKd = defineMethod({
  name: 'self-kd',
  needs: ({ alpha }) => (alpha === 0 ? [] : ['logits']),
  options: {
    alpha: { default: 0.3, min: 0, max: 1, help: 'weight of the snapshot; the labels get 1 - alpha' },
    temperature: { default: 2, min: 0, isMinAllowed: false, help: 'divides the logits of both sides' },
  },
  scalars: ({ alpha, temperature }) => ({
    ...(alpha > 0 && alpha < 1 && { alpha }),
    ...(alpha > 0 && { temperature }),
  }),
  losses: (inputs, { alpha }) => {
    const { student, teacher, labels, scalars } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, alpha, 1 - alpha);
    const terms = kd(student.logits, alpha === 0 ? undefined : teacher.logits, labels, {
      alpha: scalars.alpha ?? alpha,
      ...(scalars.temperature && { temperature: scalars.temperature }),
    });
    return { ...terms };
  },
});
