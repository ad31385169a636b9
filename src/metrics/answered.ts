/** @file Labelled rows beside what a model says of them: what every metric is measured of. */
import { argmax } from '../tensor/logits.js';
import { NO_LABEL } from '../tensor/no-label.js';

/** Labelled rows and what a model says of them; N rows, C classes. */
export type Scored = {
  /** [N * C] */
  readonly logits: Float32Array;
  /** 1 for a regression, whose logit is the answer. */
  readonly classes: number;
  /** [N]; a row without label (-100) is left out of every metric. */
  readonly labels: Int32Array;
  /** [N], of a regression: what was to be predicted, NaN where a row has none. */
  readonly scores?: Float32Array;
};

/** The rows that count, [N]: their labels and the answered classes, or of a regression the scores and the answered ones. */
export type Answered = { readonly classes: number; readonly gold: ArrayLike<number>; readonly said: ArrayLike<number> };

/** The rows that count: those with a label, or of a regression those with a score. */
export function countedRows({ labels, classes, scores }: Scored): number[] {
  const counts = (row: number) =>
    classes === 1 ? !Number.isNaN(scores?.[row] ?? Number.NaN) : labels[row] !== NO_LABEL;
  return Array.from(labels.keys()).filter(counts);
}

export function answeredOf(scored: Scored) {
  const { logits, classes, labels, scores } = scored;
  const rows = countedRows(scored);
  return {
    classes,
    gold: rows.map((row) => (classes === 1 ? scores?.[row] : labels[row]) as number),
    said: rows.map((row) => (classes === 1 ? (logits[row] as number) : argmax(logits, row, classes))),
  } satisfies Answered;
}
