/** @file What follows from a model's logits on the host, in float64. Rows are [N * C], of C classes each. */

/** The first of the largest logits of a row. */
export function argmax(logits: ArrayLike<number>, row = 0, classes = logits.length): number {
  const start = row * classes;
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if ((logits[start + c] as number) > (logits[start + best] as number)) best = c;
  }
  return best;
}

/** log Σ exp of a row's logits. */
export function logSumExp(logits: ArrayLike<number>, row = 0, classes = logits.length): number {
  const { largest, sum } = scaledSum(logits, row, classes);
  return largest + Math.log(sum);
}

/** log ((1/C) Σ exp) of C logits: of log-probabilities, the logarithm of their mean. */
export function logMeanExp(logits: ArrayLike<number>): number {
  const { largest, sum } = scaledSum(logits, 0, logits.length);
  return largest + Math.log(sum / logits.length);
}

/** Logarithms of the softmax of each row. */
export function logSoftmax(logits: ArrayLike<number>, classes: number): Float64Array {
  const logProbs = new Float64Array(logits.length);
  for (let row = 0; row * classes < logits.length; row++) {
    const total = logSumExp(logits, row, classes);
    for (let i = row * classes; i < (row + 1) * classes; i++) logProbs[i] = (logits[i] as number) - total;
  }
  return logProbs;
}

/** softmax(z / T) of one row. */
export function softmax(logits: ArrayLike<number>, temperature = 1): number[] {
  const largest = largestOf(logits, 0, logits.length);
  const powers = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Σ exp(z - largest) of a row: no power overflows. */
function scaledSum(logits: ArrayLike<number>, row: number, classes: number) {
  const start = row * classes;
  const largest = largestOf(logits, start, classes);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp((logits[start + c] as number) - largest);
  return { largest, sum };
}

function largestOf(logits: ArrayLike<number>, start: number, classes: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c] as number);
  return largest;
}
