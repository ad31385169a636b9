/**
 * @file Self-distillation. After Hahn & Choi 2019, "Self-Knowledge Distillation in Natural Language Processing", RANLP,
 * arXiv:1908.01851, and in the form that is usual for few classes.
 *
 *   snapshot:   L = alpha · T² · KL(p_t^T ‖ p_s^T) + (1 − alpha) · CE(y, p_s)
 *   embedding:  L = alpha · −Σ_c q_c log p_s,c + (1 − alpha) · CE(y, p_s),   q_c ∝ exp(−‖E_c − E_y‖ / τ)
 *
 * Symbols:    z_s student.logits, z_t logits of an earlier state of the same student [B, C] | y labels [B] | T temperature |
 *             E student.classRows [C, H], a constant | τ distanceScale; 0: the median distance of two rows of E
 * Departures: the paper makes its targets from distances in the model's own output embeddings; its equations could not be
 *             checked, and mode `embedding` is our reading of them. The rows of E are the classifier's without its bias, and
 *             q moves with them. They are noise at first, so alpha is 0 for `warmupEpochs`. With `top1`, q has the
 *             label and the class that the student names alone; the paper approximates too, but how is not known to us.
 *             Mode `snapshot` trains on labels for `warmupEpochs`; what that ends with then teaches it on. The paper
 *             has no such mode. The last state teaches, not the best: which is best, only other labelled rows could tell.
 */
import { sub } from '../autograd/ops/elementwise.js';
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { crossEntropy, softCrossEntropy } from '../losses/cross-entropy.js';
import { medianDistance } from '../losses/median-distance.js';
import { isLabelled, type RowLoss, scale } from '../losses/row-loss.js';
import { embeddingTargets, rivalTargets } from '../losses/targets.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { defineMethod, type MethodInputs } from './define-method.js';
import { hinton } from './hinton.js';
import type { Stages } from './phased.js';
import { isRegression } from './score-terms.js';
import { supervised } from './supervised.js';

/** Options that do nothing in the other mode. */
const OPTIONS_OF: Readonly<Record<string, readonly string[]>> = {
  snapshot: ['temperature'],
  embedding: ['approximation', 'distanceScale'],
};

type EmbeddingOptions = { readonly alpha: number; readonly approximation: string; readonly distanceScale: number };

/** Targets from the distances between the student's own classes. */
function embeddingTerms(
  { student, labels, scalars }: Pick<MethodInputs<'logits'>, 'student' | 'labels' | 'scalars'>,
  { alpha, approximation, distanceScale }: EmbeddingOptions,
): Readonly<Record<string, RowLoss>> {
  const { logits, classRows } = student;
  if (isRegression(logits) || classRows === undefined) {
    throw new OptionError({
      where: "mode embedding of method 'self-kd'",
      wanted: 'a student with at least two classes and a classifier weight per class',
      got: `logits of ${logits.shape.at(-1)}`,
      fix: 'use mode snapshot',
    });
  }
  const scaleOf = distanceScale === 0 ? medianDistance(classRows) : distanceScale;
  const targets =
    approximation === 'top1'
      ? rivalTargets(classRows, labels, logits, scaleOf)
      : embeddingTargets(classRows, labels, scaleOf); // [B, C]
  const share = scalars.alpha ?? alpha;
  const soft = softCrossEntropy(logits, targets, { mask: isLabelled(labels, NO_LABEL) });
  return { soft: scale(share, soft), hard: scale(restOf(share), crossEntropy(logits, labels)) };
}

function restOf(share: number | Value): number | Value {
  return typeof share === 'number' ? 1 - share : sub(1, share);
}

/** Distillation from the student's own earlier state, or from the distances between its own classes. */
export const selfKd = defineMethod({
  name: 'self-kd',
  needs: [],
  isForClasses: true,
  options: {
    mode: {
      default: 'snapshot',
      choices: ['snapshot', 'embedding'],
      help: 'teacher: an earlier state of the model, or distances between class embeddings',
    },
    alpha: {
      default: 0.3,
      min: 0,
      max: 1,
      help: "weight of the model's own targets; the labels get 1 - alpha",
    },
    temperature: { default: 2, above: 0, help: 'for mode snapshot: divides the logits of both sides' },
    approximation: {
      default: 'none',
      choices: ['none', 'top1'],
      help: 'for mode embedding: all classes, or the label and the predicted class',
    },
    distanceScale: {
      default: 0,
      min: 0,
      help: 'for mode embedding: scale of the distances; 0: their median',
    },
    warmupEpochs: {
      default: 1,
      min: 0,
      help: 'epochs of plain training first; at least 1 for mode snapshot',
    },
  },
  defaults: ({ mode = 'snapshot', ...given }) => {
    const idle = Object.keys(given).find((option) =>
      Object.entries(OPTIONS_OF).some(([other, own]) => other !== mode && own.includes(option)),
    );
    if (idle !== undefined) {
      throw new OptionError({
        where: `${idle} of method 'self-kd'`,
        wanted: `no option of the other mode`,
        got: `mode ${mode}`,
      });
    }
    const { warmupEpochs = 1 } = given;
    if (mode === 'embedding' || (Number.isInteger(warmupEpochs) && warmupEpochs >= 1)) return {};
    throw new OptionError({
      where: "warmupEpochs of method 'self-kd'",
      wanted: 'an integer ≥ 1 in mode snapshot: the snapshot is taken after them',
      got: String(warmupEpochs),
    });
  },
  phases: ({ mode, alpha, temperature, warmupEpochs }): Stages | undefined =>
    mode === 'snapshot'
      ? [
          { name: 'warm-up', method: supervised(), epochs: warmupEpochs },
          { name: 'snapshot', method: hinton({ alpha, temperature }), from: 'previous', teacher: 'previous' },
        ]
      : undefined,
  scalars: ({ alpha, warmupEpochs }, { epoch }) => ({ alpha: epoch < warmupEpochs ? 0 : alpha }),
  losses: (inputs, options) => embeddingTerms(inputs, options),
});
