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
/** Calls of the largest size: their mean says little more with others. */
const LARGEST_CALLS = 6;
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
    if (last.work >= LEAST_WORK && !isTimeFor((last.seconds * next) / rows)) break;
    rows = next;
    large = [await timed(rows, 0)];
  }
  while (large.length < LARGEST_CALLS && isTimeFor(large.at(-1)?.seconds ?? 0)) {
    large.push(await timed(rows, large.length));
  }
  // The first of a size finds its memory not laid out yet.
  const warm = large.length > 1 ? large.slice(1) : large;
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
