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
