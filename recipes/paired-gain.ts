import { mean, tInterval } from '../src/experiments/statistics.js';

/** What one arm has over another on the seeds that both have, with a 95 % interval. Scores by seed. */
export function pairedGain(ours: ReadonlyMap<number, number>, theirs: ReadonlyMap<number, number>) {
  const gains = [...ours].flatMap(([seed, score]) => {
    const other = theirs.get(seed);
    return other === undefined ? [] : [score - other];
  });
  return { seeds: gains.length, mean: mean(gains), ...tInterval(gains) };
}
