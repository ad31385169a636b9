/** @file How an experiment ends on the terminal: which arm gained what over which, and the student to use. */
import { join } from 'node:path';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { namedInterval, SECONDARY, shipSentence, signedPoints, verdictCell } from '../report/words.js';
import { foldWords } from './fold-words.js';
import { renderTable } from './table.js';

/** A line for each comparison, with both names: with both parts of the interval where they fit, in sentences where no table does. */
export function gainsText({ gains }: Pick<ExperimentRecord, 'gains'>, columns: number): string {
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
  return [...lines, ...(gains.length > 1 ? fold(SECONDARY) : [])].join('\n');
}

/** The path of the student to use, and why that one. @param folder of the record */
export function shipText(record: ExperimentRecord, folder: string, columns: number): readonly string[] {
  const { ship } = record;
  if (ship === undefined) return [];
  const sentence = shipSentence(ship, record);
  return [`ship this one: ${join(folder, ship.path)}`, ...foldWords(sentence.split(' '), columns)];
}
