/** @file What the columns of a file hold, for somebody who does not know their names yet. */
import { extname } from 'node:path';
import { FileError } from '../errors/failures.js';
import { RandomStream } from '../tensor/random.js';
import { delimitedRows } from './delimited-rows.js';
import { jsonRows } from './json-rows.js';
import { parquetObjects } from './parquet-rows.js';
import type { BadRow, ColumnRole, Columns, TableRow } from './table-rows.js';

export type ColumnSample = {
  readonly name: string;
  /** Cells of rows drawn from the whole file; empty where a row has none. */
  readonly cells: readonly string[];
};

const MOST_ROWS = 2_000;
const SEED = 1;
/** Roles whose cells may be anything; so many columns are read in one pass. */
const ROLES = ['label', 'score', 'id'] as const satisfies readonly ColumnRole[];

/** Extensions of files with columns. */
const TABLE_EXTENSIONS = ['.csv', '.tsv', '.tab', '.jsonl', '.ndjson', '.parquet'];

/**
 * The columns of a file in their order, each with at most 2,000 of its cells. A file that is sorted by label shows all
 * of them, since the rows are drawn from all of it; the same rows on each call.
 * @throws FileError for a file that is missing, torn, or of another kind.
 */
export async function sampleColumns(path: string): Promise<ColumnSample[]> {
  const extension = extname(path).toLowerCase();
  if (!TABLE_EXTENSIONS.includes(extension)) {
    const got = extension === '' ? 'no extension' : extension;
    const fix =
      extension === '.json'
        ? "an array becomes lines of .jsonl with jq -c '.[]' FILE"
        : 'rename it, if it is one of these, or save it as CSV';
    throw new FileError({ where: path, wanted: `a file that ends with ${TABLE_EXTENSIONS.join(', ')}`, got, fix });
  }
  if (extension === '.parquet') return sampleParquet(path);
  const names = await columnNames(path, extension);
  const samples: ColumnSample[] = [];
  for (let start = 0; start < names.length; start += ROLES.length) {
    const part = names.slice(start, start + ROLES.length);
    const isJson = isJsonLines(extension);
    // By number, so that a name that is there twice is no matter here.
    const columns = part.map((name, i) => [ROLES[i], isJson ? name : start + i + 1] as const);
    const kept = new Reservoir<TableRow['cells']>();
    for await (const row of rowsOf(path, extension, () => Object.fromEntries(columns))) {
      if ('cells' in row) kept.add(row.cells);
    }
    samples.push(...part.map((name, i) => ({ name, cells: kept.rows.map((cells) => cells[ROLES[i] ?? 'id'] ?? '') })));
  }
  return samples;
}

async function sampleParquet(path: string): Promise<ColumnSample[]> {
  let names: readonly string[] = [];
  const kept = new Reservoir<Readonly<Record<string, unknown>>>();
  const rows = parquetObjects(path, (header) => {
    names = header.names;
    return names;
  });
  for await (const { object } of rows) kept.add(object);
  const text = (value: unknown) => (value === null || value === undefined ? '' : String(value));
  return names.map((name) => ({ name, cells: kept.rows.map((row) => text(row[name])) }));
}

/** The names in a file's first line or object. */
async function columnNames(path: string, extension: string): Promise<readonly string[]> {
  let found: readonly string[] = [];
  const first = rowsOf(path, extension, (names) => {
    found = names;
    return {};
  });
  await first.next();
  await first.return();
  return found;
}

function rowsOf(
  path: string,
  extension: string,
  columns: (names: readonly string[]) => Columns,
): AsyncGenerator<TableRow | BadRow, void> {
  if (isJsonLines(extension)) return jsonRows(path, columns, false);
  const delimiter = extension === '.csv' ? ',' : '\t';
  return delimitedRows(path, { delimiter, quote: delimiter === ',', header: true, columns });
}

function isJsonLines(extension: string): boolean {
  return extension === '.jsonl' || extension === '.ndjson';
}

/**
 * So many rows of a stream, each with the same chance (Vitter's algorithm R): every k-th one would see one label alone in
 * a file whose labels take turns.
 */
class Reservoir<T> {
  readonly rows: T[] = [];
  readonly #draws = new RandomStream(SEED, 'sample columns');
  #seen = 0;

  add(row: T): void {
    this.#seen++;
    if (this.rows.length < MOST_ROWS) this.rows.push(row);
    else {
      const at = Math.floor(this.#draws.uniform() * this.#seen);
      if (at < MOST_ROWS) this.rows[at] = row;
    }
  }
}
