/**
 * @file Knowledge distillation from logits. Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2.
 *
 *   L = alpha · T² · KL(softmax(z_t / T) ‖ softmax(z_s / T)) + (1 − alpha) · CE(y, softmax(z_s))
 *   regression:  L = alpha · (z_s − z_t)² + (1 − alpha) · (z_s − r)²
 *
 * Symbols:    z_s student.logits [B, C] | z_t teacher.logits [B, C] | y labels [B] | r scores [B] | T temperature
 * Departures: the paper names no weight, alpha is ours; it minimises soft cross-entropy, from which KL differs by a
 *             constant in the student. The soft term is averaged over the rows, the hard one over those with a label.
 *             The paper has no regression: the softmax of one score is 1, so that its form is ours, without T.
 *             Of a linear `anneal`, ours, alpha falls to 0 at the last planned step, as in BAM (arXiv:1907.04829).
 *             A linear model is fitted to the mean of label and soft target, alpha · softmax(z_t / T) + (1 − alpha) · y, at
 *             T = 1 on its own side, where both terms are of one distribution; a row without a label has the weight of others.
 *             `preset` swaps the soft term for what another library computes (`losses/kd-presets.ts`).
 */
import { sub } from '../autograd/ops/elementwise.js';
import { kd } from '../losses/kd.js';
import { KD_PRESETS, type KdPreset, presetSpec, resolveAlpha, resolveTemperature } from '../losses/kd-presets.js';
import { defineMethod } from './define-method.js';
import { blendedScores, labelTargets, mixedTargets } from './row-targets.js';
import { isRegression, scoreTerms } from './score-terms.js';

// Object.keys gives string[]; these are the keys of the table by construction.
const presets = Object.keys(KD_PRESETS) as KdPreset[];

/** An alpha of 0 or 1 drops a term for good; one between is a graph input, so that it can be scheduled. */
const isBlend = (alpha: number): boolean => alpha > 0 && alpha < 1;

/**
 * Distillation as in the paper. An alpha of 0 needs no teacher, one of 1 no labels. The defaults of alpha and
 * temperature are the preset's; for `hinton` 0.5 and 2.
 */
export const hinton = defineMethod({
  name: 'hinton',
  needs: ({ alpha }) => (alpha === 0 ? [] : ['logits']),
  isForClasses: ({ preset }) => preset !== 'hinton',
  options: {
    alpha: {
      default: 0.5,
      min: 0,
      max: 1,
      help: 'weight of the distillation term; the labels get 1 - alpha',
    },
    temperature: { default: 2, above: 0, help: 'divides the logits of both sides' },
    preset: { default: 'hinton', choices: presets, help: 'variant of the loss' },
    anneal: {
      default: 'none',
      choices: ['none', 'linear'],
      help: 'linear: alpha falls to 0 at the last planned step, as in bam',
    },
  },
  defaults: ({ preset = 'hinton', alpha, temperature }) => ({
    alpha: resolveAlpha(preset, alpha),
    temperature: resolveTemperature(preset, temperature),
  }),
  scalars: ({ alpha, temperature, preset, anneal }, { step, totalSteps }) => ({
    ...(anneal === 'linear' && alpha > 0 && { alpha: alpha * (1 - step / totalSteps) }),
    ...(anneal === 'none' && isBlend(alpha) && { alpha }),
    ...(alpha > 0 && presetSpec(preset).isTempered && { temperature }),
  }),
  losses: (inputs, { alpha, preset }) => {
    const { student, teacher, labels, scalars } = inputs;
    if (isRegression(student.logits) && preset === 'hinton') {
      const { alpha: share = alpha } = scalars;
      return scoreTerms(inputs, share, typeof share === 'number' ? 1 - share : sub(1, share));
    }
    const terms = kd(student.logits, alpha === 0 ? undefined : teacher.logits, labels, {
      preset,
      alpha: scalars.alpha ?? alpha,
      ...(scalars.temperature && { temperature: scalars.temperature }),
    });
    return { ...terms };
  },
  rowTargets: ({ alpha, temperature, preset, anneal }) => {
    if (preset !== 'hinton' || (anneal !== 'none' && alpha > 0)) return undefined;
    return (rows) => {
      const { classes, labels, teacherLogits } = rows;
      if (teacherLogits === undefined) return labelTargets(rows);
      return classes === 1 ? blendedScores(rows, alpha) : mixedTargets({ teacherLogits, labels, alpha, temperature });
    };
  },
});
