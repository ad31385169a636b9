/** @file Where an experiment stands that has no record yet: what is finished, what is left, and means so far. */
import type { Standing } from '../experiments/results-file.js';
import { inPoints } from '../metrics/points.js';
import { mean } from '../metrics/statistics.js';
import { METRICS } from '../metrics/table.js';
import { meanAndSpread } from './other-metrics.js';
import { counted, decimal, duration } from './words.js';

export type ArmStanding = {
  readonly arm: string;
  /** Seeds of its finished runs, and those that were planned, or that another arm has finished, and this one has not. */
  readonly finished: readonly number[];
  readonly left: readonly number[];
  /** The experiment's metric times 100 of each finished run. */
  readonly scores: readonly number[];
  /** Mean over the seeds that all arms have finished; absent where there are none. */
  readonly pairedMean?: number | undefined;
};

export type ExperimentStanding = {
  readonly arms: readonly ArmStanding[];
  /** Seeds that all arms have finished. */
  readonly paired: readonly number[];
  readonly headings: readonly string[];
  /** A row for each arm, as cells of a table. */
  readonly rows: readonly (readonly string[])[];
  /** What stands before and after the table. */
  readonly before: string;
  readonly after: string;
};

export function experimentStanding({ name, metric, arms: names, planned, finished }: Standing): ExperimentStanding {
  const runsOfArm = (arm: string) => finished.filter((run) => run.arm === arm);
  const seeds = [...new Set([...planned, ...finished.map(({ seed }) => seed)])];
  const has = (arm: string, seed: number) => runsOfArm(arm).some((run) => run.seed === seed);
  const paired = seeds.filter((seed) => names.every((arm) => has(arm, seed)));
  const arms = names.map((arm): ArmStanding => {
    const runs = runsOfArm(arm).map(({ seed, result }) => ({ seed, score: inPoints(result.score) }));
    const shared = runs.filter(({ seed }) => paired.includes(seed));
    return {
      arm,
      finished: runs.map(({ seed }) => seed),
      left: seeds.filter((seed) => !has(arm, seed)),
      scores: runs.map(({ score }) => score),
      ...(shared.length > 0 && { pairedMean: mean(shared.map(({ score }) => score)) }),
    };
  });
  const left = arms.reduce((sum, one) => sum + one.left.length, 0);
  const seconds = finished.reduce((sum, run) => sum + run.seconds, 0);
  return {
    arms,
    paired,
    headings: ['arm', 'seeds finished', 'left', METRICS[metric].heading, 'on shared seeds'],
    rows: arms.map((one) => [
      one.arm,
      ranges(one.finished),
      ranges(one.left),
      meanAndSpread(one.scores) || '-',
      one.pairedMean === undefined ? '-' : decimal(one.pairedMean, 2),
    ]),
    before: `${name} is not finished: ${counted(finished.length, 'run')} of ${counted(names.length, 'arm')} took ${duration(seconds)}; ${left} left${
      seeds.length === 0 ? '' : ` of ${seedsText(seeds)}`
    }.`,
    after:
      'No verdict before all runs are finished. Means are so far; compare them on the seeds that all arms share. The same ' +
      'command with --resume continues.',
  };
}

function seedsText(seeds: readonly number[]): string {
  return `${seeds.length === 1 ? 'seed' : 'seeds'} ${ranges(seeds)}`;
}

/** `1–4, 7`; a dash for none. */
function ranges(seeds: readonly number[]): string {
  const stretches: number[][] = [];
  for (const seed of seeds.toSorted((a, b) => a - b)) {
    const last = stretches.at(-1);
    if (last?.at(-1) === seed - 1) last.push(seed);
    else stretches.push([seed]);
  }
  if (stretches.length === 0) return '-';
  return stretches.map((one) => (one.length > 2 ? `${one[0]}–${one.at(-1)}` : one.join(', '))).join(', ');
}
