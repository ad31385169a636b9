/** @file Numbers and verdicts in words, the same in every kind of report. */
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { type Gain, hasNoSpread } from '../experiments/verdict.js';
import { decimalsOf, scoreText, tooSmall } from '../metrics/points.js';

/** What a verdict says, as far as a report needs it. */
export type Judged = Pick<
  Gain,
  'arm' | 'over' | 'seeds' | 'sd' | 'fromRows' | 'rows' | 'smallestEffect' | 'verdict' | 'small' | 'worse' | 'text'
>;

/** The verdict as a sentence about the two arms, without figures. */
export function verdictSentence({ arm, over, seeds, rows, smallestEffect, verdict, small, worse }: Judged): string {
  switch (verdict) {
    case 'BETTER':
      return small
        ? `${arm} is better than ${over}, but by less than ${smallestEffect} points.`
        : `${arm} is better than ${over}.`;
    case 'NO BETTER':
      return `${arm} is ${worse ? 'worse' : 'no better'} than ${over}.`;
    case 'NO VERDICT':
      return `Neither ${arm} nor ${over} has learnt anything: each predicts the same for every row.`;
    case "CAN'T TELL": {
      const known = rows === undefined ? `${seeds} seeds alone` : `${seeds} seeds on ${count(rows)} rows`;
      return `${seeds === 1 ? 'One seed' : `These ${known}`} cannot tell whether ${arm} is better than ${over}.`;
    }
  }
}

/** The class of the box that a verdict stands in. */
export const VERDICT_LOOKS = {
  BETTER: 'better',
  'NO BETTER': 'no',
  "CAN'T TELL": 'open',
  'NO VERDICT': 'open',
} as const;

/** What the verdict rests on: `+1.4 points over no-teacher, 95 % interval [0.6, 2.2] (± 0.6 from 5 paired seeds, …)`. */
export function verdictFigures({ text }: Judged): string {
  return text.slice(text.indexOf(': ') + 2);
}

const SEEDS_WORTH_A_MEAN = 2;

/** Why the interval gives this verdict. */
export function verdictReason({ seeds, sd, fromRows, smallestEffect, verdict, small, worse }: Judged): string {
  if (verdict !== 'NO VERDICT' && seeds < SEEDS_WORTH_A_MEAN) return 'The variance over seeds is not known.';
  switch (verdict) {
    case 'NO VERDICT':
      return 'Two students with constant predictions cannot be compared.';
    case 'BETTER':
      return small
        ? `The whole interval lies above 0, but below ${smallestEffect} points, the smallest gain of interest.`
        : 'The whole interval lies above 0.';
    case 'NO BETTER':
      return worse
        ? 'The whole interval lies below 0.'
        : `The whole interval lies below ${smallestEffect} points, the smallest gain of interest.`;
    case "CAN'T TELL":
      if (sd !== undefined && hasNoSpread(sd))
        return 'All differences are the same, and too few to show how far they spread.';
      if (fromRows === undefined) return 'The variance over rows is not known.';
      return `The interval contains both 0 and a gain of at least ${smallestEffect} points.`;
  }
}

/** Which student to use, why, and what to expect of it: the arm's mean, since a single run's score is partly luck. */
export function shipSentence(
  { arm, seed, mean, test, why }: NonNullable<ExperimentRecord['ship']>,
  { metric, seeds }: Pick<ExperimentRecord, 'metric' | 'seeds'>,
): string {
  const known = seeds.length === 1 ? 'its one seed' : `the mean of its ${seeds.length} seeds`;
  if (test === undefined) return `${arm} on seed ${seed}: ${why}. Expect ${scoreText(metric, mean)} of it, ${known}.`;
  return `${arm} on seed ${seed}: ${why}, on the validation split (${scoreText(metric, mean)}). Expect ${scoreText(metric, test)} of it, ${known} on the test split.`;
}

type TeacherFit = NonNullable<NonNullable<ExperimentRecord['teacher']>['training']>;

/** How a teacher fits training rows: `97.10 %, mean confidence 99.6 % (2,000 rows)`. */
export function fitSentence({ rows, seen, ...own }: TeacherFit, metric: ExperimentRecord['metric']): string {
  const lead = `${fitFigures(own, metric)}${seen === undefined ? '' : ' by a model that was not trained on them'}`;
  const beside = seen === undefined ? '' : `; by one that was: ${fitFigures(seen, metric)}`;
  return `${lead}${beside} (${count(rows)} rows)`;
}

function fitFigures({ score, confidence }: TeacherFit['seen'] & {}, metric: ExperimentRecord['metric']): string {
  return [
    ...(score === undefined ? [] : [scoreText(metric, score)]),
    ...(confidence === undefined ? [] : [`mean confidence ${decimal(100 * confidence)} %`]),
  ].join(', ');
}

/** `80.7`; a score or a number of points. */
export function decimal(value: number, decimals = 1): string {
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '\u2212');
}

/** `+1.4`, `−0.3`, with more decimals where it takes them to see the sign of what is more than rounding. */
export function signedPoints(value: number): string {
  const decimals = decimalsOf(value);
  if (decimals === undefined) return tooSmall(value);
  const text = decimal(value, decimals);
  return Number(value.toFixed(decimals)) > 0 ? `+${text}` : text;
}

/** `[0.6, 2.2]` */
export function intervalText(low: number, high: number): string {
  const unsigned = (value: number) => signedPoints(value).replace('+', '');
  return `[${unsigned(low)}, ${unsigned(high)}]`;
}

/** Of a gain or an arm, with what it leaves out: `[0.6, 2.2]`, `[0.6, 2.2] over seeds alone`. */
export function namedInterval(low: number | undefined, high: number | undefined, overSeedsAlone: boolean): string {
  if (low === undefined || high === undefined) return '';
  return `${intervalText(low, high)}${overSeedsAlone ? ' over seeds alone' : ''}`;
}

/** A verdict in a cell of a table: `BETTER, but small`. */
export function verdictCell({ verdict, small, worse }: Pick<Judged, 'verdict' | 'small' | 'worse'>): string {
  return `${verdict}${small ? ', but small' : ''}${worse ? ', worse' : ''}`;
}

/** What is claimed of an experiment, and what is not. */
export function secondaryText({ headline }: Pick<ExperimentRecord, 'headline'>): string {
  if (headline === undefined) return 'These comparisons are not corrected for multiple comparisons.';
  return 'What is claimed is the gain over the arm without a teacher. The other comparisons are secondary: they are not corrected for multiple comparisons.';
}

/** 13002 → `13,002`, whatever the machine's locale. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 seed`, `20 seeds` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** How many runs the arms had, and how long they took in all. */
export function runsOf(arms: readonly { readonly seconds: readonly number[] }[]): { runs: number; seconds: number } {
  const each = arms.flatMap(({ seconds }) => seconds);
  return { runs: each.length, seconds: each.reduce((sum, seconds) => sum + seconds, 0) };
}

/** `0.42 s`, `3.1 s`, `1 min 15 s`, `2 h 3 min` */
export function duration(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** `312 MiB`, `15.6 GiB` */
export function bytes(value: number): string {
  const mebibytes = value / 2 ** 20;
  return mebibytes < 1024 ? `${mebibytes.toFixed(mebibytes < 10 ? 1 : 0)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

/** A loss or the like, to three significant digits. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return 'not finite';
  if (value !== 0 && Math.abs(value) < 1e-4) return tooSmall(value);
  const text = Math.abs(value) >= 1000 || value === 0 ? String(Math.round(value)) : value.toPrecision(3);
  return text.replace('-', '\u2212');
}

/** `38 %`, `0.4 %`, `< 0.1 %` of a probability. */
export function probabilityText(probability: number): string {
  const percent = 100 * probability;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent < 10 && percent > 0 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** `accuracy` → `Accuracy`, at the start of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `a`, `a and b`, `a, b and c` */
export function listed(names: readonly string[]): string {
  const last = names.at(-1);
  if (last === undefined) return 'none';
  return names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
