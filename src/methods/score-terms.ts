import type { Value } from '../autograd/value.js';
import { mse, mseOfScores } from '../losses/mse.js';
import type { RowLoss } from '../losses/row-loss.js';
import { scale } from '../losses/row-loss.js';
import type { LossInputs } from './method.js';

/** Whether a model predicts one number and not classes: a softmax of its one score would be 1, and a loss of it 0. */
export function isRegression(logits: Value): boolean {
  return logits.shape.at(-1) === 1;
}

/**
 * Distillation of a regression: squared errors to the teacher's score and to the row's own, which some rows may lack.
 * A term whose weight is 0 is left out; one whose weight changes from step to step stays.
 */
export function scoreTerms(
  inputs: LossInputs,
  soft: number | Value,
  hard: number | Value,
): Readonly<Record<string, RowLoss>> {
  const { student, teacher } = inputs;
  return {
    ...(soft !== 0 && { soft: scale(soft, mse(student.logits, teacher.logits)) }),
    // Read only where it is used: that makes the scores an input of the step.
    ...(hard !== 0 && { hard: scale(hard, mseOfScores(student.logits, inputs.scores)) }),
  };
}
