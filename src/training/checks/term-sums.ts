/** @file How much of the gradients of a run so far is of the teacher, and how much of the labels. */
import type { TermNorms } from './term-norms.js';

/** Sums over the measurements of a run. */
export type TermSums = TermNorms & { readonly measured: number };

export const NO_TERMS: TermSums = { measured: 0, distillation: 0, labels: 0 };

export function addNorms(sums: TermSums, { distillation, labels }: TermNorms): TermSums {
  return { measured: sums.measured + 1, distillation: sums.distillation + distillation, labels: sums.labels + labels };
}

/** |g_distillation| / (|g_distillation| + |g_labels|); a half where both are 0. */
export function distillationShare({ distillation, labels }: TermNorms): number {
  const all = distillation + labels;
  return all === 0 ? 0.5 : distillation / all;
}
