/** @file What a linear model is fitted to: labels, soft targets or scores, of the rows that have any. */
import { OptionError, ShapeError } from '../../errors/failures.js';
import { argmax } from '../../tensor/logits.js';
import { NO_LABEL } from '../../tensor/no-label.js';

/** N rows; at least one of the three, and `scores` by themselves. */
export type LinearTargets = {
  /** C; 1 for a regression. */
  readonly classes: number;
  /** [N]; a row of -100 has none. */
  readonly labels?: Int32Array | undefined;
  /**
   * [N, C]: probabilities to be learned in the labels' place, such as a teacher's (`mixedTargets`); a row that begins with NaN
   * has none. Labels beside them decide the strength and the temperature.
   */
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
  /** [rows]: 1 where that is a label. */
  readonly isLabelled: Uint8Array;
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
    return {
      ...{ rows, targets: own, scores: own, labels: new Int32Array(rows.length) },
      isLabelled: new Uint8Array(rows.length).fill(1),
    };
  }
  const bad = labels?.findIndex((label) => label !== NO_LABEL && !(label >= 0 && label < classes)) ?? -1;
  if (bad >= 0) {
    const wanted = `labels from 0 to ${classes - 1}, or -100 for none`;
    throw new OptionError({ where: 'labels', wanted, got: `${labels?.[bad]} for row ${bad}` });
  }
  const isLabel = (row: number) => labels !== undefined && labels[row] !== NO_LABEL;
  if (softTargets === undefined) {
    const rows = expectRows(all.filter(isLabel));
    const own = Int32Array.from(rows, (row) => labels?.[row] as number);
    return { rows, targets: oneHot(own, classes), labels: own, isLabelled: new Uint8Array(rows.length).fill(1) };
  }
  const rows = expectRows(all.filter((row) => !Number.isNaN(softTargets[row * classes])));
  return {
    rows,
    targets: rows.length === size ? softTargets : targetsOfRows(softTargets, rows, classes),
    labels: Int32Array.from(rows, (row) =>
      isLabel(row) ? (labels?.[row] as number) : argmax(softTargets, row, classes),
    ),
    isLabelled: Uint8Array.from(rows, (row) => Number(isLabel(row))),
  };
}

/** [rows, C] of [N, C]. */
export function targetsOfRows(targets: Float32Array, rows: ArrayLike<number>, classes: number): Float32Array {
  const own = new Float32Array(rows.length * classes);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    own.set(targets.subarray(row * classes, (row + 1) * classes), i * classes);
  }
  return own;
}

/** [N, C] */
export function oneHot(labels: Int32Array, classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) targets[row * classes + label] = 1;
  return targets;
}

function expectRows(rows: Uint32Array): Uint32Array {
  if (rows.length > 0) return rows;
  throw new OptionError({ where: 'fitLinear', wanted: 'a row with a label or a score', got: 'none' });
}
