import { sumsOf } from './confusion.js';
import { f1Of } from './f1.js';
import { classMetric, share } from './metric.js';

/** The mean of F₁ over the classes that occur as a label or as an answer, as scikit-learn's `average='macro'`. */
export const macroF1 = classMetric({
  ...share('macro F1'),
  isUsual: (classes) => classes > 2,
  ofCounts: (confusion) => {
    const sums = sumsOf(confusion);
    const present = sums.labelled.flatMap((count, label) => (count + (sums.predicted[label] ?? 0) > 0 ? [label] : []));
    return present.reduce((sum, label) => sum + f1Of(confusion, sums, label), 0) / present.length;
  },
});
