import { basename } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { OptionError } from '../errors/failures.js';
import { EXTENSIONS, FORMATS, formatOf, type TextFormat, unknownExtension } from './formats/table.js';
import { type FileFormat, quoted } from './formats/table-rows.js';
import { PackedTexts } from './packed-texts.js';
import {
  givenColumns,
  hasHeader,
  type ReadSplitRowsOptions,
  type ReadTextTableOptions,
  type SplitRows,
  tableOfRows,
} from './table-of-rows.js';
import type { TextTable } from './text-table.js';

/**
 * Reads a file of texts: CSV, TSV, JSON lines, Parquet, or plain text with one text a line. Text is UTF-8, with or
 * without a byte-order mark; lines end with LF or CRLF; empty lines are skipped. An empty label, or -100, is no label;
 * an empty score, or NaN, is none.
 * @throws FileError with the file, and the line where it has one, for a file that is missing, torn, empty or not what it
 * claims to be, a missing column, an unknown label, an id that is there twice; OptionError for options that do not fit
 * each other or the format.
 */
export async function readTextTable(path: string, options: ReadTextTableOptions = {}): Promise<TextTable> {
  return (await readSplitRows(path, { ...options, split: null })).table;
}

/** As `readTextTable`, of a file that may have rows of several splits. @throws as that does. */
export async function readSplitRows(path: string, options: ReadSplitRowsOptions): Promise<SplitRows> {
  const format = options.format === undefined ? formatByName(path) : namedFormat(options.format);
  expectFitting(format, options);
  const { name = basename(path) } = options;
  return tableOfRows(
    path,
    (request) => format.rows(path, request),
    { ...options, name },
    () => new PackedTexts(),
  );
}

function formatByName(path: string): FileFormat {
  const format = formatOf(path);
  if (format !== undefined) return format;
  throw unknownExtension(path, EXTENSIONS, 'give format, or rename the file');
}

function namedFormat(name: TextFormat): FileFormat {
  if (Object.hasOwn(FORMATS, name)) return FORMATS[name];
  const formats = Object.keys(FORMATS);
  const fix = `did you mean '${closest(String(name), formats)}'?`;
  throw new OptionError({ where: 'format', wanted: formats.join(', '), got: quoted(String(name)), fix });
}

/** @throws OptionError for an option that would do nothing, or that does not fit another. */
export function expectFitting(
  { extensions: [extension = ''], delimiter, cells }: FileFormat,
  options: ReadSplitRowsOptions,
) {
  const format = extension.slice(1);
  const isDelimited = delimiter !== undefined;
  const delimitedOnly = (['header', 'delimiter', 'quote'] as const).find((name) => options[name] !== undefined);
  if (delimitedOnly !== undefined && !isDelimited) {
    const got = `format ${format}`;
    throw new OptionError({ where: delimitedOnly, wanted: 'a file of CSV or TSV', got, fix: 'leave it out' });
  }
  const columns = givenColumns(options);
  const column = columns.find((value) => value !== undefined && value !== null);
  if (
    cells === undefined &&
    (column !== undefined || options.labelNames !== undefined || options.labelMap !== undefined)
  ) {
    const got = column === undefined ? 'labels' : `the column ${quoted(String(column))}`;
    const fix = "leave it out, or in code give format: 'csv' or 'tsv'";
    throw new OptionError({ where: `format ${format}`, wanted: 'one text per line and no columns', got, fix });
  }
  const numbers = columns.filter((value) => typeof value === 'number');
  const wrong = numbers.find((value) => !(Number.isInteger(value) && value >= 1));
  if (wrong !== undefined) {
    throw new OptionError({ where: 'columns', wanted: 'column numbers from 1', got: String(wrong) });
  }
  if (numbers.length > 0 && !isDelimited) {
    throw new OptionError({ where: 'columns', wanted: `names of columns for ${format}`, got: String(numbers[0]) });
  }
  const isHeaderless = isDelimited && !hasHeader(options);
  const named = columns.find((value) => typeof value === 'string');
  if (isHeaderless && (named !== undefined || options.text === undefined)) {
    const got = named === undefined ? 'no number for text' : quoted(named);
    const fix = 'number the columns from 1, or give header: true if the first line names them';
    throw new OptionError({ where: 'columns', wanted: 'column numbers in a file without a header', got, fix });
  }
  if (options.delimiter !== undefined && (options.delimiter === '' || /["\r\n]/u.test(options.delimiter))) {
    const got = quoted(options.delimiter);
    throw new OptionError({ where: 'delimiter', wanted: 'a character between fields', got });
  }
}
