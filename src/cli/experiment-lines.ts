/** @file How an experiment ends on the terminal: which arm gained what over which, and the student to use. */
import { join } from 'node:path';
import process from 'node:process';
import type { ExperimentEvent } from '../experiments/experiment.js';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { machineName } from '../experiments/sharing/machine.js';
import { gainText, inPoints, scoreText } from '../metrics/points.js';
import { namedInterval, secondaryText, shipSentence, signedPoints, verdictCell } from '../report/words.js';
import { foldWords } from './fold-words.js';
import { formatDuration, formatTimeRange } from './numbers.js';
import { renderTable } from './table.js';

type RunEnd = Extract<ExperimentEvent, { readonly type: 'run-end' }>;

/** A run that is done, what is left, and after each seed the gain so far. */
export function runLines({
  arm,
  seed,
  metric,
  score,
  seconds,
  runs,
  finished,
  secondsLeft,
  gain,
  by,
}: RunEnd): string[] {
  const left = finished < runs ? `, ${formatTimeRange(secondsLeft)} left` : '';
  const where = by === undefined || by.pid === process.pid ? '' : `, ${machineName(by)}`;
  const took = `${scoreText(metric, inPoints(score))} (${formatDuration(seconds)}${where})`;
  const isNews = gain !== undefined && finished < runs && [gain.arm, gain.over].includes(arm);
  return [
    `${finished}/${runs}  ${arm}, seed ${seed}: ${took}${left}`,
    ...(isNews ? [`so far: ${gain.arm} ${soFarText(gain, metric)}`] : []),
  ];
}

function soFarText({ over, seeds, mean, interval }: NonNullable<RunEnd['gain']>, metric: RunEnd['metric']): string {
  const lead = gainText(mean, over, metric);
  if (interval === undefined) return `${lead} on one seed`;
  return `${lead} on ${seeds} seeds, 95 % interval ${namedInterval(...interval, true)}`;
}

/** A line for each comparison, with both names: with both parts of the interval where they fit, in sentences where no table does. */
export function gainsText(record: Pick<ExperimentRecord, 'gains' | 'headline'>, columns: number): string {
  const { gains } = record;
  const whole = ['gain', 'points', '95 % interval', '± seeds', '± rows', 'verdict'];
  const rows = gains.map(({ arm, over, mean, low, high, fromSeeds, fromRows, ...judged }) => [
    `${arm} over ${over}`,
    signedPoints(mean),
    namedInterval(low, high, fromRows === undefined) || '-',
    fromSeeds?.toFixed(1) ?? '-',
    fromRows?.toFixed(1) ?? '-',
    verdictCell(judged),
  ]);
  const withoutParts = (cells: readonly string[]) => cells.filter((_, i) => !whole[i]?.startsWith('±'));
  const table = [
    renderTable(whole, rows, columns),
    renderTable(withoutParts(whole), rows.map(withoutParts), columns),
  ].find((text) => text.split('\n').every((line) => line.length <= columns));
  const fold = (text: string) => foldWords(text.split(' '), columns);
  const lines = table ? [table] : gains.flatMap(({ arm, over, text }) => fold(`${arm} over ${over}: ${text}`));
  return [...lines, ...(gains.length > 1 ? fold(secondaryText(record)) : [])].join('\n');
}

/** The path of the student to use, and why that one. @param folder of the record */
export function shipText(record: ExperimentRecord, folder: string, columns: number): readonly string[] {
  const { ship } = record;
  if (ship === undefined) return [];
  const sentence = shipSentence(ship, record);
  return [`ship this one: ${join(folder, ship.path)}`, ...foldWords(sentence.split(' '), columns)];
}
