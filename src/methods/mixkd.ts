/**
 * @file Mixup of word embeddings, for data as well as for what the teacher says. Liang, Hao, Shen, Zhou, Chen, Chen & Carin
 * 2021, "MixKD: Towards Efficient Distillation of Large-scale Language Models", ICLR, arXiv:2011.00593.
 *
 *   e' = lambda · e_i + (1 − lambda) · e_j,   lambda ~ Beta(a, a)
 *   L  = CE(y_i, z_s(e)) + alphaSm · (lambda · CE(y_i, z_s(e')) + (1 − lambda) · CE(y_j, z_s(e')))
 *        + alphaTmkd · d(z_t(e'), z_s(e'))
 *
 * Symbols:    e word embeddings [B, S, H], of each side its own | j a permutation of the batch | y labels [B] | z logits
 *             [B, C] | d ‖z_t − z_s‖² / C (`mse`), or T² · KL(p_t^T ‖ p_s^T) (`kl`), T temperature
 * Departures: from recall of the paper: no code of its authors was found, and the formulas could not be checked. Ours are: one
 *             lambda a step (not a row), partners of one run of a batch, a mask that is real where either row is, segments
 *             of row i, no back-translation, and the weights of 1. Rows whose partner has no label have no part in the
 *             second term. A regression has squared errors, the second of them to the mixed score.
 */
import { add, mul, sub } from '../autograd/ops/elementwise.js';
import { OptionError } from '../errors/failures.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { kl } from '../losses/kl.js';
import { mixupCrossEntropy } from '../losses/mixup.js';
import { mse, mseOfScores } from '../losses/mse.js';
import { type RowLoss, scale } from '../losses/row-loss.js';
import { defineMethod } from './define-method.js';
import type { LossInputs } from './method.js';
import { isRegression } from './score-terms.js';
import { type MixedSignals, mixup, type View } from './views.js';

/** The term of the mixed labels, or of a regression's mixed scores. */
function mixedLabels(inputs: LossInputs, mixed: MixedSignals): RowLoss {
  const { student, lambda, partnerLabels } = mixed;
  if (!isRegression(student.logits)) return mixupCrossEntropy(student.logits, inputs.labels, partnerLabels, lambda);
  // NaN where either has no score.
  const scores = add(mul(lambda, inputs.scores), mul(sub(1, lambda), mixed.partnerScores));
  return mseOfScores(student.logits, scores);
}

/** Distillation on interpolated inputs: the teacher says what becomes of a mixture, beside the mixed labels. */
export const mixKd = defineMethod({
  name: 'mixkd',
  needs: ({ alphaTmkd }) => (alphaTmkd === 0 ? [] : ['logits']),
  options: {
    a: { default: 0.4, above: 0, help: 'lambda ~ Beta(a, a): near 0 hardly any mixing, 1 uniform' },
    alphaSm: { default: 1, min: 0, help: 'weight of the mixed labels' },
    alphaTmkd: { default: 1, min: 0, help: 'weight of the teacher outputs for the mixtures' },
    divergence: {
      default: 'mse',
      choices: ['mse', 'kl'],
      help: 'divergence between the logits of teacher and student',
    },
    temperature: { default: 1, above: 0, help: 'with divergence kl: divides the logits of both sides' },
  },
  defaults: ({ divergence = 'mse', temperature }) => {
    if (divergence === 'kl' || temperature === undefined) return {};
    throw new OptionError({
      where: "temperature of method 'mixkd'",
      wanted: 'none with divergence mse, which compares logits as they are',
      got: String(temperature),
      fix: 'leave it out, or set divergence to kl',
    });
  },
  views: ({ a, alphaSm, alphaTmkd }): Record<string, View> =>
    alphaSm === 0 && alphaTmkd === 0 ? {} : { mixed: mixup({ a }) },
  losses: (inputs, { alphaSm, alphaTmkd, divergence, temperature }): Record<string, RowLoss> => {
    const { student, labels, views } = inputs;
    const hard = isRegression(student.logits)
      ? mseOfScores(student.logits, inputs.scores)
      : crossEntropy(student.logits, labels);
    const { mixed } = views;
    if (mixed === undefined) return { hard };
    const taught = (): RowLoss =>
      divergence === 'mse'
        ? mse(mixed.student.logits, mixed.teacher.logits)
        : kl(mixed.student.logits, mixed.teacher.logits, { temperature });
    return {
      hard,
      ...(alphaSm > 0 && { mixed: scale(alphaSm, mixedLabels(inputs, mixed)) }),
      ...(alphaTmkd > 0 && { soft: scale(alphaTmkd, taught()) }),
    };
  },
  labelTerms: ['hard', 'mixed'],
});
