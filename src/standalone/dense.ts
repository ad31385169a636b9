/** @file Matrices of int8 with a scale a row, as exports store them, and a vector times one. */
import type { Sections } from './student.js';
import { Int8Table, textToBytes, textToFloats } from './text-coding.js';

export type Rows = {
  readonly rows: Int8Array;
  /** [O] */
  readonly scales: Float32Array;
};

export type Dense = Rows & {
  /** [O] */
  readonly bias: Float32Array;
};

/** Two sections: rows [O, I], scales. */
export function readRows({ bytes }: Sections, outputs: number, inputs: number): Rows {
  return { rows: textToBytes(bytes(), outputs * inputs), scales: textToFloats(bytes(), outputs) };
}

/** Three sections: rows, scales, biases. */
export function readDense(next: Sections, outputs: number, inputs: number): Dense {
  return { ...readRows(next, outputs, inputs), bias: textToFloats(next.bytes(), outputs) };
}

export type ScaledTable = { readonly table: Int8Table; readonly scales: Float32Array };

/** Three sections: rows, where blocks of them begin, scales, as many as there are rows unless told. */
export function readTable({ bytes }: Sections, rows: number, width: number, scales = rows): ScaledTable {
  return { table: new Int8Table(bytes(), bytes(), rows, width), scales: textToFloats(bytes(), scales) };
}

/** W x + b, and of a hidden layer what of it is above 0. Sums are float64, in which JavaScript computes. */
export function applyDense({ rows, scales, bias }: Dense, x: Float64Array, y: Float64Array, isHidden: boolean): void {
  const I = x.length;
  for (let o = 0; o < y.length; o++) {
    const row = o * I;
    // Two sums, since one product would wait for the other.
    let [a, b] = [0, 0];
    let i = 0;
    for (; i + 2 <= I; i += 2) {
      a += (rows[row + i] as number) * (x[i] as number);
      b += (rows[row + i + 1] as number) * (x[i + 1] as number);
    }
    if (i < I) a += (rows[row + i] as number) * (x[i] as number);
    const value = (a + b) * (scales[o] as number) + (bias[o] as number);
    y[o] = isHidden && value < 0 ? 0 : value;
  }
}

/** [u; v; |u − v|; u ⊙ v] of the first two quarters, or with `isProductFirst` the last two exchanged. */
export function comparePair(features: Float64Array, isProductFirst: boolean): void {
  const d = features.length / 4;
  const [difference, product] = isProductFirst ? [3 * d, 2 * d] : [2 * d, 3 * d];
  for (let i = 0; i < d; i++) {
    const [u, v] = [features[i] as number, features[d + i] as number];
    features[difference + i] = Math.abs(u - v);
    features[product + i] = u * v;
  }
}
