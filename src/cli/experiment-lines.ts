/** @file How an experiment ends on the terminal: which arm gained what over which, and the student to use. */
import { join } from 'node:path';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { intervalText, shipSentence, signedPoints } from '../report/words.js';
import { foldWords } from './fold-words.js';
import { renderTable } from './table.js';

/** A line for each comparison, with both names; in sentences where a table of them is too wide. */
export function gainsText({ gains }: Pick<ExperimentRecord, 'gains'>, columns: number): string {
  const rows = gains.map(({ arm, over, mean, low, high, verdict, small, worse }) => [
    `${arm} over ${over}`,
    signedPoints(mean),
    low === undefined || high === undefined ? '-' : intervalText(low, high),
    `${verdict}${small ? ', but small' : ''}${worse ? ', worse' : ''}`,
  ]);
  const table = renderTable(['gain', 'points', '95 % interval', 'verdict'], rows, columns);
  if (table.split('\n').every((line) => line.length <= columns)) return table;
  return gains
    .map(({ arm, over, text }) => foldWords(`${arm} over ${over}: ${text}`.split(' '), columns).join('\n'))
    .join('\n');
}

/** The path of the student to use, and why that one. @param folder of the record */
export function shipText(record: ExperimentRecord, folder: string, columns: number): readonly string[] {
  const { ship } = record;
  if (ship === undefined) return [];
  const sentence = shipSentence(ship, record);
  return [`ship this one: ${join(folder, ship.path)}`, ...foldWords(sentence.split(' '), columns)];
}
