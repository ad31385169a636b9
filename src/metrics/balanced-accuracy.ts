import { sumsOf } from './confusion.js';
import { classMetric, share } from './metric.js';

/** The mean of recall over the classes that occur as a label, as scikit-learn's `balanced_accuracy_score`. */
export const balancedAccuracy = classMetric({
  ...share('balanced accuracy'),
  ofCounts: (confusion) => {
    const { classes, counts } = confusion;
    const recalls = sumsOf(confusion).labelled.flatMap((count, label) =>
      count > 0 ? [Number(counts[label * classes + label]) / count] : [],
    );
    return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  },
});
