import { NO_LABEL } from '../tensor/no-label.js';
import type { Dataset } from './dataset.js';
import { batchesInOrder } from './shuffle.js';
import { targetRows } from './text-table.js';

/** What is right for each row, [N]: labels, -100 where there is none; of a regression scores, NaN where there is none. */
export type Targets = { readonly labels: Int32Array; readonly scores?: Float32Array };

const ROWS_PER_BATCH = 256;

/** How many of the first rows of a data set have a label or score: those that a metric is of. */
export function scoredRows(data: Dataset, rows = data.size): number {
  return targetRows(data.text?.table ?? targetsOf(data), rows);
}

/** Whether any row has a label or score. */
export function hasTargets(data: Dataset): boolean {
  const table = data.text?.table;
  if (table?.labels !== undefined || table?.scores !== undefined) return targetRows(table) > 0;
  // Rows that are no texts have labels all or none, and so have texts with a label for each token.
  const first = data.batch([0]);
  return first.labels !== undefined || first.scores !== undefined;
}

/** Of all rows of a data set. */
export function targetsOf(data: Dataset): Targets {
  const labels = new Int32Array(data.size).fill(NO_LABEL);
  const scores = new Float32Array(data.size).fill(Number.NaN);
  let hasScores = false;
  for (const rows of batchesInOrder(data.size, ROWS_PER_BATCH)) {
    const batch = data.batch(rows);
    hasScores ||= batch.scores !== undefined;
    for (const [i, row] of rows.entries()) {
      labels[row] = Number(batch.labels?.data[i] ?? NO_LABEL);
      scores[row] = batch.scores?.data[i] ?? Number.NaN;
    }
  }
  return { labels, ...(hasScores && { scores }) };
}
