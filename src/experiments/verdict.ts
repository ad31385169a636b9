/**
 * @file What may be said of two arms that ran on the same seeds, about rows like those that they were scored on.
 *
 * With D[s, r] the difference of the two on row r for seed s, in points (100 times the metric), n seeds and N rows, the 95 %
 * interval [low, high] is the mean of D ± √((t · SE_seeds)² + (1.96 · SE_rows)²):
 *   SE_seeds² = var_s(mean_r D) / n            SE_rows² = max(0, MS_rows − MS_residual) / (nN), of the two-way layout
 * A metric that is no mean over rows gets SE_rows from resampled rows. Over the interval:
 *   BETTER      low > 0; called small if high < the smallest effect of interest
 *   NO BETTER   high < the smallest effect of interest
 *   CAN'T TELL  anything else; always with one seed; where what was answered row by row is not known, so that the interval
 *               is over seeds alone; and with fewer than five seeds whose differences are all the same: their interval has no
 *               width, which says that they are few, not that the next seed is known
 *   NO VERDICT  in all runs of both arms the students give one answer to every row: nothing was compared
 */
import { OptionError } from '../errors/failures.js';
import { decimalsOf, gainText, tooSmall, unsignedZero } from '../metrics/points.js';
import {
  around,
  mcnemar,
  mean,
  normalHalfWidth,
  sampleSd,
  samplesForReach,
  tHalfWidth,
} from '../metrics/statistics.js';
import { DEFAULT_METRIC, type JudgedMetric, METRICS } from '../metrics/table.js';
import type { ResampledRows } from './kept-answers.js';

export type VerdictName = 'BETTER' | 'NO BETTER' | "CAN'T TELL" | 'NO VERDICT';

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

/** What the evaluation rows, a sample as the seeds are, add to an interval. */
export type RowsPart = {
  /** Standard error in points, over and above the spread between seeds. */
  readonly error: number;
  /** How many there are. */
  readonly count: number;
};

export type Gain = {
  readonly arm: string;
  readonly over: string;
  /** The split that all of it is about, where that is not the validation split. */
  readonly split?: 'test' | undefined;
  /** Paired seeds. */
  readonly seeds: number;
  /** In points, as all below. */
  readonly mean: number;
  /** Of the differences; absent with one seed, as are the ends of the interval. */
  readonly sd?: number | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Half the width of the interval over seeds alone; absent with one. */
  readonly fromSeeds?: number | undefined;
  /** What the rows add to that in squares. Absent where they are not known: then the interval is over seeds alone. */
  readonly fromRows?: number | undefined;
  /** Evaluation rows, where they are known. */
  readonly rows?: number | undefined;
  readonly smallestEffect: number;
  readonly verdict: VerdictName;
  /** BETTER, but the whole interval lies under the smallest effect of interest. */
  readonly small?: true | undefined;
  /** NO BETTER, and the whole interval lies under 0. */
  readonly worse?: true | undefined;
  /** CAN'T TELL: the number of seeds, of rows, or of both at which it could, if mean and spread stay what they are. */
  readonly seedsToDecide?: number | undefined;
  readonly rowsToDecide?: number | undefined;
  /** One seed: how the two models differ row by row. */
  readonly mcnemar?: (DiscordantRows & { readonly p: number }) | undefined;
  /** The same of another metric than accuracy: the interval of the difference over resampled rows. */
  readonly resampled?: ResampledRows | undefined;
  /** Arms whose students give one answer to every row in all runs: a verdict over such a student is a verdict over nothing learnt. */
  readonly collapsed?: 'both' | 'arm' | 'over' | undefined;
  /** The verdict as a sentence. */
  readonly text: string;
};

export type Comparison = {
  readonly arm: string;
  readonly over: string;
  /** Default: accuracy. */
  readonly metric?: JudgedMetric;
  /** The metric times 100, one per seed, the same seeds in the same order. */
  readonly scores: readonly number[];
  readonly otherScores: readonly number[];
  /** The split of the scores. Default: the validation split. */
  readonly split?: Gain['split'];
  /** In points, above 0. */
  readonly smallestEffect?: number | undefined;
  /** With several seeds. Without it the verdict is CAN'T TELL. */
  readonly rows?: RowsPart;
  /** Arms whose students give one answer to every row in all runs. */
  readonly collapsed?: Gain['collapsed'];
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
  const { metric = DEFAULT_METRIC, split } = comparison;
  checkScores(arm, metric, scores);
  checkScores(over, metric, otherScores);
  if (scores.length !== otherScores.length) {
    throw new OptionError({
      where: `${arm} over ${over}`,
      wanted: 'as many runs of one as of the other',
      got: `${scores.length} and ${otherScores.length}`,
      fix: 'run both arms on the same seeds',
    });
  }
  if (!(smallestEffect > 0 && smallestEffect <= 100)) {
    throw new OptionError({ where: 'smallestEffect', wanted: 'points > 0', got: String(smallestEffect) });
  }
  const differences = scores.map((score, i) => score - (otherScores[i] as number));
  const gain = {
    arm,
    over,
    ...(split && { split }),
    seeds: differences.length,
    mean: mean(differences),
    smallestEffect,
  };
  const { collapsed } = comparison;
  if (collapsed === 'both') return { ...gain, verdict: 'NO VERDICT', collapsed, text: nothingCompared(gain) };
  const judged = differences.length === 1 ? oneSeed(gain, comparison) : manySeeds(gain, differences, comparison);
  if (collapsed === undefined) return judged;
  const told =
    collapsed === 'over'
      ? `${over} predicts the same for every row in all its runs, so this is a gain over a student that learnt nothing`
      : `${arm} predicts the same for every row in all its runs: it learnt nothing`;
  return { ...judged, collapsed, text: `${judged.text}; ${told}` };
}

function nothingCompared({ arm, over, seeds }: Measured): string {
  const runs = seeds === 1 ? 'their one run' : `all ${seeds} runs`;
  return `NO VERDICT: ${arm} and ${over} both predict the same for every row in ${runs}, so nothing was compared; train longer, or with another learning rate`;
}

/** What is said of an arm that ran without controls: that nothing is claimed of it, and what a claim takes. */
export function withoutComparison(arm: string): string {
  return `No comparison was made: ${arm} ran without control arms, so whether the teacher helped is not known. A verdict takes the control no-teacher and ${FIRST_SEEDS} paired seeds or more.`;
}

/** What is said of an arm whose rows have no labels: which control there cannot be, and what the scores are. */
export function withoutLabels(arm: string, controls: readonly string[], metric: JudgedMetric): string {
  const missing = `No training row has a label, so there is no student without the teacher to compare ${arm} with: whether the teacher helped is not known.`;
  const over =
    controls.length === 0 ? [] : [`It is compared with ${controls.join(' and ')}, which learn from the teacher too.`];
  const what = METRICS[metric].isWithTeacher
    ? ['Scores are the agreement with the teacher on rows without labels; how often either is right is not known.']
    : [];
  return [missing, ...over, ...what].join(' ');
}

type Measured = Pick<Gain, 'arm' | 'over' | 'split' | 'seeds' | 'mean' | 'smallestEffect'>;

/** `+1.4 points over no-teacher on the test split` */
function leadOf({ mean: centre, over, split }: Measured, metric: JudgedMetric): string {
  return `${gainText(centre, over, metric)}${split === undefined ? '' : ` on the ${split} split`}`;
}

function manySeeds(gain: Measured, differences: readonly number[], comparison: Comparison): Gain {
  const { seeds, smallestEffect } = gain;
  const { metric = DEFAULT_METRIC, rows } = comparison;
  const sd = sampleSd(differences);
  const fromSeeds = tHalfWidth(differences);
  const fromRows = rows && normalHalfWidth(rows.error);
  const { low, high } = around(gain.mean, Math.hypot(fromSeeds, fromRows ?? 0));
  const judged = { ...gain, sd, low, high, fromSeeds, ...(rows && { fromRows, rows: rows.count }) };
  const lead = leadOf(gain, metric);
  if (hasNoSpread(sd) && seeds < FIRST_SEEDS) {
    const text = `CAN'T TELL: ${lead} in each of ${seeds} paired seeds, too few to show how far they spread; run ${FIRST_SEEDS} or more`;
    return { ...judged, verdict: "CAN'T TELL", seedsToDecide: FIRST_SEEDS, text };
  }
  const ends = interval(low, high, smallestEffect);
  if (rows === undefined || fromRows === undefined) {
    const text = `CAN'T TELL: ${lead}, 95 % interval over seeds alone ${ends}, ${seeds} paired seeds; the predictions per row are not known, so nothing follows for other rows`;
    return { ...judged, verdict: "CAN'T TELL", text };
  }
  const parts = `${plusMinus(fromSeeds)} from ${seeds} paired seeds, ${plusMinus(fromRows)} from ${rows.count} rows`;
  const figures = `${lead}, 95 % interval ${ends} (${parts})`;
  if (low > 0) {
    if (high >= smallestEffect) return { ...judged, verdict: 'BETTER', text: `BETTER: ${figures}` };
    const text = `BETTER, but small: ${figures}; all of it is under ${smallestEffect} points`;
    return { ...judged, verdict: 'BETTER', small: true, text };
  }
  if (high < smallestEffect) {
    if (high >= 0) return { ...judged, verdict: 'NO BETTER', text: `NO BETTER: ${figures}` };
    return { ...judged, verdict: 'NO BETTER', worse: true, text: `NO BETTER, worse: ${figures}` };
  }
  const needed = toDecide(judged, sd, fromRows, rows.count);
  const { seedsToDecide, rowsToDecide } = needed;
  const numbers = [
    ...(rowsToDecide === undefined ? [] : [`${rowsToDecide} evaluated rows`]),
    ...(seedsToDecide === undefined ? [] : [`${seedsToDecide} seeds`]),
  ];
  const isHopeless = fromRows >= Math.max(gain.mean, smallestEffect - gain.mean);
  const text = `CAN'T TELL: ${figures}; about ${numbers.join(' and ')} would decide${isHopeless ? ', more seeds alone would not' : ''}`;
  return { ...judged, verdict: "CAN'T TELL", ...needed, text };
}

/**
 * More of what makes the interval wide, so that it ends above 0 or below the smallest effect, whichever the mean is farther
 * from: of seeds or of rows, whichever has more than half of the square that there is room for, or of both.
 */
function toDecide(
  { mean: centre, smallestEffect, fromSeeds }: Measured & { readonly fromSeeds: number },
  sd: number,
  fromRows: number,
  rows: number,
): Pick<Gain, 'seedsToDecide' | 'rowsToDecide'> {
  const room = Math.max(centre, smallestEffect - centre) ** 2;
  const [ofSeeds, ofRows] = [fromSeeds ** 2, fromRows ** 2];
  return {
    ...(ofSeeds > room / 2 && { seedsToDecide: samplesForReach(sd, Math.sqrt(room - Math.min(ofRows, room / 2))) }),
    ...(ofRows > room / 2 && { rowsToDecide: Math.floor((rows * ofRows) / (room - Math.min(ofSeeds, room / 2))) + 1 }),
  };
}

/** Whether all differences are the same, but for the rounding of scores that were made from percentages. */
export function hasNoSpread(sd: number): boolean {
  return sd < 1e-9;
}

function oneSeed(gain: Measured, { metric = DEFAULT_METRIC, discordant, resampled }: Comparison): Gain {
  const figures = `CAN'T TELL: ${leadOf(gain, metric)} with one seed, which says nothing about the next`;
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

/** With as many decimals as it takes to see on which side of 0 and of the smallest effect each end lies. */
function interval(low: number, high: number, smallestEffect: number): string {
  const sides = (value: number) => [Math.sign(value), Math.sign(value - smallestEffect)].join();
  let decimals = 1;
  const shown = (value: number) => sides(Number(value.toFixed(decimals))) === sides(value);
  while (decimals < 4 && !(shown(low) && shown(high))) decimals += 1;
  return `[${unsignedZero(low, decimals)}, ${unsignedZero(high, decimals)}]`;
}

/** `± 0.9`, with more decimals where it takes them to see that it is more than rounding; empty where it is not known. */
export function plusMinus(half: number | undefined): string {
  if (half === undefined) return '';
  const decimals = decimalsOf(half);
  return `± ${decimals === undefined ? tooSmall(half) : half.toFixed(decimals)}`;
}

function checkScores(arm: string, metric: JudgedMetric, scores: readonly number[]): void {
  const { title, scale, least } = METRICS[metric];
  const wrong = scores.find((score) => !(score >= least && score <= 100));
  if (scores.length > 0 && wrong === undefined) return;
  throw new OptionError({
    where: `arm ${arm}`,
    wanted: `${title} ${scale}, one per seed`,
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
