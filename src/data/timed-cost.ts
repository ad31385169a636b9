/** @file What work on many rows is going to take, from a little of it: timed on more and more rows until the time is spent. */

/** Seconds of one call by how much work it does, in any unit: tokens, rows. */
export type CostLine = {
  readonly fixed: number;
  readonly perWork: number;
  /** The most work of a call that was timed. */
  readonly largest: number;
};

export type TimingOptions = {
  /** Rows of the largest call that is of use. */
  readonly most: number;
  /** To be spent at most, beyond the least. */
  readonly seconds: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
};

export type TimedCost = CostLine & {
  /** Of the first call of all, more than of another: what is laid out and compiled then. */
  readonly toWarmUp: number;
};

const FEWEST = 2;
/**
 * Timed however long it takes: of fewer tokens nearly all is what a call costs anyhow, and what each token adds would be put
 * several times too high.
 */
const LEAST_WORK = 384;
/** Each call is so much larger than the one before. */
const FACTOR = 4;
/**
 * Calls of the largest size at most. The first half does not count: of a small model a call costs up to twice as much until
 * its code is compiled and its memory laid out, which takes some ten calls.
 */
const LARGEST_CALLS = 32;
/** Seconds of a call that is short: as many of them as tell what it costs are taken even where no time is left. */
const SHORT = 0.06;
const SHORT_CALLS = 6;
/**
 * What a unit costs grows with a call that is larger than those timed, as this power of it: less of it lies in the caches.
 * Of steps of MiniLM-L6 on two cores, by a fifth to a quarter from 376 to 2,624 tokens.
 */
const GROWTH = 0.08;

/**
 * Times calls of 2 rows, 8, 32 and so on; then the largest again, while there is time.
 * @param take Works on so many rows, for the so-manieth time at that size; returns how much work that was.
 */
export async function timedCost(
  take: (rows: number, round: number) => Promise<number>,
  { most, seconds, now = () => performance.now() }: TimingOptions,
): Promise<TimedCost> {
  const begun = now();
  const timed = async (rows: number, round: number) => {
    const started = now();
    const work = await take(rows, round);
    return { work, seconds: (now() - started) / 1000 };
  };
  const isTimeFor = (more: number) => (now() - begun) / 1000 + more <= seconds;
  const fewest = Math.min(FEWEST, most);
  const first = await timed(fewest, 0);
  const small = await timed(fewest, 1);
  let rows = fewest;
  let large = [small];
  while (rows < most) {
    const next = Math.min(most, rows * FACTOR);
    const last = large.at(-1) ?? small;
    const expected = (last.seconds * next) / rows;
    if (last.work >= LEAST_WORK && expected > SHORT && !isTimeFor(expected)) break;
    rows = next;
    large = [await timed(rows, 0)];
  }
  while (large.length < LARGEST_CALLS) {
    const { seconds: expected = 0 } = large.at(-1) ?? {};
    if (!isTimeFor(expected) && (expected > SHORT || large.length >= SHORT_CALLS)) break;
    large.push(await timed(rows, large.length));
  }
  const warm = large.slice(Math.floor(large.length / 2));
  const line = lineThrough(small, { work: mean(warm.map(({ work }) => work)), seconds: mean(warm.map(secondsOf)) });
  return { ...line, toWarmUp: Math.max(0, first.seconds - small.seconds) };
}

/** Seconds of a call. */
export function costOf({ fixed, perWork, largest }: CostLine, work: number): number {
  return fixed + perWork * work * Math.max(1, work / largest) ** GROWTH;
}

type Sample = { readonly work: number; readonly seconds: number };
const secondsOf = ({ seconds }: Sample): number => seconds;

/** Neither part below zero: on a machine that does other work a small call may take longer than a large one. */
function lineThrough(small: Sample, large: Sample): CostLine {
  const slope = large.work > small.work ? (large.seconds - small.seconds) / (large.work - small.work) : 0;
  const perWork = slope > 0 ? Math.min(slope, large.seconds / large.work) : large.seconds / large.work;
  return { fixed: large.seconds - perWork * large.work, perWork, largest: large.work };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
