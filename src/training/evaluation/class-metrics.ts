/** @file Agreement of predicted classes with the labels, from how often each met each. */

/** Counts [C * C]: row = label, column = predicted class. */
export type Confusion = { readonly classes: number; readonly counts: ArrayLike<number> };

/**
 * @param labels [N], from 0
 * @param predicted [N], from 0
 */
export function confusionOf(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): Confusion {
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < labels.length; i++) {
    const cell = (labels[i] as number) * classes + (predicted[i] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  return { classes, counts };
}

type Sums = {
  readonly right: number;
  readonly total: number;
  readonly labelled: number[];
  readonly predicted: number[];
};

function sumsOf({ classes, counts }: Confusion): Sums {
  const labelled = new Array<number>(classes).fill(0);
  const predicted = new Array<number>(classes).fill(0);
  let right = 0;
  let total = 0;
  for (let label = 0; label < classes; label++) {
    for (let guess = 0; guess < classes; guess++) {
      const count = counts[label * classes + guess] as number;
      labelled[label] = (labelled[label] as number) + count;
      predicted[guess] = (predicted[guess] as number) + count;
      total += count;
      if (label === guess) right += count;
    }
  }
  return { right, total, labelled, predicted };
}

/** Fraction of rows that were predicted right. */
export function accuracyOf(confusion: Confusion): number {
  const { right, total } = sumsOf(confusion);
  return right / total;
}

/** F₁ of one class, 2 TP / (2 TP + FP + FN); 0 where the class occurs on neither side, as scikit-learn has it. */
export function f1Of(confusion: Confusion, positive: number): number {
  const { labelled, predicted } = sumsOf(confusion);
  const both = (labelled[positive] ?? 0) + (predicted[positive] ?? 0);
  return both === 0 ? 0 : (2 * Number(confusion.counts[positive * confusion.classes + positive])) / both;
}

/** The mean of F₁ over the classes that occur as a label or as an answer, as scikit-learn's `average='macro'`. */
export function macroF1Of(confusion: Confusion): number {
  const { labelled, predicted } = sumsOf(confusion);
  const present = labelled.flatMap((count, label) => (count + (predicted[label] ?? 0) > 0 ? [label] : []));
  return present.reduce((sum, label) => sum + f1Of(confusion, label), 0) / present.length;
}

/**
 * Matthews' correlation coefficient for any number of classes: Gorodkin 2004, "Comparing two K-category assignments by a
 * K-category correlation coefficient". With N rows, c of them right, t_k and p_k labels and answers of class k:
 *
 *   (c N − Σ t_k p_k) / √((N² − Σ p_k²) (N² − Σ t_k²))
 *
 * 0 where a side has one class alone, as scikit-learn has it.
 */
export function matthewsOf(confusion: Confusion): number {
  const { right, total, labelled, predicted } = sumsOf(confusion);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * (b[k] as number), 0);
  const spread = (total ** 2 - dot(predicted, predicted)) * (total ** 2 - dot(labelled, labelled));
  return spread === 0 ? 0 : (right * total - dot(labelled, predicted)) / Math.sqrt(spread);
}
