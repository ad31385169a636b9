import { judge, type KeptRows, mean, rowsPart } from '../src/entries/experiments.js';

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
  const {
    low = 0,
    high = 0,
    fromSeeds = 0,
    fromRows = 0,
  } = judge({
    ...{ arm: 'ours', over: 'theirs', rows },
    scores: pairs.map(({ run }) => run.score),
    otherScores: pairs.map(({ other }) => other.score),
  });
  return { ...gain, low, high, fromSeeds, fromRows };
}

/** Points with the 95 % interval, where there is one. */
export function gainText({
  mean: value,
  low,
  high,
}: {
  readonly mean: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}): string {
  const interval = low === undefined || high === undefined ? '' : ` [${low.toFixed(1)}, ${high.toFixed(1)}]`;
  return `${value.toFixed(1)}${interval}`;
}
