import { type TextTable, textDataset } from '../src/entries/data.js';
import { inPoints, packRightRows, type RightRows } from '../src/entries/experiments.js';
import type { TextModel } from '../src/entries/models.js';
import { openEvaluator } from '../src/entries/training.js';

/** Percent right of the rows of a table, and which they are. */
export async function scoreOf(
  { model, weights, tokenizer }: TextModel,
  scored: TextTable,
): Promise<{ readonly score: number; readonly right: RightRows }> {
  const data = textDataset(scored, tokenizer, { model });
  const evaluator = await openEvaluator({ model, data, metrics: ['accuracy'] });
  try {
    const { metrics, classes } = await evaluator.predict(weights);
    const right = Array.from(classes, (said, row) => said === scored.labels?.[row]);
    return { score: inPoints(metrics.accuracy ?? Number.NaN), right: packRightRows(right) };
  } finally {
    await evaluator.release();
  }
}
