/** @file The columns of a file of one's own, from how its settings name them to what its reader takes. */
import { FileError, OptionError } from '../errors/failures.js';
import { defined, type Given } from '../options/given.js';
import { type ColumnName, quoted } from './formats/table-rows.js';
import { textLines } from './formats/text-lines.js';
import { NO_SPLIT } from './split-column.js';
import type { ReadTextTableOptions } from './table-of-rows.js';
import type { ColumnSettings, UnlabelledColumns } from './task-settings.js';

export type FileLayout = Pick<ReadTextTableOptions, 'text' | 'pair' | 'header' | 'delimiter' | 'quote'>;
export type FileTargets = Pick<ReadTextTableOptions, 'label' | 'score' | 'labelMap'>;

/** Tabs, which shells and people write in other ways. */
const TAB_NAMES: readonly string[] = ['tab', '\\t'];

/** Columns of texts, and how lines are parted. @throws OptionError for a name where columns have none. */
export function fileLayout(settings: Given<UnlabelledColumns>): FileLayout {
  const { textColumn, pairColumn, header } = settings;
  const isNameless = header === false;
  if (isNameless && textColumn === undefined) throw wantedNumber('textColumn', 'none');
  return defined({
    text: columnOf('textColumn', textColumn, isNameless),
    pair: columnOf('pairColumn', pairColumn, isNameless),
    ...lineRules(settings),
  });
}

/** How lines are parted into cells. */
export function lineRules({ header, delimiter, quote }: Given<UnlabelledColumns>) {
  const written = delimiter !== undefined && TAB_NAMES.includes(delimiter) ? '\t' : delimiter;
  return defined({ header, delimiter: written, quote });
}

/** The column of labels, `label` unless one is named, or of scores. @throws As `fileLayout` and `readLabelMap`. */
export async function fileTargets(settings: Given<ColumnSettings>): Promise<FileTargets> {
  const { labelColumn, scoreColumn, labelNames, header } = settings;
  const isNameless = header === false;
  const score = columnOf('scoreColumn', scoreColumn, isNameless);
  if (score !== undefined) return { score, label: null };
  if (isNameless && labelColumn === undefined) throw wantedNumber('labelColumn', 'none');
  return {
    label: columnOf('labelColumn', labelColumn, isNameless) ?? 'label',
    ...(labelNames !== undefined && { labelMap: await readLabelMap(labelNames) }),
  };
}

/** The column of splits: null where there is said to be none, undefined where nothing is said. @throws As `fileLayout`. */
export function splitColumnOf({ splitColumn, header }: Given<ColumnSettings>): ColumnName | null | undefined {
  return splitColumn === NO_SPLIT ? null : columnOf('splitColumn', splitColumn, header === false);
}

function columnOf(setting: string, written: string | undefined, isNameless: boolean): ColumnName | undefined {
  if (written === undefined || !isNameless) return written;
  if (/^[1-9]\d*$/u.test(written)) return Number(written);
  throw wantedNumber(setting, quoted(written));
}

function wantedNumber(where: string, got: string): OptionError {
  return new OptionError({ where, wanted: 'a column number from 1, since the file has no header', got });
}

/**
 * What cells of a label column hold, and the label that it stands for: of a file of lines `0`, a tab, `anger`.
 * @throws FileError for another line, a value that is there twice, or none.
 */
export async function readLabelMap(path: string): Promise<Readonly<Record<string, string>>> {
  const names = new Map<string, string>();
  for await (const { number, text } of textLines(path)) {
    if (text.trim() === '') continue;
    const where = `${path}:${number}`;
    const [value = '', name = '', ...more] = text.split('\t').map((part) => part.trim());
    if (value === '' || name === '' || more.length > 0) {
      const wanted = 'what a cell holds, a tab, and the name of that label';
      throw new FileError({ where, wanted, got: quoted(text), fix: 'write lines such as 0<TAB>anger' });
    }
    if (names.has(value)) {
      const fix = 'keep one of them';
      throw new FileError({ where, wanted: `one name for ${quoted(value)}`, got: 'a second one', fix });
    }
    names.set(value, name);
  }
  if (names.size > 0) return Object.fromEntries(names);
  throw new FileError({ where: path, wanted: 'names of labels', got: 'none', fix: 'write lines such as 0<TAB>anger' });
}
