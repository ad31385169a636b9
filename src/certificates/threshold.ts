/**
 * @file From which score on a student may answer alone, so that the answers which differ from what they should be are at most so
 * many, with a guarantee. The losses are 0 or 1, so the tests are exact binomial ones; they are walked in an order that is fixed
 * before a loss is seen (Angelopoulos, Bates, Candès, Jordan & Lei 2021, "Learn then test", arXiv:2110.01052, section 4).
 *
 * The statement: for calibration rows that are drawn independently of everything else from the requests to come, the chance that
 * the risk at the threshold exceeds the bound is at most delta. It says nothing of requests that are of another kind.
 */
import { OptionError } from '../errors/failures.js';
import { chanceOfAtMost, lowerRate, upperRate } from '../metrics/statistics.js';
import { expectShares } from './shares.js';

/** A request of the calibration. One that came twice counts twice. */
export type CalibrationRow = {
  /** How sure the student is, the more the higher; -Infinity for an answer that is always left to the teacher. */
  readonly score: number;
  /** Whether the student's label is another than the teacher's choice, or than the label where labels stand for it. */
  readonly isWrong: boolean;
};

/** The largest share that may be wrong; where both are given both are proved, at no price (an intersection-union test). */
export type Risk = {
  /** Of the rows that the student keeps. */
  readonly kept?: number | undefined;
  /** Of all rows, those that go to the teacher being right. */
  readonly all?: number | undefined;
};

export type CertifyOptions = {
  readonly rows: readonly CalibrationRow[];
  /** Scores of texts outside training and calibration, which thresholds are taken from. */
  readonly scale: ArrayLike<number>;
  readonly risk: Risk;
  /** How often the statement may be false: 0.05 is 95 % confidence. */
  readonly delta: number;
};

/** A threshold of the grid and what the calibration rows say of it. */
export type TestedThreshold = {
  readonly threshold: number;
  /** Share of `scale` at or above it. */
  readonly share: number;
  /** Calibration rows at or above it, and how many of these are wrong. */
  readonly kept: number;
  readonly wrong: number;
  /** How often so few are wrong if the risk is at the bound, or beyond. */
  readonly p: number;
};

export type Certified = {
  /** The loosest that was proved; undefined where none was. */
  readonly found?: TestedThreshold & {
    /** Share of requests that the student keeps, with Clopper and Pearson's two-sided interval at 1 - delta. */
    readonly coverage: { readonly share: number; readonly low: number; readonly high: number };
    /** Upper limits of both risks at this threshold, at 1 - delta and for it alone. */
    readonly upper: { readonly kept: number; readonly all: number };
    /** Share of `scale` that its chain started at. */
    readonly start: number;
  };
  readonly rows: number;
  /** What each chain may spend. */
  readonly deltaOfChain: number;
  /** Strict to loose. */
  readonly tested: readonly TestedThreshold[];
};

/** Shares of the scale at which chains start, delta being divided among them: a student that is bad at its surest is no reason to
 * stop at the first step, and a chain that starts where few rows are has nothing to prove with. */
export const STARTS = [0.2, 0.4, 0.6, 0.75, 0.9] as const;
const GRID = 200;

/**
 * Each chain starts at its share of `scale` and goes to looser thresholds until one is not proved at delta / 5. What was proved
 * before that holds for all of them together, so the loosest is taken.
 * @throws OptionError for a risk or delta outside 0 … 1, no bound at all, no finite score in `scale`, or one that is NaN.
 */
export function certifyThreshold({ rows, scale, risk, delta }: CertifyOptions): Certified {
  expectBounds({ ...risk, delta });
  const grid = gridOf(scale);
  const tested = testedAt(grid, rows, risk);
  const deltaOfChain = delta / STARTS.length;
  let loosest: { readonly at: number; readonly start: number } | undefined;
  for (const start of STARTS) {
    const first = grid.findIndex(({ share }) => share >= start);
    if (first === -1) continue;
    let at = first;
    while (at < tested.length && (tested[at] as TestedThreshold).p <= deltaOfChain) at += 1;
    if (at > first && at - 1 > (loosest?.at ?? -1)) loosest = { at: at - 1, start };
  }
  const best = loosest && (tested[loosest.at] as TestedThreshold);
  if (best === undefined || loosest === undefined) return { rows: rows.length, deltaOfChain, tested };
  const N = rows.length;
  const { kept, wrong } = best;
  const coverage = {
    share: kept / N,
    low: lowerRate(kept, N, delta / 2),
    high: upperRate(kept, N, delta / 2),
  };
  const upper = { kept: upperRate(wrong, kept, delta), all: upperRate(wrong, N, delta) };
  return { found: { ...best, coverage, upper, start: loosest.start }, rows: N, deltaOfChain, tested };
}

/**
 * What one of several certificates may spend of delta, so that with probability 1 - delta none of them is ever false: in the r-th
 * round δ · 6 / (π² r²), whose sum over all rounds is δ (the first has 61 % of it, since others may follow), divided among the
 * M students that were fixed before the rows of the round were seen. A later round needs fresh rows.
 * @throws OptionError for other than integers from 1 on
 */
export function deltaOf(options: {
  readonly delta: number;
  readonly students?: number;
  readonly round?: number;
}): number {
  const { delta, students = 1, round = 1 } = options;
  for (const [where, value] of Object.entries({ students, round })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new OptionError({ where, wanted: 'an integer ≥ 1', got: String(value) });
  }
  return (delta * 6) / (Math.PI * round) ** 2 / students;
}

type Place = Pick<TestedThreshold, 'threshold' | 'share'>;

/** Up to 200 different scores, strict to loose, as far apart in their number of texts as they can be. */
function gridOf(scale: ArrayLike<number>): readonly Place[] {
  const scores = Float64Array.from(scale);
  if (scores.some(Number.isNaN)) throw new OptionError({ where: 'scale', wanted: 'scores', got: 'NaN' });
  scores.sort().reverse();
  const finite = scores.filter((score) => score > -Infinity).length;
  if (finite === 0) {
    const got = scores.length === 0 ? 'none' : 'only labels that are left to the teacher';
    throw new OptionError({ where: 'scale', wanted: 'scores of texts outside training and calibration', got });
  }
  const grid: Place[] = [];
  for (let i = 1; i <= GRID; i++) {
    const threshold = scores[Math.ceil((i * finite) / GRID) - 1] as number;
    if (threshold === grid.at(-1)?.threshold) continue;
    grid.push({ threshold, share: atOrAbove(scores, threshold) / scores.length });
  }
  return grid;
}

/** How many of scores in falling order are at or above a threshold. */
function atOrAbove(falling: Float64Array, threshold: number): number {
  let [low, high] = [0, falling.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((falling[middle] as number) >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

function testedAt(grid: readonly Place[], rows: readonly CalibrationRow[], risk: Risk): TestedThreshold[] {
  const falling = (some: readonly CalibrationRow[]) =>
    Float64Array.from(some, ({ score }) => score)
      .sort()
      .reverse();
  const [scores, ofWrong] = [falling(rows), falling(rows.filter(({ isWrong }) => isWrong))];
  if (scores.some(Number.isNaN)) throw new OptionError({ where: 'calibration', wanted: 'scores', got: 'NaN' });
  return grid.map((place) => {
    const kept = atOrAbove(scores, place.threshold);
    const wrong = atOrAbove(ofWrong, place.threshold);
    const ps = [
      risk.kept === undefined ? 0 : chanceOfAtMost(wrong, kept, risk.kept),
      risk.all === undefined ? 0 : chanceOfAtMost(wrong, rows.length, risk.all),
    ];
    return { ...place, kept, wrong, p: Math.max(...ps) };
  });
}

function expectBounds({ kept, all, delta }: Risk & { readonly delta: number }): void {
  if (kept === undefined && all === undefined) {
    const wanted = 'a bound on the rows that the student keeps, on all rows, or both';
    throw new OptionError({ where: 'risk', wanted, got: 'none' });
  }
  expectShares({ 'risk on the rows kept': kept, 'risk on all rows': all, delta });
}
