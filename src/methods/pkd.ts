/**
 * @file Patient knowledge distillation. Sun, Cheng, Gan & Liu 2019, "Patient Knowledge Distillation for BERT Model
 * Compression", EMNLP, arXiv:1908.09355; code intersun/PKD-for-BERT-Model-Compression.
 *
 *   L = (1 − alpha) · CE(y, p_s) + alpha · T² · KL(p_t^T ‖ p_s^T) + beta · PT
 *   PT = Σ_j ‖ h_s^j / ‖h_s^j‖ − h_t^I(j) / ‖h_t^I(j)‖ ‖² / (M · H)        of the [CLS] vectors, mean over rows
 *
 * Symbols:    z student.logits, teacher.logits [B, C] | y labels [B] | T temperature | h hiddenStates[l][:, 0] [B, H]
 *             | I layerMap, M pairs | beta weight of PT
 * Departures: PT is a mean over pairs and features, as in the released code; the paper's is a sum (`scale: sum`), and
 *             beta is only meaningful with its scale. The soft term is summed over the classes; the released code averages
 *             (`preset: primer`). The released code normalises for some tasks and not for others (`normalised`), casts PT
 *             to half precision, and its 3-layer script maps the last layers where the paper's table has `skip`. Where
 *             the widths differ a projection of each matched layer of the student is trained with it.
 */
import { kd } from '../losses/kd.js';
import { patience } from '../losses/patience.js';
import { scale } from '../losses/row-loss.js';
import { defineMethod } from './define-method.js';
import { firstToken, hiddenSizes, sizesOfHidden } from './hidden-layers.js';
import { LAYER_PAIRS, layerPairs } from './layer-maps.js';
import { projection } from './projection.js';
import { isRegression, scoreTerms } from './score-terms.js';

const WHERE = "layerMap of method 'pkd'";

/** Hinton's terms, and the student's `[CLS]` vectors drawn to those of chosen layers of the teacher. */
export const patientKd = defineMethod({
  name: 'pkd',
  needs: ({ alpha }) => (alpha === 0 ? ['hiddenStates'] : ['logits', 'hiddenStates']),
  options: {
    layerMap: {
      default: 'skip',
      choices: ['skip', 'last'],
      form: LAYER_PAIRS,
      help: 'matched layers: every k-th (skip), the last, or pairs such as 1:4,2:8',
    },
    alpha: {
      default: 0.5,
      min: 0,
      max: 1,
      help: 'weight of the distillation term; the labels get 1 - alpha',
    },
    temperature: { default: 10, above: 0, help: 'divides the logits of both sides' },
    preset: {
      default: 'hinton',
      choices: ['hinton', 'primer'],
      help: 'soft term: of the paper, or the mean over classes of its code',
    },
    beta: { default: 100, min: 0, help: 'weight of the patience term' },
    normalised: { default: 'yes', choices: ['yes', 'no'], help: 'whether vectors are compared by direction alone' },
    scale: {
      default: 'mean',
      choices: ['mean', 'sum'],
      help: "patience: the code's mean over pairs and features, or the paper's sum",
    },
  },
  parameters: (sizes, { layerMap }) => {
    const { student, teacher } = hiddenSizes('pkd', sizes);
    const pairs = layerPairs(layerMap, { where: WHERE, student: student.layers, teacher: teacher.layers });
    return pairs.flatMap(([layer]) => projection(`projection.${layer}`, student.width, teacher.width).parameters);
  },
  scalars: ({ alpha, temperature, beta }) => ({
    ...(alpha > 0 && alpha < 1 && { alpha }),
    ...(alpha > 0 && { temperature }),
    beta,
  }),
  losses: (inputs, { layerMap, alpha, preset, beta, normalised, scale: by }) => {
    const { student, teacher, labels, scalars, context } = inputs;
    const ours = sizesOfHidden(student.hiddenStates);
    const theirs = sizesOfHidden(teacher.hiddenStates);
    const pairs = layerPairs(layerMap, { where: WHERE, student: ours.layers, teacher: theirs.layers });
    const matched = pairs.map(([layer, teacherLayer]) => {
      // Both layers are there: the map was resolved from them.
      const [h, target] = [student.hiddenStates[layer], teacher.hiddenStates[teacherLayer]].map(
        (x) => x && firstToken(x),
      );
      const projected = h && projection(`projection.${layer}`, ours.width, theirs.width).forward(context, h);
      return [projected, target] as const;
    });
    const logits = isRegression(student.logits)
      ? scoreTerms(inputs, alpha, 1 - alpha)
      : kd(student.logits, alpha === 0 ? undefined : teacher.logits, labels, {
          preset,
          alpha: scalars.alpha ?? alpha,
          ...(scalars.temperature && { temperature: scalars.temperature }),
        });
    return {
      ...logits,
      patience: scale(scalars.beta ?? beta, patience(matched, { isNormalised: normalised === 'yes', scale: by })),
    };
  },
});
