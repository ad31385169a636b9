import { type Confusion, type ConfusionSums, sumsOf } from './confusion.js';
import { classMetric, share } from './metric.js';

/** F₁ of the second class, as GLUE has it. */
export const f1 = classMetric({
  ...share('F1'),
  isUsual: (classes) => classes === 2,
  ofCounts: (confusion) => f1Of(confusion, sumsOf(confusion), 1),
});

/** F₁ of one class, 2 TP / (2 TP + FP + FN); 0 where the class occurs on neither side, as scikit-learn has it. */
export function f1Of({ classes, counts }: Confusion, { labelled, predicted }: ConfusionSums, positive: number): number {
  const both = (labelled[positive] ?? 0) + (predicted[positive] ?? 0);
  return both === 0 ? 0 : (2 * Number(counts[positive * classes + positive])) / both;
}
