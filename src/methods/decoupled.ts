/**
 * @file Decoupled knowledge distillation. Zhao, Cui, Song, Qiu & Liang 2022, CVPR, arXiv:2203.08679; code
 * megvii-research/mdistiller.
 *
 *   L = h · CE(y, p_s) + w · T² · (a · TCKD + b · NCKD),    w = min(epoch / warmupEpochs, 1)
 *   TCKD = KL of (p[y], 1 − p[y]),    NCKD = KL of the classes that are not y, renormalised
 *
 * Symbols:    z logits [B, C] | y labels [B] | T temperature | a targetWeight, b nonTargetWeight, h hardWeight (the
 *             paper's α, β and 1) | epoch counted from 1
 * Departures: the paper's weights are for images (b 8, T 4, a warm-up of 20 epochs); the defaults here are ours. Rows
 *             without a label keep plain KL. Two classes have no NCKD and are refused.
 */
import { SignalError } from '../errors/failures.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { decoupledKd } from '../losses/decoupled-kd.js';
import { scale } from '../losses/row-loss.js';
import { defineMethod } from './define-method.js';

/** Frees the weight of what the teacher says of the classes that are not the label. Needs three classes or more. */
export const decoupled = defineMethod({
  name: 'decoupled',
  needs: ['logits'],
  isForClasses: true,
  leastClasses: 3,
  options: {
    targetWeight: { default: 1, min: 0, help: "weight of the target-class term (the paper's alpha)" },
    nonTargetWeight: { default: 2, min: 0, help: "weight of the non-target-class term (the paper's beta)" },
    temperature: { default: 2, above: 0, help: 'divides the logits of both sides' },
    hardWeight: { default: 1, min: 0, help: 'weight of the labels; 0 leaves them out' },
    warmupEpochs: { default: 0, min: 0, help: 'epochs over which the distillation term grows to its weight' },
  },
  scalars: ({ temperature, warmupEpochs }, { epoch }) => ({
    temperature,
    warmup: warmupEpochs === 0 ? 1 : Math.min((epoch + 1) / warmupEpochs, 1),
  }),
  losses: ({ student, teacher, labels, scalars }, { targetWeight, nonTargetWeight, temperature, hardWeight }) => {
    if (student.logits.shape.at(-1) === 2) {
      throw new SignalError({
        where: "method 'decoupled'",
        wanted: 'at least 3 classes: with two, the non-target term is constant',
        got: '2',
        fix: "use method 'hinton', which is equivalent for two",
      });
    }
    const soft = decoupledKd(student.logits, teacher.logits, labels, {
      targetWeight,
      nonTargetWeight,
      temperature: scalars.temperature ?? temperature,
    });
    return {
      soft: scale(scalars.warmup ?? 1, soft),
      ...(hardWeight > 0 && { hard: scale(hardWeight, crossEntropy(student.logits, labels)) }),
    };
  },
});
