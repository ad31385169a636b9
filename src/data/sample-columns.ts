/** @file What the columns of a file hold, for somebody who does not know their names yet. */
import { RandomStream } from '../tensor/random.js';
import { formatOf, TABLE_EXTENSIONS, unknownExtension } from './formats/table.js';
import type { LineRules } from './formats/table-rows.js';

export type ColumnSample = {
  readonly name: string;
  /** Cells of rows drawn from the whole file; empty where a row has none. */
  readonly cells: readonly string[];
};

const MOST_ROWS = 2_000;
const SEED = 1;

/**
 * The columns of a file in their order, each with at most 2,000 of its cells. A file that is sorted by label shows all
 * of them, since the rows are drawn from all of it; the same rows on each call.
 * @throws FileError for a file that is missing, torn, or of another kind.
 */
export async function sampleColumns(path: string, rules: LineRules = {}): Promise<ColumnSample[]> {
  const cells = formatOf(path)?.cells;
  if (cells === undefined) {
    throw unknownExtension(path, TABLE_EXTENSIONS, 'name a file; rename it, if it is one of these, or save it as CSV');
  }
  let names: readonly string[] | undefined;
  const kept = new Reservoir<readonly string[]>();
  for await (const row of cells(path, rules)) {
    if (names === undefined) names = row;
    else kept.add(row);
  }
  return (names ?? []).map((name, i) => ({ name, cells: kept.rows.map((row) => row[i] ?? '') }));
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
