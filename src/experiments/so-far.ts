/** @file Where an experiment stands while it goes on: the time left, and the gain so far. */
import { inPoints } from '../metrics/points.js';
import { mean, tInterval } from '../metrics/statistics.js';
import type { FinishedRun } from './results-file.js';

type Place = Pick<FinishedRun, 'arm' | 'seed'>;

/**
 * Of the runs that are to come: each as long as those of its arm took in the mean, or as any run while its arm has none.
 * @param workers Runs at a time.
 */
export function secondsLeft(
  open: readonly Pick<Place, 'arm'>[],
  done: readonly FinishedRun[],
  workers: number,
): number {
  const usual = mean(done.map(({ seconds }) => seconds));
  const each = open.map(({ arm }) => {
    const taken = done.filter((run) => run.arm === arm).map(({ seconds }) => seconds);
    return taken.length === 0 ? usual : mean(taken);
  });
  return each.reduce((sum, seconds) => sum + seconds, 0) / Math.max(1, Math.min(workers, open.length));
}

/** A gain on the seeds that are done, in points. */
export type GainSoFar = {
  readonly arm: string;
  readonly over: string;
  readonly seeds: number;
  readonly mean: number;
  /** 95 % over seeds alone; of one seed there is none. */
  readonly interval?: readonly [low: number, high: number];
};

/** Of one arm over another, on the seeds that both have; undefined while there is none. */
export function gainSoFar(arm: string, over: string, done: readonly FinishedRun[]): GainSoFar | undefined {
  const scores = (name: string) =>
    new Map(done.flatMap((run) => (run.arm === name ? [[run.seed, run.result.score]] : [])));
  const others = scores(over);
  const gains = [...scores(arm)].flatMap(([seed, score]) => {
    const other = others.get(seed);
    return other === undefined ? [] : inPoints(score) - inPoints(other);
  });
  if (gains.length === 0) return undefined;
  const { low, high } = tInterval(gains);
  const so = { arm, over, seeds: gains.length, mean: mean(gains) };
  return gains.length === 1 ? so : { ...so, interval: [low, high] };
}
