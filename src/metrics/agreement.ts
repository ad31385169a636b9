import { sumsOf } from './confusion.js';
import { classMetric, share } from './metric.js';

/** Fraction of rows in which a student predicts the class that its teacher does: what is left to measure where no row has a label. */
export const agreement = classMetric({
  ...share('agreement with the teacher'),
  name: 'agreement',
  countsRight: true,
  isWithTeacher: true,
  ofCounts: (confusion) => {
    const { right, total } = sumsOf(confusion);
    return right / total;
  },
});
