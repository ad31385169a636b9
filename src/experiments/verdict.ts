/**
 * @file What may be said of two arms that ran on the same seeds.
 *
 * Over the paired differences d (arm minus other, in points: 100 times the metric) with the 95 % t-interval [low, high]:
 *   BETTER      low > 0; called small if high < the smallest effect of interest
 *   NO BETTER   high < the smallest effect of interest
 *   CAN'T TELL  anything else, always with one seed, and with fewer than five whose differences are all the same: their
 *               interval has no width, which says that they are few (or that both students answer one class), not that
 *               the next seed is known
 */
import { OptionError } from '../errors/failures.js';
import { DEFAULT_METRIC, type JudgedMetric, METRIC_WORDING } from './judged-metric.js';
import type { ResampledRows } from './kept-answers.js';
import { mcnemar, mean, sampleSd, samplesForReach, tInterval } from './statistics.js';

export type VerdictName = 'BETTER' | 'NO BETTER' | "CAN'T TELL";

/** Points under which a gain is not worth having. */
const SMALLEST_EFFECT = 0.5;

/** What is advised where the spread between seeds is not known yet. */
const FIRST_SEEDS = 5;

/** Rows on which two single models differ. */
export type DiscordantRows = {
  /** Rows that only this arm's model answered right, and those that only the other's did. */
  readonly onlyArm: number;
  readonly onlyOther: number;
  /** All rows compared. */
  readonly rows: number;
};

export type Gain = {
  readonly arm: string;
  readonly over: string;
  /** Paired seeds. */
  readonly seeds: number;
  /** In points, as all below. */
  readonly mean: number;
  /** Of the differences; absent with one seed, as are the ends of the interval. */
  readonly sd?: number | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly smallestEffect: number;
  readonly verdict: VerdictName;
  /** BETTER, but the whole interval lies under the smallest effect of interest. */
  readonly small?: true | undefined;
  /** NO BETTER, and the whole interval lies under 0. */
  readonly worse?: true | undefined;
  /** CAN'T TELL: the number of seeds at which it could, if mean and spread stay what they are. */
  readonly seedsToDecide?: number | undefined;
  /** One seed: how the two models differ row by row. */
  readonly mcnemar?: (DiscordantRows & { readonly p: number }) | undefined;
  /** The same of another metric than accuracy: the interval of the difference over resampled rows. */
  readonly resampled?: ResampledRows | undefined;
  /** The verdict as a sentence. */
  readonly text: string;
};

export type Comparison = {
  readonly arm: string;
  readonly over: string;
  /** Default: accuracy. */
  readonly metric?: JudgedMetric;
  /** The metric times 100, one a seed, the same seeds in the same order. */
  readonly scores: readonly number[];
  readonly otherScores: readonly number[];
  /** In points, above 0. */
  readonly smallestEffect?: number;
  /** Of the two models' accuracy, where there is one seed. */
  readonly discordant?: DiscordantRows;
  /** Of another metric. */
  readonly resampled?: ResampledRows;
};

/**
 * Compares two arms over paired seeds.
 * @throws OptionError if the arms do not have the same number of scores, at least one, or one is out of the metric's range.
 */
export function judge(comparison: Comparison): Gain {
  const { arm, over, scores, otherScores, smallestEffect = SMALLEST_EFFECT } = comparison;
  const { metric = DEFAULT_METRIC } = comparison;
  checkScores(arm, metric, scores);
  checkScores(over, metric, otherScores);
  if (scores.length !== otherScores.length) {
    throw new OptionError({
      where: `${arm} over ${over}`,
      wanted: 'as many runs of the one as of the other',
      got: `${scores.length} and ${otherScores.length}`,
      fix: 'run both arms on the same seeds',
    });
  }
  if (!(smallestEffect > 0 && smallestEffect <= 100)) {
    throw new OptionError({
      where: 'smallestEffect',
      wanted: 'points above 0',
      got: String(smallestEffect),
    });
  }
  const differences = scores.map((score, i) => score - (otherScores[i] as number));
  const gain = { arm, over, seeds: differences.length, mean: mean(differences), smallestEffect };
  return differences.length === 1 ? oneSeed(gain, comparison) : manySeeds(gain, differences, metric);
}

type Measured = Pick<Gain, 'arm' | 'over' | 'seeds' | 'mean' | 'smallestEffect'>;

function manySeeds(gain: Measured, differences: readonly number[], metric: JudgedMetric): Gain {
  const { over, seeds, smallestEffect } = gain;
  const sd = sampleSd(differences);
  const { low, high } = tInterval(differences);
  if (hasNoSpread(sd) && seeds < FIRST_SEEDS) {
    const text = `CAN'T TELL: ${points(gain.mean, over, metric)} in each of ${seeds} paired seeds, too few to show how far they spread; run ${FIRST_SEEDS} or more`;
    return { ...gain, sd, low, high, verdict: "CAN'T TELL", seedsToDecide: FIRST_SEEDS, text };
  }
  const figures = `${gainInWords(differences, over, metric, smallestEffect)}, ${seeds} paired seeds`;
  if (low > 0) {
    if (high >= smallestEffect) return { ...gain, sd, low, high, verdict: 'BETTER', text: `BETTER: ${figures}` };
    const text = `BETTER, but small: ${figures}; all of it is under ${smallestEffect} points`;
    return { ...gain, sd, low, high, verdict: 'BETTER', small: true, text };
  }
  if (high < smallestEffect) {
    if (high >= 0) return { ...gain, sd, low, high, verdict: 'NO BETTER', text: `NO BETTER: ${figures}` };
    return { ...gain, sd, low, high, verdict: 'NO BETTER', worse: true, text: `NO BETTER, worse: ${figures}` };
  }
  // The interval decides as soon as it ends above 0 or below the smallest effect, whichever the mean is farther from.
  const seedsToDecide = samplesForReach(sd, Math.max(gain.mean, smallestEffect - gain.mean));
  const text = `CAN'T TELL: ${figures}; about ${seedsToDecide} seeds would decide`;
  return { ...gain, sd, low, high, verdict: "CAN'T TELL", seedsToDecide, text };
}

/** Of paired differences in the metric times 100: `+1.4 points over no-teacher, 95 % interval [1.1, 1.7]`. */
export function gainInWords(
  differences: readonly number[],
  over: string,
  metric: JudgedMetric = DEFAULT_METRIC,
  smallestEffect = 0,
): string {
  const { low, high } = tInterval(differences);
  return `${points(mean(differences), over, metric)}, 95 % interval ${interval(low, high, smallestEffect)}`;
}

/** Whether all differences are the same, but for the rounding of scores that were made from percentages. */
export function hasNoSpread(sd: number): boolean {
  return sd < 1e-9;
}

function oneSeed(gain: Measured, { metric = DEFAULT_METRIC, discordant, resampled }: Comparison): Gain {
  const figures = `CAN'T TELL: ${points(gain.mean, gain.over, metric)} with one seed, which says nothing about the next`;
  const advice = `run ${FIRST_SEEDS} paired seeds or more`;
  const told = (about: string) => `${figures} (these two models alone: ${about}); ${advice}`;
  if (discordant !== undefined) {
    const { onlyArm, onlyOther, rows } = discordant;
    const p = mcnemar(onlyArm, onlyOther);
    const text = told(`McNemar p ${p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`} over ${rows} rows`);
    return { ...gain, verdict: "CAN'T TELL", mcnemar: { ...discordant, p }, text };
  }
  if (resampled !== undefined) {
    const { low, high, rows } = resampled;
    const text = told(`95 % interval ${interval(low, high, gain.smallestEffect)} over ${rows} resampled rows`);
    return { ...gain, verdict: "CAN'T TELL", resampled, text };
  }
  return { ...gain, verdict: "CAN'T TELL", text: `${figures}; ${advice}` };
}

/** `+1.4 points over no-teacher`, `+1.4 points of F1 over …`; a loss is said to be against the other. */
function points(value: number, over: string, metric: JudgedMetric): string {
  const of = metric === DEFAULT_METRIC ? '' : ` of ${METRIC_WORDING[metric].title}`;
  return `${signed(value, 1)} points${of} ${value < 0 ? 'against' : 'over'} ${over}`;
}

/** With as many decimals as it takes to see on which side of 0 and of the smallest effect each end lies. */
function interval(low: number, high: number, smallestEffect: number): string {
  const sides = (value: number) => [Math.sign(value), Math.sign(value - smallestEffect)].join();
  let decimals = 1;
  const shown = (value: number) => sides(Number(value.toFixed(decimals))) === sides(value);
  while (decimals < 4 && !(shown(low) && shown(high))) decimals += 1;
  return `[${unsignedZero(low, decimals)}, ${unsignedZero(high, decimals)}]`;
}

function signed(value: number, decimals: number): string {
  const text = unsignedZero(value, decimals);
  return text.startsWith('-') ? text : `+${text}`;
}

/** `toFixed` without a minus before what it rounded to nothing. */
function unsignedZero(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

function checkScores(arm: string, metric: JudgedMetric, scores: readonly number[]): void {
  const { title, scale, least } = METRIC_WORDING[metric];
  const wrong = scores.find((score) => !(score >= least && score <= 100));
  if (scores.length > 0 && wrong === undefined) return;
  throw new OptionError({
    where: `arm ${arm}`,
    wanted: `${title} ${scale}, one a seed`,
    got: wrong === undefined ? 'none' : String(wrong),
  });
}

/** The arms that tell what the teacher's probabilities did from what something simpler would have done. */
export type Controls = {
  /** The same student on the labels alone. The verdict is over this one. */
  readonly noTeacher: string;
  /** The teacher's answers without their probabilities. */
  readonly hardLabels?: string | undefined;
  /** The teacher's probabilities for another row of the same class. */
  readonly shuffledTeacher?: string | undefined;
  readonly labelSmoothing?: string | undefined;
};

export type SoftTargets = {
  /** Whether the arm is BETTER than every control: then what helped is what the teacher says about each row. */
  readonly helped: boolean;
  readonly text: string;
};

/**
 * Whether the soft targets are what helped. Since every single comparison must come out BETTER, the chance to say so
 * of soft targets that do nothing beyond one of the controls is no larger than that of one comparison, 2.5 %.
 * @param notDefined controls that there are not for such students, as `hard-labels` for a regression
 */
export function judgeSoftTargets(
  arm: string,
  controls: Controls,
  gains: readonly Gain[],
  notDefined: readonly string[] = [],
): SoftTargets {
  const roles: readonly (readonly [string, string | undefined])[] = [
    ['no-teacher', controls.noTeacher],
    ['hard-labels', controls.hardLabels],
    ['shuffled-teacher', controls.shuffledTeacher],
    ['label-smoothing', controls.labelSmoothing],
  ];
  const missing: string[] = [];
  const unbeaten: string[] = [];
  for (const [role, over] of roles) {
    if (notDefined.includes(role)) continue;
    const gain = gains.find((one) => one.arm === arm && one.over === over);
    if (gain === undefined) missing.push(over ?? role);
    else if (gain.verdict !== 'BETTER') unbeaten.push(`${gain.over} (${gain.verdict})`);
  }
  if (missing.length === 0 && unbeaten.length === 0) {
    return { helped: true, text: `Soft targets helped: ${arm} is better than every control.` };
  }
  const reasons = [
    ...(unbeaten.length > 0 ? [`${arm} does not beat ${unbeaten.join(', ')}`] : []),
    ...(missing.length > 0 ? [`not compared with ${missing.join(', ')}`] : []),
  ];
  return { helped: false, text: `Not shown that soft targets helped: ${reasons.join('; ')}.` };
}
