/** @file Which labels a certificate says too little of. */
import { OptionError } from '../errors/failures.js';

/** Of as many answers, all of them right, a label's own errors may still be 45 % (0.55^5 = 0.05). */
const FEWEST = 5;

export type RareLabelsOptions = {
  /** [n]: the classes that the student answers for texts outside training and calibration, those of the `scale`. */
  readonly answers: ArrayLike<number>;
  readonly classes: number;
  /** How many rows the calibration has. */
  readonly rows: number;
  /** Default: 5. */
  readonly fewest?: number | undefined;
};

/**
 * Labels that fewer calibration rows than `fewest` are expected to be answered with: a bound over all labels together hides
 * what becomes of them, so that they are left to the teacher (`deferred` of a score). They are counted on other texts and before
 * the calibration is looked at: its own counts, and its errors even more, would choose by what is to be tested.
 * @throws OptionError for no answers, a class outside 0 … C - 1, or a count that is none.
 */
export function rareLabels({ answers, classes, rows, fewest = FEWEST }: RareLabelsOptions): readonly number[] {
  for (const [where, count] of Object.entries({ rows, fewest })) {
    if (Number.isSafeInteger(count) && count >= 0) continue;
    throw new OptionError({ where, wanted: 'an integer ≥ 0', got: String(count) });
  }
  if (answers.length === 0) {
    throw new OptionError({ where: 'answers', wanted: 'those of texts outside training and calibration', got: 'none' });
  }
  const counts = new Float64Array(classes);
  for (const answer of Array.from(answers)) {
    if (!(Number.isInteger(answer) && answer >= 0 && answer < classes)) {
      throw new OptionError({ where: 'answers', wanted: `classes from 0 to ${classes - 1}`, got: String(answer) });
    }
    counts[answer] = (counts[answer] as number) + 1;
  }
  return Array.from(counts.keys()).filter((label) => ((counts[label] as number) / answers.length) * rows < fewest);
}
