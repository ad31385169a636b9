/** @file What is measured on labelled rows, by the names that logs and checkpoints use. */

/** Labelled rows and what a model says of them; N rows, C classes. */
export type Scored = {
  /** [N * C] */
  readonly logits: Float32Array;
  readonly classes: number;
  /** [N]; a row without label (-100) is left out of every metric. */
  readonly labels: Int32Array;
};

export const NO_LABEL = -100;

/** The first of the largest logits of a row. */
export function argmax(logits: Float32Array, row: number, classes: number): number {
  const start = row * classes;
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if ((logits[start + c] as number) > (logits[start + best] as number)) best = c;
  }
  return best;
}

/** log Σ exp of a row's logits, in float64. */
export function logSumExp(logits: Float32Array, row: number, classes: number): number {
  const start = row * classes;
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c] as number);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp((logits[start + c] as number) - largest);
  return largest + Math.log(sum);
}

function meanOverLabelled({ labels }: Scored, valueAt: (row: number, label: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label === NO_LABEL) continue;
    sum += valueAt(row, label);
    count += 1;
  }
  return sum / count;
}

/** Fraction of rows whose largest logit is that of the label. */
function accuracy(scored: Scored): number {
  const { logits, classes } = scored;
  return meanOverLabelled(scored, (row, label) => (argmax(logits, row, classes) === label ? 1 : 0));
}

/** Mean cross-entropy with the labels, in nats. */
function loss(scored: Scored): number {
  const { logits, classes } = scored;
  return meanOverLabelled(
    scored,
    (row, label) => logSumExp(logits, row, classes) - (logits[row * classes + label] as number),
  );
}

export type Metric = {
  readonly of: (scored: Scored) => number;
  /** Which way is better. */
  readonly mode: 'max' | 'min';
};

export const METRICS = {
  accuracy: { of: accuracy, mode: 'max' },
  loss: { of: loss, mode: 'min' },
} as const satisfies Record<string, Metric>;
export type MetricName = keyof typeof METRICS;

/** All metrics of labelled rows; none where no row has a label. */
export function metricsOf(scored: Scored): Readonly<Partial<Record<MetricName, number>>> {
  if (scored.labels.every((label) => label === NO_LABEL)) return {};
  return { accuracy: accuracy(scored), loss: loss(scored) };
}
