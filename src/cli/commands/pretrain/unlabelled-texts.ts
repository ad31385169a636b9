/** @file Texts for commands that want no labels: sets by name, and files of any kind. */

import { basename, extname } from 'node:path';
import { hasColumns } from '../../../data/formats/table.js';
import { readTextTable } from '../../../data/read-text-table.js';
import { isTextSetName, loadTextSet, TEXT_SETS } from '../../../data/text-sets.js';
import { joinTables, selectRows, type TextTable, withoutLabels } from '../../../data/text-table.js';
import { splitOf } from '../../../data/text-task.js';
import { type FileError, OptionError } from '../../../errors/failures.js';
import { RandomStream } from '../../../tensor/random.js';
import type { CommandIo } from '../../command.js';
import { formatCount } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { unlabelledOptions } from './usage.js';

type Options = OptionValues<typeof unlabelledOptions>;

/** The name of the data, without reading it: `sst2`, or a file's name without extension. */
export function textsName(data: string): string {
  return isTextSetName(data) ? data : basename(data, extname(data));
}

/**
 * The training rows of sets, and all rows of files, without their labels; those of several one after the other.
 * @throws OptionError for columns of data that has known ones; FileError as `readTextTable` and `loadTextSet` do.
 */
export async function readUnlabelled(names: readonly string[], options: Options, io: CommandIo): Promise<TextTable> {
  checkColumns(names, options);
  let badRows = 0;
  const onBadRow = (): void => {
    badRows += 1;
  };
  const tables: (readonly [string, TextTable])[] = [];
  for (const name of names) {
    const table = await readOne(name, options, options.badRows === 'skip' ? { onBadRow } : {});
    tables.push([tables.some(([known]) => known === textsName(name)) ? name : textsName(name), withoutLabels(table)]);
  }
  if (badRows > 0) io.notice(`left out ${formatCount(badRows)} rows that cannot be read`);
  const [[, first] = [], ...more] = tables;
  if (first === undefined) {
    const wanted = `texts: ${Object.keys(TEXT_SETS).slice(0, 3).join(', ')} …, or a file`;
    throw new OptionError({ where: 'texts', wanted, got: 'none' });
  }
  const all =
    more.length === 0 ? first : joinTables(tables.map(([name]) => name).join('+'), Object.fromEntries(tables));
  return someRows(all, options);
}

/** @throws OptionError for names of columns where nothing has any. */
function checkColumns(names: readonly string[], { textColumn, pairColumn }: Options): void {
  const flag = textColumn !== undefined ? '--text_column' : pairColumn !== undefined ? '--pair_column' : undefined;
  if (flag === undefined || names.some(hasColumns)) return;
  const wanted = 'a file of your own with columns';
  throw new OptionError({ where: flag, wanted, got: names.join(', '), fix: 'leave the flag out' });
}

async function readOne(
  data: string,
  { dataDir, textColumn, pairColumn }: Options,
  read: { readonly onBadRow?: (failure: FileError) => void },
): Promise<TextTable> {
  if (isTextSetName(data)) {
    return splitOf(await loadTextSet(data, { dir: dataDir ?? process.env.RETORT_DATA, ...read }), 'train');
  }
  if (!hasColumns(data)) return readTextTable(data, read);
  return readTextTable(data, {
    ...(textColumn !== undefined && { text: textColumn }),
    ...(pairColumn !== undefined && { pair: pairColumn }),
    label: null,
    ...read,
  });
}

/** Rows drawn by the seed, in their order. */
function someRows(table: TextTable, { rows, dataSeed }: Options): TextTable {
  if (rows === undefined || rows >= table.size) return table;
  const drawn = new RandomStream(dataSeed, 'rows').permutation(table.size).subarray(0, rows);
  return selectRows(table, drawn.sort());
}
