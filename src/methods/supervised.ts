/**
 * @file Training on labels alone: a teacher, or the control without one.
 *
 *   L = CE((1 − ε) · onehot(y) + ε / C, softmax(z_s))        for classes
 *   L = (z_s − r)²                                           for a regression, whose model has one label
 *
 * Symbols:    z_s student.logits [B, C] | y labels [B] | r scores [B] | ε labelSmoothing
 * Departures: label smoothing (Szegedy et al. 2016, arXiv:1512.00567, section 7) spreads ε over all C classes, as in the
 *             paper and PyTorch; Tf-KD's code spreads it over the other C − 1.
 */
import { OptionError } from '../errors/failures.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { mseOfScores } from '../losses/mse.js';
import { defineMethod } from './define-method.js';
import { labelTargets } from './row-targets.js';

/** Cross-entropy with the labels, or the squared error to the scores; rows without one don't count. */
export const supervised = defineMethod({
  name: 'supervised',
  needs: [],
  options: {
    labelSmoothing: { default: 0, min: 0, max: 1, help: 'share of the target that is spread over all classes' },
  },
  losses: (inputs, { labelSmoothing }) => {
    const { student, labels } = inputs;
    if (student.logits.shape.at(-1) !== 1) return { hard: crossEntropy(student.logits, labels, { labelSmoothing }) };
    if (labelSmoothing > 0) {
      const got = `${labelSmoothing} for a regression`;
      throw new OptionError({
        where: 'labelSmoothing',
        wanted: '0 for a model of one label',
        got,
        fix: 'leave it out',
      });
    }
    // Read here and not above: it makes the scores an input of the step.
    return { hard: mseOfScores(student.logits, inputs.scores) };
  },
  rowTargets:
    ({ labelSmoothing }) =>
    (rows) =>
      labelTargets(rows, labelSmoothing),
});
