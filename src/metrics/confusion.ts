/** @file How often each label met each predicted class. */
import type { Answered } from './answered.js';

/** Counts [C * C]: row = label, column = predicted class. */
export type Confusion = { readonly classes: number; readonly counts: ArrayLike<number> };

/** @param rows Those to count, which may come more than once. Default: each once. */
export function confusionOf({ classes, gold, said }: Answered, rows?: Uint32Array): Confusion {
  const counts = new Float64Array(classes * classes);
  const length = rows?.length ?? gold.length;
  for (let i = 0; i < length; i++) {
    const row = rows === undefined ? i : (rows[i] as number);
    const cell = (gold[row] as number) * classes + (said[row] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  return { classes, counts };
}

export type ConfusionSums = {
  readonly right: number;
  readonly total: number;
  /** Rows of each label, and of each predicted class, [C]. */
  readonly labelled: readonly number[];
  readonly predicted: readonly number[];
};

export function sumsOf({ classes, counts }: Confusion): ConfusionSums {
  const labelled = new Array<number>(classes).fill(0);
  const predicted = new Array<number>(classes).fill(0);
  let right = 0;
  let total = 0;
  for (let label = 0; label < classes; label++) {
    for (let guess = 0; guess < classes; guess++) {
      const count = counts[label * classes + guess] as number;
      labelled[label] = (labelled[label] as number) + count;
      predicted[guess] = (predicted[guess] as number) + count;
      total += count;
      if (label === guess) right += count;
    }
  }
  return { right, total, labelled, predicted };
}
