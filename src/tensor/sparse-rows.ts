/** @file Rows of which most numbers are zero. */

/** N rows of F numbers, those that are not zero behind each other, as compressed sparse rows (CSR). */
export type SparseRows = {
  /** F: one more than the largest number that a feature may have. */
  readonly width: number;
  /** [N + 1]: where each row begins in `ids` and `values`; the last is their length. */
  readonly starts: Uint32Array;
  /** The features of each row, in ascending order, none twice. */
  readonly ids: Uint32Array;
  readonly values: Float32Array;
};

/** Some of the rows, in the order they are named. */
export function selectSparseRows({ width, starts, ids, values }: SparseRows, rows: ArrayLike<number>): SparseRows {
  const own = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    own[i + 1] = (own[i] as number) + (starts[row + 1] as number) - (starts[row] as number);
  }
  const selected = { ids: new Uint32Array(own.at(-1) as number), values: new Float32Array(own.at(-1) as number) };
  for (let i = 0; i < rows.length; i++) {
    const [from, to] = [starts[rows[i] as number], starts[(rows[i] as number) + 1]];
    selected.ids.set(ids.subarray(from, to), own[i]);
    selected.values.set(values.subarray(from, to), own[i]);
  }
  return { width, starts: own, ...selected };
}
