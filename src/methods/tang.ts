/**
 * @file From BERT to a BiLSTM by its logits. Tang, Lu, Liu, Mou, Vechtomova & Lin 2019, "Distilling Task-Specific
 * Knowledge from BERT into Simple Neural Networks", arXiv:1903.12136; code castorini/d-bert.
 *
 *   L = alpha · ‖z_s − z_t‖² / C + (1 − alpha) · CE(y, p_s)
 *
 * Symbols:    z logits [B, C] | y labels [B] | alpha the weight of the logits: 1 − the paper's, which is 0
 * Departures: divided by the classes, as the code does. The code adds the labels' term with weight 1, the paper has none:
 *             `hinton({ preset: 'dbert-code' })` is the code's. Much of the paper's gain is its augmented transfer set. It trains
 *             with AdaDelta in batches of 50 or 256 and with a second, frozen table of word2vec; here Adam, batches of 64 and
 *             one table are the defaults.
 */
import { kd } from '../losses/kd.js';
import { defineMethod } from './define-method.js';
import { isRegression, scoreTerms } from './score-terms.js';

/** The squared error of logits, or of scores. */
export const tang = defineMethod({
  name: 'tang',
  needs: ({ alpha }) => (alpha === 0 ? [] : ['logits']),
  options: {
    alpha: { default: 1, min: 0, max: 1, help: 'weight of the logits; the labels get 1 - alpha' },
  },
  losses: (inputs, { alpha }) => {
    const { student, teacher, labels } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, alpha, 1 - alpha);
    return { ...kd(student.logits, alpha === 0 ? undefined : teacher.logits, labels, { preset: 'tang', alpha }) };
  },
});
