/** @file Which rows of text run together. */

/**
 * Groups of rows of near lengths, each of at most `tokensPerRun` tokens with its padding (or of one row that is longer),
 * the shortest first.
 * @param lengths tokens of each row
 * @returns numbers of rows; each row is in one group
 */
export function batchesByLength(lengths: readonly number[], tokensPerRun: number): number[][] {
  const order = [...lengths.keys()].sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const row of order) {
    const width = lengths[row] as number;
    if (batch.length > 0 && (batch.length + 1) * width > tokensPerRun) {
      batches.push(batch);
      batch = [];
    }
    batch.push(row);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
