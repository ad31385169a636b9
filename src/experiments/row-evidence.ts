/** @file What runs kept of the evaluation rows: how far a difference between arms hangs on which rows these were. */

import { rowsError } from '../metrics/statistics.js';
import { type JudgedMetric, METRICS } from '../metrics/table.js';
import { type ArmResult, type RightRows, unpackRightRows } from './arm-result.js';
import { answersToOtherRows, type KeptAnswers, resampledDifference, resampledError, rowCount } from './kept-answers.js';
import type { Comparison, DiscordantRows, RowsPart } from './verdict.js';

/** What a run may have kept: of an accuracy which rows were right, of another metric what was answered. */
export type KeptRows = Pick<ArmResult, 'right' | 'answers' | 'oneAnswer'>;

/**
 * What is known row by row of two arms, by runs in pairs: with one pair how the two models differ, with more the rows' part
 * of the interval. Nothing where a run did not keep it.
 * @throws OptionError for answers to other rows.
 */
export function rowEvidence(
  runs: readonly KeptRows[],
  others: readonly KeptRows[],
  metric: JudgedMetric,
): Pick<Comparison, 'discordant' | 'resampled' | 'rows' | 'collapsed'> {
  const collapsed = collapsedArms(runs, others);
  return { ...pairEvidence(runs, others, metric), ...(collapsed && { collapsed }) };
}

function collapsedArms(runs: readonly KeptRows[], others: readonly KeptRows[]): Comparison['collapsed'] {
  const [arm, over] = [runs, others].map((all) => all.every(({ oneAnswer = false }) => oneAnswer));
  return arm && over ? 'both' : arm ? 'arm' : over ? 'over' : undefined;
}

function pairEvidence(
  runs: readonly KeptRows[],
  others: readonly KeptRows[],
  metric: JudgedMetric,
): Pick<Comparison, 'discordant' | 'resampled' | 'rows'> {
  const [run, other] = [runs[0], others[0]];
  if (runs.length > 1) {
    const rows = rowsPart(runs, others, metric);
    return rows ? { rows } : {};
  }
  if (!METRICS[metric].countsRight) {
    const resampled = run?.answers && other?.answers && resampledDifference(run.answers, other.answers, metric);
    return resampled ? { resampled } : {};
  }
  return run?.right && other?.right ? { discordant: discordantRows(run.right, other.right) } : {};
}

/**
 * The rows' part of the mean of an arm's runs, or of their difference to another arm's, run by run: of an accuracy from the
 * table of rows × seeds, of another metric, which is no mean over rows, by resampling them.
 * @param others none: of the one arm alone
 * @returns undefined where a run did not keep its rows, and for fewer than two runs or rows
 */
export function rowsPart(
  runs: readonly KeptRows[],
  others: readonly KeptRows[],
  metric: JudgedMetric,
): RowsPart | undefined {
  if (runs.length < 2) return undefined;
  if (!METRICS[metric].countsRight) {
    const [ours, theirs] = [answersOf(runs), answersOf(others)];
    if (ours.length < runs.length || theirs.length < others.length) return undefined;
    const count = rowCount(ours[0] as KeptAnswers);
    return count < 2 ? undefined : { count, error: resampledError(ours, theirs, metric) };
  }
  const [ours, theirs] = [rightOf(runs), rightOf(others)];
  const [first] = ours;
  if (first === undefined || ours.length < runs.length || theirs.length < others.length || first.length < 2) {
    return undefined;
  }
  for (const { length } of [...ours, ...theirs]) if (length !== first.length) throw otherRows(first.length, length);
  const table = ours.map((right, seed) => Int8Array.from(right, (is, row) => is - (theirs[seed]?.[row] ?? 0)));
  return { count: first.length, error: 100 * rowsError(table) };
}

function answersOf(runs: readonly KeptRows[]): KeptAnswers[] {
  return runs.flatMap(({ answers }) => answers ?? []);
}

function rightOf(runs: readonly KeptRows[]): Uint8Array[] {
  return runs.flatMap(({ right }) => (right === undefined ? [] : [unpackRightRows(right)]));
}

/** Rows that only one of two models answered right. */
function discordantRows(first: RightRows, second: RightRows): DiscordantRows {
  const { rows } = first;
  if (second.rows !== rows) throw otherRows(rows, second.rows);
  const [ours, theirs] = [unpackRightRows(first), unpackRightRows(second)];
  return {
    onlyArm: ours.filter((is, row) => is > (theirs[row] as number)).length,
    onlyOther: theirs.filter((is, row) => is > (ours[row] as number)).length,
    rows,
  };
}

function otherRows(rows: number, others: number) {
  return answersToOtherRows(`${rows} rows and ${others}`);
}
