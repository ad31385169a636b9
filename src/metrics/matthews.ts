import { sumsOf } from './confusion.js';
import { classMetric, correlation } from './metric.js';

/**
 * Matthews' correlation coefficient for any number of classes: Gorodkin 2004, "Comparing two K-category assignments by a
 * K-category correlation coefficient". With N rows, c of them right, t_k and p_k labels and answers of class k:
 *
 *   (c N − Σ t_k p_k) / √((N² − Σ p_k²) (N² − Σ t_k²))
 *
 * 0 where a side has one class alone, as scikit-learn has it.
 */
export const matthews = classMetric({
  ...correlation('Matthews', "Matthews' correlation"),
  isUsual: () => true,
  ofCounts: (confusion) => {
    const { right, total, labelled, predicted } = sumsOf(confusion);
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * (b[k] as number), 0);
    const spread = (total ** 2 - dot(predicted, predicted)) * (total ** 2 - dot(labelled, labelled));
    return spread === 0 ? 0 : (right * total - dot(labelled, predicted)) / Math.sqrt(spread);
  },
});
