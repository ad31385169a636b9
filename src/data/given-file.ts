/** @file Files of texts in memory, read as those on a disk are: nothing of Node is behind it. */
import { FileError } from '../errors/failures.js';
import { type ColumnSample, sampledColumns } from './column-sample.js';
import { arrayObjects } from './formats/array-objects.js';
import {
  CSV_RULES,
  type CsvParser,
  type CsvRecord,
  delimitedCells,
  delimitedRows,
  type Rules,
  TSV_RULES,
} from './formats/delimited-rows.js';
import { lineObjects } from './formats/line-objects.js';
import { objectCells, objectRows } from './formats/object-rows.js';
import type { BadRow, LineRules, ObjectRow, RowRequest, TableRow } from './formats/table-rows.js';
import { blocksOf, linesOf } from './formats/text-blocks.js';
import { type ReadTextTableOptions, type TextColumn, tableOfRows } from './table-of-rows.js';
import type { TextTable } from './text-table.js';

/** A file by its name, whose ending says what is in it, and its bytes. */
export type GivenFile = { readonly name: string; readonly bytes: Uint8Array };

type Objects = AsyncGenerator<ObjectRow | BadRow, void>;
type Format = {
  readonly rows: (file: GivenFile, request: RowRequest) => AsyncGenerator<TableRow | BadRow, void>;
  readonly cells: (file: GivenFile, rules: LineRules) => AsyncGenerator<readonly string[], void>;
  /** Absent where rows are cells of text. */
  readonly objects?: (file: GivenFile) => Objects;
};

/** By ending; Parquet, which is read by seeking in a file, is for Node. */
const FORMATS: Readonly<Record<string, Format>> = {
  csv: delimitedFormat(CSV_RULES),
  tsv: delimitedFormat(TSV_RULES),
  tab: delimitedFormat(TSV_RULES),
  jsonl: objectFormat((file) => lineObjects(file.name, linesOf(blocksIn(file)))),
  ndjson: objectFormat((file) => lineObjects(file.name, linesOf(blocksIn(file)))),
  json: objectFormat(async function* (file) {
    yield* arrayObjects(file.name, await textIn(file));
  }),
};

/** For a file chooser. */
export const GIVEN_ENDINGS: readonly string[] = Object.keys(FORMATS).map((ending) => `.${ending}`);

function delimitedFormat(rules: Rules): Format {
  const source = (file: GivenFile) => ({ path: file.name, blocks: blocksIn(file), parser: atOnce });
  return {
    rows: (file, request) => delimitedRows(source(file), request, rules),
    cells: (file, lines) => delimitedCells(source(file), lines, rules),
  };
}

function objectFormat(objects: (file: GivenFile) => Objects): Format {
  return {
    rows: (file, request) => objectRows(file.name, objects(file), request),
    cells: (file) => objectCells(objects(file)),
    objects,
  };
}

/** In small pieces, so that a mistake in the first lines is found before the last ones are read. */
const CHUNK_BYTES = 2 ** 18;

async function* blocksIn({ name, bytes }: GivenFile): AsyncGenerator<string, void> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, i) =>
    bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
  for await (const { text } of blocksOf(name, chunks)) yield text;
}

async function textIn(file: GivenFile): Promise<string> {
  let whole = '';
  for await (const block of blocksIn(file)) whole += block;
  return whole;
}

/** The build of csv-parse without streams parses all text in one call. */
const atOnce: CsvParser = async function* (blocks, options) {
  let whole = '';
  for await (const block of blocks) whole += block;
  const { parse } = await import('csv-parse/browser/esm/sync');
  const records: readonly unknown[] = parse(whole, options);
  yield* records as readonly CsvRecord[]; // with `info` each says where it was found
};

/** What the columns hold. @throws FileError as the formats do. */
export function givenColumns(file: GivenFile, rules: LineRules = {}): Promise<ColumnSample[]> {
  return sampledColumns(formatOf(file).cells(file, rules));
}

/** As `readTextTable`, of a file in memory. @throws as that does. */
export async function readGivenTable(
  file: GivenFile,
  options: Omit<ReadTextTableOptions, 'format'>,
): Promise<TextTable> {
  const { name = file.name } = options;
  const format = formatOf(file);
  const rows = (request: RowRequest) => format.rows(file, request);
  return (await tableOfRows(file.name, rows, { ...options, name, split: null }, newColumn)).table;
}

/** The rows of JSON lines, each as it is. @throws FileError for a line that is none, or another ending. */
export async function* givenObjects(file: GivenFile): AsyncGenerator<ObjectRow, void> {
  for await (const row of FORMATS.jsonl?.objects?.(file) ?? []) {
    if ('object' in row) {
      yield row;
      continue;
    }
    const { where, wanted, got, cause } = row.failure;
    throw new FileError({ where, wanted, got, fix: 'correct or delete that line', cause });
  }
}

function formatOf({ name }: GivenFile): Format {
  const ending = /\.(\w+)$/u.exec(name)?.[1]?.toLowerCase() ?? '';
  const format = Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined;
  if (format !== undefined) return format;
  throw new FileError({
    where: name,
    wanted: `a file that ends with ${GIVEN_ENDINGS.join(', ')}`,
    got: ending === '' ? 'no extension' : `.${ending}`,
    fix: 'rename it if it is one of these, or save it as CSV',
  });
}

function newColumn(): TextColumn {
  const texts: string[] = [];
  return {
    get size() {
      return texts.length;
    },
    add: (text) => texts.push(text),
    at: (row) => texts[row] as string,
    column: () => texts,
  };
}
