/** @file The best way to pair rows with columns. */

/**
 * The permutation π of 0 … n−1 with the largest Σ_i gain[i][π(i)]: the Hungarian method in its O(n³) form, by shortest
 * augmenting paths with potentials (Jonker & Volgenant 1987). Among equal sums any may be returned.
 * @param gains [n, n], finite.
 */
export function bestAssignment(gains: readonly (readonly number[])[]): number[] {
  const n = gains.length;
  // Rows and columns count from 1; column 0 holds the row that looks for a place. Costs are minimised.
  const cost = (row: number, column: number): number => -(gains[row - 1]?.[column - 1] ?? 0);
  const ofRow = new Float64Array(n + 1);
  const ofColumn = new Float64Array(n + 1);
  const rowIn = new Int32Array(n + 1);
  for (let row = 1; row <= n; row++) {
    const from = new Int32Array(n + 1);
    const slack = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    const isReached = new Uint8Array(n + 1);
    rowIn[0] = row;
    let column = 0;
    do {
      isReached[column] = 1;
      const current = rowIn[column] as number;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let j = 1; j <= n; j++) {
        if (isReached[j]) continue;
        const reduced = cost(current, j) - (ofRow[current] as number) - (ofColumn[j] as number);
        if (reduced < (slack[j] as number)) {
          slack[j] = reduced;
          from[j] = column;
        }
        if ((slack[j] as number) < step) {
          step = slack[j] as number;
          next = j;
        }
      }
      for (let j = 0; j <= n; j++) {
        if (isReached[j]) {
          const reached = rowIn[j] as number;
          ofRow[reached] = (ofRow[reached] as number) + step;
          ofColumn[j] = (ofColumn[j] as number) - step;
        } else slack[j] = (slack[j] as number) - step;
      }
      column = next;
    } while (rowIn[column] !== 0);
    for (; column !== 0; column = from[column] as number) rowIn[column] = rowIn[from[column] as number] as number;
  }
  const assigned = new Array<number>(n).fill(0);
  for (let j = 1; j <= n; j++) assigned[(rowIn[j] as number) - 1] = j - 1;
  return assigned;
}
