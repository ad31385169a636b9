/**
 * @file Distillation from an ensemble of multi-task teachers. Liu, He, Chen & Gao 2019, "Improving Multi-Task Deep Neural
 * Networks via Knowledge Distillation for Natural Language Understanding", arXiv:1904.09482; code namisan/mt-dnn.
 *
 *   L = alpha · (−Σ_c Q_c log p_s,c) + (1 − alpha) · CE(y, p_s),    Q = (1/K) Σ_k softmax(z_t^k)
 *   regression:  L = alpha · (z_s − mean of the teachers')² + (1 − alpha) · (z_s − r)²
 *
 * Symbols:    z_t^k logits of teacher k | Q softmax of teacher.logits: an ensemble by mean of probabilities gives their
 *             logarithms | y labels [B] | r scores [B] | alpha the paper's weight of the soft targets
 * Departures: the weights are the paper's form, their values ours. The released code regresses on logits with weight 1
 *             beside the labels', and does not average teachers. The mean of logits is another target. The
 *             paper trains with Adamax; here it is the run's optimiser, AdamW.
 */
import { kd } from '../losses/kd.js';
import { defineMethod } from './define-method.js';
import { isRegression, scoreTerms } from './score-terms.js';

/** Soft cross-entropy with an ensemble's mean probabilities, and the labels. */
export const mtDnn = defineMethod({
  name: 'mt-dnn',
  needs: ({ alpha }) => (alpha === 0 ? [] : ['logits']),
  options: {
    alpha: {
      default: 0.5,
      min: 0,
      max: 1,
      help: 'weight of the mean probabilities; the labels get 1 - alpha',
    },
  },
  losses: (inputs, { alpha }) => {
    const { student, teacher, labels } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, alpha, 1 - alpha);
    return {
      ...kd(student.logits, alpha === 0 ? undefined : teacher.logits, labels, { preset: 'fastformers', alpha }),
    };
  },
});
