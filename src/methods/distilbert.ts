/**
 * @file DistilBERT's triple loss. Sanh, Debut, Chaumond & Wolf 2019, "DistilBERT, a distilled version of BERT", EMC²
 * workshop, arXiv:1910.01108; code huggingface/transformers-research-projects, `distillation`.
 *
 *   L = a_soft · T² · KL(p_t^T ‖ p_s^T) + a_hard · CE(y, p_s) + a_cos · (1/n) Σ_tokens (1 − cos(h_s, h_t))
 *
 * Symbols:    z logits [B, C] (or [B, S, C] of a model that labels tokens) | y labels | T temperature | h last of
 *             hiddenStates [B, S, H] | a the three weights, 5, 2 and 1 in the authors' README
 * Departures: the paper distils a masked language model over a large text; on a task the hard term is the task's. All
 *             tokens that are not padding count in the soft and the cosine term, as in the code's default. A student of
 *             another width has a trained projection, where the code demands equal ones. Stage `both` goes on with
 *             Hinton's loss from the weights of the triple one, where the paper fine-tunes on labels, or on a task's
 *             teacher too; how the epochs are shared out is ours.
 */
import { cosineDistance } from '../losses/cosine.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { kl } from '../losses/kl.js';
import { scale } from '../losses/row-loss.js';
import type { SignalName } from '../models/model.js';
import { defineMethod } from './define-method.js';
import { hiddenSizes, sizesOfHidden } from './hidden-layers.js';
import { hinton } from './hinton.js';
import type { Stages } from './phased.js';
import { projection } from './projection.js';
import { isRegression, scoreTerms } from './score-terms.js';
import { refuseIdleShare, shareOf } from './stage-share.js';

/** Soft targets, labels, and the direction of the last hidden states. */
export const distilBert = defineMethod({
  name: 'distilbert',
  needs: ({ softWeight, cosineWeight }): SignalName[] => [
    ...(softWeight > 0 ? (['logits'] as const) : []),
    ...(cosineWeight > 0 ? (['hiddenStates'] as const) : []),
  ],
  options: {
    softWeight: { default: 5, min: 0, help: 'weight of the soft targets; 0 leaves them out' },
    hardWeight: { default: 2, min: 0, help: 'weight of the labels; 0 leaves them out' },
    cosineWeight: { default: 1, min: 0, help: 'weight of the last hidden states; 0 leaves them out' },
    temperature: { default: 2, above: 0, help: 'divides the logits of both sides' },
    stage: {
      default: 'distillation',
      choices: ['distillation', 'both'],
      help: 'distillation: the triple loss alone; both: then soft and hard targets as in hinton, from those weights',
    },
    distillationShare: shareOf('the triple loss', 0.5),
  },
  defaults: ({ stage = 'distillation', distillationShare }) => {
    refuseIdleShare('distilbert', stage, distillationShare);
    return {};
  },
  phases: ({ stage, distillationShare, ...given }): Stages | undefined => {
    if (stage !== 'both') return undefined;
    const { temperature } = given;
    return [
      { name: 'distillation', method: distilBert(given), share: distillationShare },
      {
        name: 'fine-tuning',
        method: hinton({ temperature }),
        share: 1 - distillationShare,
        from: 'previous',
        data: 'train',
      },
    ];
  },
  parameters: (sizes, { cosineWeight }) => {
    if (cosineWeight === 0) return [];
    const { student, teacher } = hiddenSizes('distilbert', sizes);
    return projection('projection', student.width, teacher.width).parameters;
  },
  scalars: ({ softWeight, temperature }) => ({ ...(softWeight > 0 && { temperature }) }),
  losses: (inputs, { softWeight, hardWeight, cosineWeight, temperature }) => {
    const { student, teacher, labels, scalars, context } = inputs;
    const { attentionMask } = student;
    const isTokens = student.logits.shape.length === 3;
    const logits = () =>
      isRegression(student.logits)
        ? scoreTerms(inputs, softWeight, hardWeight)
        : {
            ...(softWeight > 0 && {
              soft: scale(
                softWeight,
                kl(student.logits, teacher.logits, {
                  temperature: scalars.temperature ?? temperature,
                  mask: isTokens ? (student.logitsMask ?? attentionMask) : undefined,
                }),
              ),
            }),
            ...(hardWeight > 0 && { hard: scale(hardWeight, crossEntropy(student.logits, labels)) }),
          };
    const cosine = () => {
      const [ours, theirs] = [sizesOfHidden(student.hiddenStates), sizesOfHidden(teacher.hiddenStates)];
      const last = student.hiddenStates[ours.layers];
      const projected = last && projection('projection', ours.width, theirs.width).forward(context, last);
      return cosineDistance(projected, teacher.hiddenStates[theirs.layers], { mask: attentionMask });
    };
    return { ...logits(), ...(cosineWeight > 0 && { cosine: scale(cosineWeight, cosine()) }) };
  },
});
