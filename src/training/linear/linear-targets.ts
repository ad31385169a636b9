/** @file What a linear model is fitted to: labels, soft targets or scores, of the rows that have any. */
import { OptionError, ShapeError } from '../../errors/failures.js';
import { argmax, softmax } from '../../tensor/logits.js';
import { NO_LABEL } from '../../tensor/no-label.js';

/** N rows; at least one of the three, and `scores` by themselves. */
export type LinearTargets = {
  /** C; 1 for a regression. */
  readonly classes: number;
  /** [N]; a row of -100 has none. */
  readonly labels?: Int32Array | undefined;
  /** [N, C]: probabilities to be learned in the labels' place, such as a teacher's (`mixedTargets`). */
  readonly softTargets?: Float32Array | undefined;
  /** [N]: what a regression is to predict; NaN where a row has none. */
  readonly scores?: Float32Array | undefined;
};

/** Of the rows that have a target: what to fit and what to measure predictions by. */
export type PreparedTargets = {
  /** Ascending. */
  readonly rows: Uint32Array;
  /** [rows, C] */
  readonly targets: Float32Array;
  /** [rows]: labels, or where only soft targets are known their most probable classes; 0 for a regression. */
  readonly labels: Int32Array;
  /** [rows], of a regression. */
  readonly scores?: Float32Array;
};

/** @throws ShapeError or OptionError for targets that do not fit the rows or each other. */
export function prepareTargets(size: number, given: LinearTargets): PreparedTargets {
  const { classes, labels, softTargets, scores } = given;
  if (!Number.isInteger(classes) || classes < 1) {
    throw new OptionError({ where: 'classes', wanted: 'an integer ≥ 1', got: String(classes) });
  }
  const [wanted, isThere] =
    classes === 1 ? ['scores', scores !== undefined] : ['labels or softTargets', (labels ?? softTargets) !== undefined];
  if (!isThere) {
    throw new OptionError({ where: 'fitLinear', wanted: `${wanted} for ${classes} outputs`, got: 'none of them' });
  }
  for (const [name, values, length] of [
    ['labels', labels, size],
    ['softTargets', softTargets, size * classes],
    ['scores', scores, size],
  ] as const) {
    if (values === undefined || values.length === length) continue;
    throw new ShapeError({ where: name, wanted: `${length} numbers for ${size} rows`, got: `${values.length}` });
  }
  const all = Uint32Array.from({ length: size }, (_, row) => row);
  if (classes === 1) {
    const rows = expectRows(all.filter((row) => !Number.isNaN(scores?.[row])));
    const own = Float32Array.from(rows, (row) => scores?.[row] as number);
    return { rows, targets: own, scores: own, labels: new Int32Array(rows.length) };
  }
  const bad = labels?.findIndex((label) => label !== NO_LABEL && !(label >= 0 && label < classes)) ?? -1;
  if (bad >= 0) {
    const wanted = `labels from 0 to ${classes - 1}, or -100 for none`;
    throw new OptionError({ where: 'labels', wanted, got: `${labels?.[bad]} for row ${bad}` });
  }
  if (softTargets === undefined) {
    const rows = expectRows(all.filter((row) => labels?.[row] !== NO_LABEL));
    const own = Int32Array.from(rows, (row) => labels?.[row] as number);
    const targets = new Float32Array(rows.length * classes);
    for (const [i, label] of own.entries()) targets[i * classes + label] = 1;
    return { rows, targets, labels: own };
  }
  const own = labels ?? Int32Array.from(all, (row) => argmax(softTargets, row, classes));
  return { rows: all, targets: softTargets, labels: own };
}

function expectRows(rows: Uint32Array): Uint32Array {
  if (rows.length > 0) return rows;
  throw new OptionError({ where: 'fitLinear', wanted: 'a row with a label or a score', got: 'none' });
}

/**
 * (1 − α) · one-hot label + α · softmax(teacher's logits / T), [N, C]: what distillation on labels and soft targets
 * (Hinton et al. 2015) asks of a student, in one row of probabilities. A row without a label has the teacher's alone.
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
  for (const [row, label] of labels.entries()) {
    const share = label === NO_LABEL ? 1 : alpha;
    const probs = softmax(teacherLogits.subarray(row * classes, (row + 1) * classes), temperature);
    for (let c = 0; c < classes; c++) {
      targets[row * classes + c] = share * (probs[c] as number) + (c === label ? 1 - share : 0);
    }
  }
  return targets;
}
