/** @file Rows of lines with a character between cells, wherever their text is from: nothing of Node is behind it. */
import type { CsvError, InfoRecord, Options } from 'csv-parse';
import { FileError } from '../../errors/failures.js';
import {
  BAD_ROW_FIX,
  type BadRow,
  type ColumnRole,
  columnPlaces,
  type LineRules,
  quoted,
  type RowRequest,
  type TableRow,
} from './table-rows.js';
import { linesOf, MAX_LINE_BYTES } from './text-blocks.js';

export type Rules = { readonly delimiter: string; readonly quote: boolean };

/** Of files that end with .csv and .tsv. */
export const CSV_RULES: Rules = { delimiter: ',', quote: true };
export const TSV_RULES: Rules = { delimiter: '\t', quote: false };

export type CsvRecord = { readonly info: InfoRecord; readonly record: string[] };

/** A parser of quoted fields: csv-parse, in the form for where it runs. @throws CsvError */
export type CsvParser = (blocks: AsyncIterable<string>, options: Options) => AsyncIterable<CsvRecord>;

/** What is read. */
export type DelimitedSource = {
  /** For messages. */
  readonly path: string;
  /** Each ends with a line. */
  readonly blocks: AsyncIterable<string>;
  readonly parser: CsvParser;
};

type Record = { readonly line: number; readonly cells: readonly string[] };

function recordsOf(source: DelimitedSource, { delimiter, quote }: Rules): AsyncGenerator<Record, void> {
  return quote ? quotedRecords(source, delimiter) : plainRecords(source, delimiter);
}

/** As asked, and for the rest as the format has it. */
function rulesOf({ delimiter, quote }: LineRules, usual: Rules): Rules {
  return { delimiter: delimiter ?? usual.delimiter, quote: quote ?? usual.quote };
}

/**
 * The rows of a file; empty lines are skipped. With a header every row must have its number of columns; without, as many
 * as are asked for, and may have more.
 * @throws FileError for a missing column, quotes that do not match, or what `textBlocks` refuses.
 */
export async function* delimitedRows(
  source: DelimitedSource,
  { columns, header = true, ...lines }: RowRequest,
  usual: Rules,
): AsyncGenerator<TableRow | BadRow, void> {
  const { path } = source;
  const rules = rulesOf(lines, usual);
  let width: number | undefined;
  let places: { readonly role: ColumnRole; readonly at: number }[] = [];
  let needed = 0;
  for await (const { line, cells } of recordsOf(source, rules)) {
    const where = `${path}:${line}`;
    if (width === undefined) {
      expectLineEnds(cells, where);
      width = cells.length;
      if (header) {
        const names = cells.map((name) => name.trim());
        places = columnPlaces(columns({ names }), names, where, headerHint(cells, rules.delimiter));
        continue;
      }
      const numbers = columns({ names: [] });
      needed = Math.max(...Object.values(numbers).map(Number));
      places = Object.entries(numbers).map(([role, column]) => ({ role: role as ColumnRole, at: Number(column) - 1 }));
    }
    if (header ? cells.length !== width : cells.length < needed) {
      yield { failure: widthError(where, cells.length, header ? `${width}` : `at least ${needed}`, rules) };
      continue;
    }
    yield { where, cells: Object.fromEntries(places.map(({ role, at }) => [role, cells[at]])) };
  }
}

/** The names of all columns, or their numbers, then their cells in each row of as many. */
export async function* delimitedCells(
  source: DelimitedSource,
  { header = true, ...lines }: LineRules = {},
  usual: Rules,
): AsyncGenerator<readonly string[], void> {
  let width: number | undefined;
  for await (const { line, cells } of recordsOf(source, rulesOf(lines, usual))) {
    if (width === undefined) {
      expectLineEnds(cells, `${source.path}:${line}`);
      width = cells.length;
      yield cells.map((name, i) => (header ? name.trim() : String(i + 1)));
      if (header) continue;
    }
    if (cells.length === width) yield cells;
  }
}

async function* plainRecords({ blocks }: DelimitedSource, delimiter: string): AsyncGenerator<Record, void> {
  for await (const { number, text } of linesOf(blocks)) {
    if (text !== '') yield { line: number, cells: text.split(delimiter) };
  }
}

async function* quotedRecords(
  { path, blocks, parser }: DelimitedSource,
  delimiter: string,
): AsyncGenerator<Record, void> {
  // Where the next record begins: the parser is ahead of whoever reads its records, and fails before these are read.
  let next = 1;
  let firstLine: string | undefined;
  async function* seen(): AsyncGenerator<string, void> {
    for await (const block of blocks) {
      firstLine ??= block.split(/\r?\n/u, 1)[0];
      yield block;
    }
  }
  const records = parser(seen(), {
    delimiter,
    info: true,
    on_record: (record: string[], { lines }) => {
      next = lines + 1;
      return record;
    },
    max_record_size: MAX_LINE_BYTES,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  try {
    for await (const { info, record } of records) {
      const inside = record.reduce((count, cell) => count + cell.split('\n').length - 1, 0);
      yield { line: info.lines - inside, cells: record };
    }
  } catch (error) {
    if (!isOfCsv(error)) throw error;
    // With the wrong character between fields any quote is in the wrong place: that one is not to be mended.
    const other = otherDelimiter(firstLine?.split(delimiter) ?? [], delimiter);
    throw other === undefined ? quoteError(error, path, next) : delimiterError(error, path, delimiter, other);
  }
}

/** Each build of csv-parse has a class of its own: its errors are told by their counts. */
function isOfCsv(error: unknown): error is CsvError {
  return error instanceof Error && 'code' in error && 'empty_lines' in error;
}

function quoteError(error: CsvError, path: string, next: number): FileError {
  const line = 'lines' in error && typeof error.lines === 'number' ? error.lines : next;
  const plain = 'if quotes are plain characters in this file, give --quote no (quote: false)';
  const code: string = error.code;
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') {
    const end = code === 'CSV_QUOTE_NOT_CLOSED' ? 'at the end of the file' : `${MAX_LINE_BYTES} bytes later`;
    const got = `a field that is still open ${end}`;
    const fix = `close it (the file may be truncated); ${plain}`;
    return new FileError({ where: `${path}:${next}`, wanted: 'a closing quote', got, fix, cause: error });
  }
  return new FileError({
    where: `${path}:${next}`,
    wanted: 'quotes around whole fields, doubled inside them',
    got: `a quote in the middle of a field${line > next ? `, in line ${line} of the row that begins here` : ''}`,
    fix: `correct that row; ${plain}`,
    cause: error,
  });
}

function delimiterError(cause: CsvError, path: string, delimiter: string, other: string): FileError {
  return new FileError({
    where: `${path}:1`,
    wanted: `columns, separated by ${delimiter === '\t' ? 'tabs' : quoted(delimiter)}`,
    got: `one column, with ${other === '\t' ? 'tabs' : quoted(other)} in it`,
    fix: delimiterFix(other),
    cause,
  });
}

function widthError(where: string, got: number, wanted: string, { delimiter, quote }: Rules): FileError {
  const separated = delimiter === '\t' ? 'tabs' : quoted(delimiter);
  const lines = quote ? '' : '; if quoted fields hold tabs or line ends, give --quote yes (quote: true)';
  return new FileError({
    where,
    wanted: `${wanted} columns, separated by ${separated}`,
    got: `${got}`,
    fix: `${BAD_ROW_FIX}${lines}`,
  });
}

function expectLineEnds(cells: readonly string[], where: string): void {
  if (!cells.some((cell) => /\r[^\n]/u.test(cell))) return;
  const fix = "convert them (tr '\\r' '\\n' < FILE)";
  throw new FileError({ where, wanted: 'lines that end with LF or CRLF', got: 'CR alone', fix });
}

function headerHint(cells: readonly string[], delimiter: string): (naming: string) => string {
  const other = otherDelimiter(cells, delimiter);
  if (other !== undefined) return () => delimiterFix(other);
  const nameless = 'if the file has no header line, give --header no (header: false) and number the columns from 1';
  return (naming) => `${naming}; ${nameless}`;
}

/** What seems to stand between the fields of a first line that has only one of them. */
function otherDelimiter(cells: readonly string[], delimiter: string): string | undefined {
  return cells.length > 1 ? undefined : ['\t', ';', ',', '|'].find((d) => d !== delimiter && cells[0]?.includes(d));
}

/** As a flag, then as a key of a config or an option in code. */
export function delimiterFix(other: string): string {
  const written = other === '\t' ? 'tab' : other;
  return `give --delimiter ${/\w/u.test(written) ? written : `'${written}'`} (delimiter: '${other === '\t' ? '\\t' : other}')`;
}
