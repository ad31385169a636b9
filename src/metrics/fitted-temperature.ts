/** @file What scores are divided by. The temperature makes probabilities of them: Guo et al., "On calibration of modern neural networks", 2017. */
const [LOWEST, HIGHEST] = [0.02, 50];
/** Halvings of the logarithm's range, down to a millionth. */
const HALVINGS = 23;

/**
 * The T of softmax(z / T) of the least cross-entropy with the targets. As in Platt's scaling (1999) a target leaves
 * 1 / (N + 2) to chance, else rows that are all predicted right would ask for a T of 0.
 * @param logits [N, C]
 * @param targets [N, C]: probabilities.
 */
export function fittedTemperature(logits: Float32Array, targets: Float32Array, classes: number): number {
  const size = logits.length / classes;
  const chance = 1 / (size + 2);
  // The mean score under the targets, summed over rows.
  let wanted = 0;
  for (let i = 0; i < logits.length; i++) {
    wanted += (logits[i] as number) * ((1 - chance) * (targets[i] as number) + chance / classes);
  }
  // The cross-entropy is convex in 1 / T; its derivative is the mean score under softmax(z / T) less the one wanted.
  let [low, high] = [Math.log(LOWEST), Math.log(HIGHEST)];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (meanScore(logits, classes, Math.exp(middle)) > wanted) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/**
 * The divisor of predictions that makes them closest to the targets in squares; both are of mean 0 where they were fitted. 1 where
 * predictions are constant or fall where targets rise.
 */
export function fittedShrinkage(predictions: Float32Array, targets: Float32Array): number {
  let [own, both] = [0, 0];
  for (let row = 0; row < predictions.length; row++) {
    own += (predictions[row] as number) ** 2;
    both += (predictions[row] as number) * (targets[row] as number);
  }
  return own > 0 && both > 0 ? own / both : 1;
}

function meanScore(logits: Float32Array, classes: number, temperature: number): number {
  let sum = 0;
  for (let at = 0; at < logits.length; at += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = at; i < at + classes; i++) largest = Math.max(largest, logits[i] as number);
    let [total, weighted] = [0, 0];
    for (let i = at; i < at + classes; i++) {
      const score = logits[i] as number;
      const power = Math.exp((score - largest) / temperature);
      total += power;
      weighted += power * score;
    }
    sum += weighted / total;
  }
  return sum;
}
