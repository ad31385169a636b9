/**
 * @file What a row is to be taught, in one distribution: the form of a method's loss that a convex solver can be fitted to.
 * A cross-entropy is linear in its target, so that a weighted sum of cross-entropies of one row is, but for a constant in
 * the student, that of the weighted mean of their targets; of squared errors the same holds of scores.
 */
import { OptionError, ShapeError } from '../errors/failures.js';
import { argmax } from '../tensor/logits.js';
import { NO_LABEL } from '../tensor/no-label.js';

/** N rows as their labels and a teacher have them; C classes. */
export type TaughtRows = {
  /** C; 1 for a regression. */
  readonly classes: number;
  /** [N]; -100 for a row without one. */
  readonly labels: Int32Array;
  /** [N], of a regression: what it is to predict; NaN for a row without. */
  readonly scores?: Float32Array | undefined;
  /** [N, C]; NaN in a row of which the teacher says nothing. Absent of a method that needs no logits. */
  readonly teacherLogits?: Float32Array | undefined;
};

/** [N, C]: probabilities, or of a regression scores; NaN in a row that has nothing to be learnt from. */
export type RowTargets = (rows: TaughtRows) => Float32Array;

/**
 * (1 − s) · one-hot label + s / C; of a regression the scores.
 * @param labelSmoothing s
 */
export function labelTargets(
  { classes, labels, scores }: Omit<TaughtRows, 'teacherLogits'>,
  labelSmoothing = 0,
): Float32Array {
  if (classes === 1) return Float32Array.from(labels, (_, row) => scores?.[row] ?? Number.NaN);
  const targets = new Float32Array(labels.length * classes).fill(labelSmoothing / classes);
  for (const [row, label] of labels.entries()) {
    if (label === NO_LABEL) targets.fill(Number.NaN, row * classes, (row + 1) * classes);
    else targets[row * classes + label] = 1 - labelSmoothing + labelSmoothing / classes;
  }
  return targets;
}

/** One-hot argmax of the teacher's logits. */
export function predictedTargets({ classes, teacherLogits = new Float32Array() }: TaughtRows): Float32Array {
  const targets = new Float32Array(teacherLogits.length);
  for (let at = 0; at < targets.length; at += classes) {
    if (Number.isNaN(teacherLogits[at])) targets.fill(Number.NaN, at, at + classes);
    else targets[at + argmax(teacherLogits, at / classes, classes)] = 1;
  }
  return targets;
}

/**
 * (1 − α) · one-hot label + α · softmax(teacher's logits / T), [N, C]: what distillation on labels and soft targets
 * (Hinton et al. 2015) asks of a student, in one row of probabilities. A row without a label has the teacher's alone, one of
 * which the teacher says nothing (NaN) its label alone, and one with neither NaN.
 * @throws OptionError, ShapeError for options or logits that do not fit.
 */
export function mixedTargets(options: {
  /** [N, C] */
  readonly teacherLogits: Float32Array;
  /** [N]; -100 for a row without one. */
  readonly labels: Int32Array;
  readonly alpha: number;
  readonly temperature: number;
}): Float32Array {
  const { teacherLogits, labels, alpha, temperature } = options;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new OptionError({ where: 'alpha', wanted: 'a number from 0 to 1', got: String(alpha) });
  }
  if (!(temperature > 0)) {
    throw new OptionError({ where: 'temperature', wanted: 'a number > 0', got: String(temperature) });
  }
  const classes = teacherLogits.length / labels.length;
  if (!Number.isInteger(classes)) {
    const wanted = `C numbers for each of ${labels.length} labels`;
    throw new ShapeError({ where: 'teacherLogits', wanted, got: `${teacherLogits.length}` });
  }
  const targets = new Float32Array(teacherLogits.length);
  // Of one row, in float64. `softmax` would make arrays of each: of 60,000 rows of 77 classes that takes longer than all else.
  const powers = new Float64Array(classes);
  for (const [row, label] of labels.entries()) {
    const at = row * classes;
    const isKnown = !Number.isNaN(teacherLogits[at]);
    if (!isKnown && label === NO_LABEL) {
      targets.fill(Number.NaN, at, at + classes);
      continue;
    }
    const share = !isKnown ? 0 : label === NO_LABEL ? 1 : alpha;
    if (share > 0) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < classes; c++) largest = Math.max(largest, teacherLogits[at + c] as number);
      let sum = 0;
      for (let c = 0; c < classes; c++) {
        const power = Math.exp(((teacherLogits[at + c] as number) - largest) / temperature);
        powers[c] = power;
        sum += power;
      }
      for (let c = 0; c < classes; c++) targets[at + c] = (share * (powers[c] as number)) / sum;
    }
    if (label !== NO_LABEL) targets[at + label] = (targets[at + label] as number) + 1 - share;
  }
  return targets;
}

/** α · teacher's score + (1 − α) · score, [N]: the one score whose squared error has the gradient of both; of what is known of a row. */
export function blendedScores({ labels, scores, teacherLogits }: TaughtRows, alpha: number): Float32Array {
  return Float32Array.from(labels, (_, row) => {
    const own = scores?.[row] ?? Number.NaN;
    const taught = teacherLogits?.[row] ?? Number.NaN;
    if (Number.isNaN(taught)) return own;
    return Number.isNaN(own) ? taught : alpha * taught + (1 - alpha) * own;
  });
}
