/**
 * @file Born-again networks: a student of the teacher's own size. Furlanello, Lipton, Tschannen, Itti & Anandkumar 2018,
 * ICML, arXiv:1805.04770.
 *
 *   L = alpha · (−Σ_c softmax(z_t)_c log p_s,c) + (1 − alpha) · CE(y, p_s)
 *
 * Symbols:    z logits [B, C] of student and of the generation before | y labels [B]
 * Departures: the paper adds the labels' term or leaves it out; alpha is ours, and 1 leaves it out. Its two controls, rows
 *             weighted by the teacher's confidence and permuted probabilities, are not here, and neither is the ensemble of
 *             generations: the last one is the student.
 */
import { OptionError } from '../errors/failures.js';
import { kd } from '../losses/kd.js';
import { defineMethod } from './define-method.js';
import type { Phase } from './method.js';
import type { Stages } from './phased.js';
import { isRegression, scoreTerms } from './score-terms.js';

/** Soft cross-entropy with the generation before, at temperature 1. */
export const bornAgain = defineMethod({
  name: 'born-again',
  needs: ({ alpha }) => (alpha === 0 ? [] : ['logits']),
  options: {
    alpha: { default: 1, min: 0, max: 1, help: 'weight of the soft targets; the labels get 1 - alpha' },
    generations: {
      default: 1,
      min: 1,
      max: 100,
      help: 'models trained in sequence, each distilled from the one before',
    },
  },
  defaults: ({ generations = 1 }) => {
    if (Number.isInteger(generations)) return {};
    const where = "generations of method 'born-again'";
    throw new OptionError({ where, wanted: 'an integer', got: String(generations) });
  },
  phases: ({ alpha, generations }): Stages | undefined => {
    if (generations === 1) return undefined;
    const method = bornAgain({ alpha });
    // Each starts anew, from other random weights, with all the epochs.
    const first: Phase = { name: 'generation-1', method };
    const others = Array.from(
      { length: generations - 1 },
      (_, i): Phase => ({ name: `generation-${i + 2}`, method, draw: i + 1, teacher: 'previous' }),
    );
    return [first, ...others];
  },
  losses: (inputs, { alpha }) => {
    const { student, teacher, labels } = inputs;
    if (isRegression(student.logits)) return scoreTerms(inputs, alpha, 1 - alpha);
    return {
      ...kd(student.logits, alpha === 0 ? undefined : teacher.logits, labels, { preset: 'fastformers', alpha }),
    };
  },
});
