/**
 * @file Born-again multi-task networks with teacher annealing. Clark, Luong, Khandelwal, Manning & Le 2019, "BAM!
 * Born-Again Multi-Task Networks for Natural Language Understanding", ACL, arXiv:1907.04829; code google-research/bam.
 *
 *   L = −Σ_c q_c log p_s,c,    q = lambda · onehot(y) + (1 − lambda) · softmax(z_t)
 *   regression:  L = (z_s − t)²,    t = lambda · r + (1 − lambda) · z_t
 *   lambda = 1 − alpha,  alpha from alphaStart to alphaEnd, linear over the planned steps
 *
 * Symbols:    z logits [B, C] | y labels [B] | r scores [B] | lambda the share of the label: 0 → 1 in the paper
 * Departures: alphaStart and alphaEnd of one value are the ablation without annealing (0.5 in the code). A row without a
 *             label has the teacher's target alone. The last step has lambda 1 exactly; stopping early has not. The
 *             code has Adam without bias correction, a rate of 1e-4, batches of 128 and both orders of the pairs of MRPC and
 *             STS-B; here AdamW, the run's rate and batches, and pairs as they are.
 */
import { equal, where } from '../autograd/ops/compare.js';
import { add, mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { softmax } from '../autograd/ops/normalise.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { softCrossEntropy } from '../losses/cross-entropy.js';
import { mse } from '../losses/mse.js';
import { annealedTargets } from '../losses/targets.js';
import { defineMethod } from './define-method.js';
import { isRegression } from './score-terms.js';

/** The scores' own annealed targets: teacher [B, 1], scores [B] with NaN where a row has none -> [B, 1]. */
function annealedScores(teacher: Value, scores: Value, lambda: number | Value): Value {
  const fixed = stopGradient(teacher);
  const own = unsqueeze(scores, -1); // [B] -> [B, 1]
  const hasScore = equal(own, own); // false for NaN alone
  const known = where(hasScore, own, fixed);
  return add(fixed, mul(sub(known, fixed), lambda));
}

/** Targets that move from the teacher's to the labels while the student trains, so that it can pass the teacher. */
export const bam = defineMethod({
  name: 'bam',
  needs: ['logits'],
  options: {
    alphaStart: { default: 1, min: 0, max: 1, help: "the teacher's share of the target at the start" },
    alphaEnd: { default: 0, min: 0, max: 1, help: "the teacher's share of the target at the planned end" },
  },
  scalars: ({ alphaStart, alphaEnd }, { step, totalSteps }) => ({
    lambda: 1 - alphaStart + (alphaStart - alphaEnd) * (step / totalSteps),
  }),
  losses: (inputs, { alphaStart }) => {
    const { student, teacher, labels, scalars } = inputs;
    const lambda = scalars.lambda ?? 1 - alphaStart;
    if (isRegression(student.logits)) {
      return { annealed: mse(student.logits, annealedScores(teacher.logits, inputs.scores, lambda)) };
    }
    const targets = annealedTargets(softmax(teacher.logits, { axis: -1 }), labels, lambda); // [B, C]
    return { annealed: softCrossEntropy(student.logits, targets) };
  },
});
