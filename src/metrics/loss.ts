import { logSumExp } from '../tensor/logits.js';
import { countedRows, type Scored } from './answered.js';
import type { Metric } from './metric.js';

/** Mean cross-entropy with the labels, in nats; of a regression the mean squared error. */
export const loss = { of: lossOf, mode: 'min', needs: 'either' } as const satisfies Metric;

function lossOf(scored: Scored): number {
  const { logits, classes, labels, scores } = scored;
  const rows = countedRows(scored);
  let sum = 0;
  for (const row of rows) {
    if (classes === 1) sum += ((logits[row] as number) - (scores?.[row] as number)) ** 2;
    else sum += logSumExp(logits, row, classes) - (logits[row * classes + (labels[row] as number)] as number);
  }
  return sum / rows.length;
}
