/** @file Rows of CSV and TSV files. RFC 4180 where quoting is on; where it is off, a quote is a character like any other. */
import { pipeline } from 'node:stream/promises';
import type { CsvError, InfoRecord } from 'csv-parse';
import { FileError } from '../../errors/failures.js';
import {
  BAD_ROW_FIX,
  type BadRow,
  type ColumnRole,
  columnPlaces,
  type FileFormat,
  quoted,
  type RowRequest,
  type TableRow,
} from './table-rows.js';
import { MAX_LINE_BYTES, textBlocks, textLines } from './text-lines.js';

type Rules = { readonly delimiter: string; readonly quote: boolean };
type Record = { readonly line: number; readonly cells: readonly string[] };

/** Quotes as RFC 4180 has them. */
export const csv = delimitedFormat(['.csv'], { delimiter: ',', quote: true });
/** Without quotes. */
export const tsv = delimitedFormat(['.tsv', '.tab'], { delimiter: '\t', quote: false });

function delimitedFormat(extensions: readonly string[], rules: Rules) {
  return {
    extensions,
    delimiter: rules.delimiter,
    rows: (path, { delimiter = rules.delimiter, quote = rules.quote, ...request }) =>
      delimitedRows(path, request, { delimiter, quote }),
    cells: (path, { header = true, delimiter = rules.delimiter, quote = rules.quote } = {}) =>
      delimitedCells(path, header, { delimiter, quote }),
  } satisfies FileFormat;
}

function recordsOf(path: string, { delimiter, quote }: Rules): AsyncGenerator<Record, void> {
  return quote ? quotedRecords(path, delimiter) : plainRecords(path, delimiter);
}

/**
 * The rows of a file; empty lines are skipped. With a header every row must have its number of columns; without, as many
 * as are asked for, and may have more.
 * @throws FileError for a missing column, quotes that do not match, or what `textBlocks` refuses.
 */
async function* delimitedRows(
  path: string,
  { columns, header = true }: RowRequest,
  rules: Rules,
): AsyncGenerator<TableRow | BadRow, void> {
  let width: number | undefined;
  let places: { readonly role: ColumnRole; readonly at: number }[] = [];
  let needed = 0;
  for await (const { line, cells } of recordsOf(path, rules)) {
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

async function* delimitedCells(path: string, header: boolean, rules: Rules): AsyncGenerator<readonly string[], void> {
  let width: number | undefined;
  for await (const { line, cells } of recordsOf(path, rules)) {
    if (width === undefined) {
      expectLineEnds(cells, `${path}:${line}`);
      width = cells.length;
      yield cells.map((name, i) => (header ? name.trim() : String(i + 1)));
      if (header) continue;
    }
    if (cells.length === width) yield cells;
  }
}

async function* plainRecords(path: string, delimiter: string): AsyncGenerator<Record, void> {
  for await (const { number, text } of textLines(path)) {
    if (text !== '') yield { line: number, cells: text.split(delimiter) };
  }
}

async function* quotedRecords(path: string, delimiter: string): AsyncGenerator<Record, void> {
  // Loaded where it is used: the table of formats is read for help texts too.
  const { CsvError, parse } = await import('csv-parse');
  // Where the next record begins: the parser is ahead of whoever reads its records, and fails before these are read.
  let next = 1;
  const parser = parse({
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
  let firstLine: string | undefined;
  async function* blocks(): AsyncGenerator<string, void> {
    for await (const block of textBlocks(path)) {
      firstLine ??= block.split(/\r?\n/u, 1)[0];
      yield block;
    }
  }
  // What goes wrong in the file destroys the parser, and so ends the loop below.
  const feeding = pipeline(blocks(), parser).catch(() => undefined);
  try {
    for await (const parsed of parser as AsyncIterable<{ info: InfoRecord; record: string[] }>) {
      const { info, record } = parsed;
      const inside = record.reduce((count, cell) => count + cell.split('\n').length - 1, 0);
      yield { line: info.lines - inside, cells: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // With the wrong character between fields any quote is in the wrong place: that one is not to be mended.
    const other = otherDelimiter(firstLine?.split(delimiter) ?? [], delimiter);
    throw other === undefined ? quoteError(error, path, next) : delimiterError(error, path, delimiter, other);
  } finally {
    parser.destroy();
    await feeding;
  }
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

function headerHint(cells: readonly string[], delimiter: string): string | undefined {
  const other = otherDelimiter(cells, delimiter);
  if (other !== undefined) return delimiterFix(other);
  return 'name one of these; if the file has no header line, give --header no (header: false) and number the columns from 1';
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
