import { sumsOf } from './confusion.js';
import { classMetric, share } from './metric.js';

/** Fraction of rows that were predicted right. */
export const accuracy = classMetric({
  ...share('accuracy'),
  isUsual: () => true,
  countsRight: true,
  ofCounts: (confusion) => {
    const { right, total } = sumsOf(confusion);
    return right / total;
  },
});
