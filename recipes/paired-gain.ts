import type { KeptRows } from '../src/experiments/row-evidence.js';
import { rowsPart } from '../src/experiments/row-evidence.js';
import { around, mean, normalHalfWidth, tHalfWidth } from '../src/metrics/statistics.js';

/** An accuracy in percent, and the rows that it is of where they were kept. */
export type ScoredRun = KeptRows & { readonly score: number };

/**
 * What one arm has over another on the seeds that both have, with a 95 % interval over seeds and rows; without an interval
 * where the rows were kept of fewer than two. What rows have in common does not depend on how many seeds tell it. Runs by seed.
 */
export function pairedGain(ours: ReadonlyMap<number, ScoredRun>, theirs: ReadonlyMap<number, ScoredRun>) {
  const pairs = [...ours].flatMap(([seed, run]) => {
    const other = theirs.get(seed);
    return other === undefined ? [] : [{ run, other }];
  });
  const gains = pairs.map(({ run, other }) => run.score - other.score);
  const gain = { seeds: gains.length, mean: mean(gains) };
  const kept = pairs.filter(({ run, other }) => run.right && other.right);
  const rows = rowsPart(
    kept.map(({ run }) => run),
    kept.map(({ other }) => other),
    'accuracy',
  );
  if (rows === undefined) return gain;
  const [fromSeeds, fromRows] = [tHalfWidth(gains), normalHalfWidth(rows.error)];
  return { ...gain, ...around(gain.mean, Math.hypot(fromSeeds, fromRows)), fromSeeds, fromRows };
}
