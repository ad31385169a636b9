/** @file What columns hold, from some of their rows: nothing of Node is behind it. */
import { RandomStream } from '../tensor/random.js';

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
 * @param rows The names of the columns, then their cells.
 */
export async function sampledColumns(rows: AsyncIterable<readonly string[]>): Promise<ColumnSample[]> {
  let names: readonly string[] | undefined;
  const kept = new Reservoir<readonly string[]>();
  for await (const row of rows) {
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
