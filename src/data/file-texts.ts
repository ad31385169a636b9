/** @file The texts of a file one by one, in memory of one row: for a model to answer. */
import { FileError } from '../errors/failures.js';
import type { FileReading } from '../options/file-reading.js';
import { defined, type Given } from '../options/given.js';
import { fileLayout } from './file-columns.js';
import { formatOf } from './formats/table.js';
import type { Columns, TableHeader } from './formats/table-rows.js';
import { textLines } from './formats/text-lines.js';
import { expectFitting } from './read-text-table.js';
import { recalledReading } from './recalled-reading.js';
import type { UnlabelledColumns } from './task-settings.js';

/** What reads the texts: how its training file was read is how this one is, where its columns are there. */
export type TextReading = {
  readonly readAs?: FileReading | undefined;
  /** Told what was taken from there. */
  readonly onNotice?: ((text: string) => void) | undefined;
};

/**
 * Texts, or pairs where a column of second ones is named: of a table by column, of any other file its lines.
 * @param settings Default: as the training file of `reader` was, else the column `text`, or `sentence` where there is no `text`.
 * @param reader What the texts are for: an opened model.
 * @throws FileError as its format does, for a row that cannot be read too; OptionError for settings that do not fit it.
 */
export async function* textsOfFile(
  path: string,
  settings: Given<UnlabelledColumns> = {},
  { readAs, onNotice }: TextReading = {},
): AsyncGenerator<string | readonly [text: string, pair: string], void> {
  const format = formatOf(path);
  if (format?.cells === undefined) {
    for await (const { text } of textLines(path)) yield text;
    return;
  }
  const recalled = await recalledReading(path, settings, readAs, ['text', 'pair']);
  if (recalled.notice !== undefined) onNotice?.(recalled.notice);
  const { text: named, pair: second, ...lines } = fileLayout(recalled.settings);
  expectFitting(format, { ...defined({ text: named, pair: second }), ...lines });
  const columns = ({ names }: TableHeader): Columns => ({
    text: named ?? (!names.includes('text') && names.includes('sentence') ? 'sentence' : 'text'),
    ...defined({ pair: second }),
  });
  for await (const row of format.rows(path, { columns, ...lines })) {
    if ('failure' in row) {
      // Every row has its line of output: none is left out.
      const { where, wanted, got, cause } = row.failure;
      throw new FileError({ where, wanted, got, fix: 'correct that row', cause });
    }
    const { text = '', pair } = row.cells;
    yield second === undefined ? text : [text, pair ?? ''];
  }
}
