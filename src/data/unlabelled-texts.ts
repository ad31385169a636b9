/** @file Texts whose labels nobody reads: sets by name, and files of any kind. */
import process from 'node:process';
import { type FileError, OptionError } from '../errors/failures.js';
import { formatCount } from '../errors/number-text.js';
import { defined, type Given } from '../options/given.js';
import { RandomStream } from '../tensor/random.js';
import { fileLayout } from './file-columns.js';
import { hasColumns, isDelimited } from './formats/table.js';
import { dataName } from './open-task.js';
import { readTextTable } from './read-text-table.js';
import { ROW_SETTINGS, type UnlabelledColumns, type UnlabelledSettings } from './task-settings.js';
import { isTextSetName, loadTextSet, TEXT_SETS } from './text-sets.js';
import { joinTables, selectRows, type TextTable, withoutLabels } from './text-table.js';
import { splitOf } from './text-task.js';

/**
 * The training rows of sets, and all rows of files, without their labels; those of several one after the other.
 * @throws OptionError for columns of data that has known ones; FileError as `readTextTable` and `loadTextSet` do.
 */
export async function openUnlabelled(
  names: readonly string[],
  settings: Given<UnlabelledSettings> = {},
  onNotice: (text: string) => void = () => {},
): Promise<TextTable> {
  const { badRows, rows, dataSeed = ROW_SETTINGS.dataSeed.default } = settings;
  checkColumns(names, settings);
  let skipped = 0;
  const onBadRow = (): void => {
    skipped += 1;
  };
  const read = badRows === 'skip' ? { onBadRow } : {};
  const tables: (readonly [string, TextTable])[] = [];
  for (const name of names) {
    const short = dataName(name);
    const key = tables.some(([known]) => known === short) ? name : short;
    tables.push([key, withoutLabels(await readOne(name, settings, read))]);
  }
  if (skipped > 0) onNotice(`left out ${formatCount(skipped)} rows that cannot be read`);
  const [[, first] = [], ...more] = tables;
  if (first === undefined) {
    const wanted = `texts: ${Object.keys(TEXT_SETS).slice(0, 3).join(', ')} …, or a file`;
    throw new OptionError({ where: 'texts', wanted, got: 'none' });
  }
  const all =
    more.length === 0 ? first : joinTables(tables.map(([name]) => name).join('+'), Object.fromEntries(tables));
  return rows === undefined || rows >= all.size ? all : drawnRows(all, rows, new RandomStream(dataSeed, 'rows')).drawn;
}

/** So many rows, and the others, each in their order. */
export function drawnRows(table: TextTable, rows: number, random: RandomStream, name = table.name) {
  const order = random.permutation(table.size);
  return {
    drawn: selectRows(table, order.slice(0, rows).sort(), name),
    others: selectRows(table, order.slice(rows).sort()),
  };
}

/** @throws OptionError for settings of columns where nothing has any. */
function checkColumns(names: readonly string[], settings: Given<UnlabelledSettings>): void {
  const given = (keys: readonly (keyof UnlabelledColumns)[]) => keys.find((key) => settings[key] !== undefined);
  const expectSome = (where: string | undefined, isRead: (path: string) => boolean, wanted: string): void => {
    if (where === undefined || names.some(isRead)) return;
    throw new OptionError({ where, wanted, got: names.join(', '), fix: 'leave it out' });
  };
  expectSome(given(['textColumn', 'pairColumn']), hasColumns, 'a file with columns');
  expectSome(given(['header', 'delimiter', 'quote']), isDelimited, 'a file of CSV or TSV');
}

async function readOne(
  data: string,
  settings: Given<UnlabelledSettings>,
  read: { readonly onBadRow?: (failure: FileError) => void },
): Promise<TextTable> {
  if (isTextSetName(data)) {
    return splitOf(await loadTextSet(data, { dir: settings.dataDir ?? process.env.RETORT_DATA, ...read }), 'train');
  }
  if (!hasColumns(data)) return readTextTable(data, read);
  const { text, pair, ...lines } = fileLayout(settings);
  return readTextTable(data, { ...defined({ text, pair }), ...(isDelimited(data) && lines), label: null, ...read });
}
