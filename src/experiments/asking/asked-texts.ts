/** @file The texts that a teacher is asked about: training rows of a set or rows of a file, each distinct text once. */
import { fileLayout, readLabelMap } from '../../data/file-columns.js';
import { hasColumns, isDelimited } from '../../data/formats/table.js';
import { readTextTable } from '../../data/read-text-table.js';
import { ROW_SETTINGS } from '../../data/task-settings.js';
import { isTextSetName, loadTextSet } from '../../data/text-sets.js';
import { selectRows, type TextTable } from '../../data/text-table.js';
import { splitOf } from '../../data/text-task.js';
import { drawnRows } from '../../data/unlabelled-texts.js';
import { FileError, OptionError } from '../../errors/failures.js';
import { formatCount } from '../../errors/number-text.js';
import { jsonHash } from '../../files/json-hash.js';
import { defined, type settingsOf } from '../../options/given.js';
import { RandomStream } from '../../tensor/random.js';
import type { ASK_SETTINGS } from './ask-settings.js';

type Settings = ReturnType<typeof settingsOf<typeof ASK_SETTINGS>>;

/** The training rows of a set, or all rows of a file, with their labels where those are to be read. */
export async function openAsked(
  data: string,
  settings: Settings,
  onNotice: (text: string) => void,
): Promise<TextTable> {
  let skipped = 0;
  const onBadRow = () => {
    skipped += 1;
  };
  const read = settings.badRows === 'skip' ? { onBadRow } : {};
  const { rows, dataSeed = ROW_SETTINGS.dataSeed.default, labelColumn, labelNames } = settings;
  if (labelNames !== undefined && labelColumn === undefined) {
    const wanted = 'a column of labels that it names, labelColumn';
    throw new OptionError({ where: 'labelNames', wanted, got: 'none', fix: 'give --label COLUMN, or leave it out' });
  }
  let table: TextTable;
  if (isTextSetName(data)) {
    table = splitOf(await loadTextSet(data, { dir: settings.dataDir ?? process.env.RETORT_DATA, ...read }), 'train');
  } else if (hasColumns(data)) {
    const { text, pair, ...lines } = fileLayout(settings);
    const label = labelColumn === undefined ? null : settings.header === false ? Number(labelColumn) : labelColumn;
    const named = labelNames === undefined ? {} : { labelMap: await readLabelMap(labelNames) };
    const columns = { ...defined({ text, pair }), ...(isDelimited(data) && lines), label, ...named };
    table = await readTextTable(data, { ...columns, ...read });
  } else table = await readTextTable(data, read);
  if (skipped > 0) onNotice(`left out ${formatCount(skipped)} rows that cannot be read`);
  if (table.size === 0) throw new FileError({ where: data, wanted: 'at least one text', got: 'none' });
  if (rows === undefined || rows >= table.size) return table;
  return drawnRows(table, rows, new RandomStream(dataSeed, 'rows')).drawn;
}

/** One row for each text or pair, the first. */
export function distinctTexts(table: TextTable): TextTable {
  const seen = new Set<string>();
  const first: number[] = [];
  for (let row = 0; row < table.size; row++) {
    const key = jsonHash([table.texts[row], table.pairs?.[row]]);
    if (seen.has(key)) continue;
    seen.add(key);
    first.push(row);
  }
  return first.length === table.size ? table : selectRows(table, first);
}
