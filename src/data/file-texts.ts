/** @file The texts of a file one by one, in memory of one row: for a model to answer. */
import { defined, type Given } from '../options/given.js';
import { formatOf } from './formats/table.js';
import type { Columns, TableHeader } from './formats/table-rows.js';
import { textLines } from './formats/text-lines.js';
import type { ColumnSettings } from './task-settings.js';

/**
 * Texts, or pairs where a column of second ones is named: of a table by column, of any other file its lines.
 * @param settings Default: the column `text`, or `sentence` where there is no `text`.
 * @throws FileError as its format does, for a row that cannot be read too.
 */
export async function* textsOfFile(
  path: string,
  { textColumn, pairColumn }: Given<Pick<ColumnSettings, 'textColumn' | 'pairColumn'>> = {},
): AsyncGenerator<string | readonly [text: string, pair: string], void> {
  const format = formatOf(path);
  if (format?.cells === undefined) {
    for await (const { text } of textLines(path)) yield text;
    return;
  }
  const columns = ({ names }: TableHeader): Columns => ({
    text: textColumn ?? (!names.includes('text') && names.includes('sentence') ? 'sentence' : 'text'),
    ...defined({ pair: pairColumn }),
  });
  for await (const row of format.rows(path, { columns })) {
    if ('failure' in row) throw row.failure;
    const { text = '', pair } = row.cells;
    yield pairColumn === undefined ? text : [text, pair ?? ''];
  }
}
