/** Enough for a rate, quick for any data set. */
const SAMPLED_ROWS = 2000;

/** Rows spread evenly over a data set, which may be sorted by label. */
export function sampledRows(size: number): Uint32Array {
  const count = Math.min(size, SAMPLED_ROWS);
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}
