/** @file How often a teacher that is asked twice, or with its options in another order, gives the same class. */
import { wilsonInterval } from '../../metrics/wilson-interval.js';

/** Of a row: the probabilities, [C]; undefined for one without an answer. */
export type GivenProbabilities = readonly number[] | undefined;

export type Flips = {
  /** Rows with both answers. */
  readonly rows: number;
  /** Those of them with another predicted class. */
  readonly flips: number;
  /** The 95 % score interval of the share; absent without rows. */
  readonly interval?: readonly [low: number, high: number];
  /** Mean of Σ |p − q| / 2 (total variation). */
  readonly distance: number;
};

export type LabelFlips = { readonly label: string; readonly again: Flips; readonly orders: Flips };

export type SelfAgreement = {
  /** The same request once more. */
  readonly again: Flips;
  /** Another order of the options: of each, and of all together. */
  readonly orders: readonly Flips[];
  /** By the class of the first answer; those of most flips first. */
  readonly byLabel: readonly LabelFlips[];
};

/**
 * @param first the answers as they are used; `again` to the same request; `orders` with the options in other orders.
 */
export function selfAgreement(
  labelNames: readonly string[],
  first: readonly GivenProbabilities[],
  again: readonly GivenProbabilities[],
  orders: readonly (readonly GivenProbabilities[])[],
): SelfAgreement {
  const all = first.map((_, row) => row);
  const classes = first.map((given) => (given === undefined ? -1 : predicted(given)));
  const byLabel = labelNames.map((label, c) => {
    const rows = all.filter((row) => classes[row] === c);
    return { label, again: flipsOf(first, [again], rows), orders: flipsOf(first, orders, rows) };
  });
  const share = ({ again: a, orders: o }: LabelFlips) => (a.flips + o.flips) / Math.max(1, a.rows + o.rows);
  return {
    again: flipsOf(first, [again], all),
    orders: orders.map((others) => flipsOf(first, [others], all)),
    byLabel: byLabel.filter(({ again: of }) => of.rows > 0).sort((a, b) => share(b) - share(a)),
  };
}

function flipsOf(
  first: readonly GivenProbabilities[],
  others: readonly (readonly GivenProbabilities[])[],
  rows: readonly number[],
): Flips {
  let [count, flips, distance] = [0, 0, 0];
  for (const other of others) {
    for (const row of rows) {
      const [p, q] = [first[row], other[row]];
      if (p === undefined || q === undefined) continue;
      count += 1;
      if (predicted(p) !== predicted(q)) flips += 1;
      distance += p.reduce((sum, value, c) => sum + Math.abs(value - (q[c] as number)), 0) / 2;
    }
  }
  const interval = count > 0 && others.length === 1 ? { interval: wilsonInterval(flips, count) } : {};
  return { rows: count, flips, ...interval, distance: distance / Math.max(1, count) };
}

export function predicted(probabilities: readonly number[]): number {
  return probabilities.indexOf(Math.max(...probabilities));
}
