import { correlation, scoreMetric } from './metric.js';
import { pearsonOf } from './pearson.js';
import { ranks } from './ranks.js';

/** Spearman's ρ: Pearson's r of the ranks, equal values sharing their mean rank. */
export const spearman = scoreMetric({
  ...correlation('Spearman', "Spearman's correlation"),
  isUsual: () => true,
  ofNumbers: (said, gold) => pearsonOf(ranks(said), ranks(gold)),
});
