/** @file Whether teacher and labels both move the student, judged by their gradients so far. */
import type { TermNorms } from './term-norms.js';
import { shownPercent, type Warning } from './warning.js';

/** Shares of the gradient within which a side counts. */
const COUNTS = { least: 0.01, most: 0.99 };

/** Sums over the measurements of a run. */
export type TermSums = TermNorms & { readonly measured: number };

export const NO_TERMS: TermSums = { measured: 0, distillation: 0, labels: 0 };

export function addNorms(sums: TermSums, { distillation, labels }: TermNorms): TermSums {
  return {
    measured: sums.measured + 1,
    distillation: sums.distillation + distillation,
    labels: sums.labels + labels,
  };
}

/** |g_distillation| / (|g_distillation| + |g_labels|); a half where both are 0. */
export function distillationShare({ distillation, labels }: TermNorms): number {
  const all = distillation + labels;
  return all === 0 ? 0.5 : distillation / all;
}

/**
 * Judges the sums of all measurements, in which what is fitted late weighs little. The first alone does not say that the
 * teacher counts for nothing: a student that starts as its teacher has nothing to learn from it yet.
 */
export function termShareWarnings(sums: TermSums): Warning[] {
  const share = distillationShare(sums);
  const isOut = share > COUNTS.most || (share < COUNTS.least && sums.measured > 1);
  if (sums.measured === 0 || !isOut) return [];
  const [small, other] = share < COUNTS.least ? ['teacher', 'labels'] : ['labels', 'teacher'];
  return [
    {
      name: 'term-share',
      text: `the terms of the ${small} make up ${shownPercent(Math.min(share, 1 - share))} of the gradient: the student learns from the ${other} alone`,
      fix: `give them more weight (--alpha, or the method's weights), or ask for the ${other} alone (--alpha ${small === 'teacher' ? 0 : 1})`,
    },
  ];
}
