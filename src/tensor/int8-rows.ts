/** @file Weights as whole numbers of 8 or 7 bits with one scale a row: what every int8 export stores, of any family and format. */
import { OptionError } from '../errors/failures.js';

export type Int8Rows = {
  /** Row-major, as the weights were: round(x / scale), from -limit to limit. */
  readonly values: Int8Array;
  /** [rows]; 0 for a row of zeros. */
  readonly scales: Float32Array;
};

/** The largest number of so many bits, the sign one of them. -128 is not used: x and -x are stored alike. */
const LIMITS = { 8: 127, 7: 63 } as const;

/**
 * Symmetric quantisation, a scale a row: scale = max |x| / limit, rounded to float32 first, so that value · scale is what every
 * reader gets. 7 bits are for weights that are multiplied by unsigned 8-bit numbers: on processors without VNNI the sum of two
 * such products, taken in 16 bits, saturates from 2 · 255 · 127 on, and never at 2 · 255 · 63.
 * @param data [rows, any]
 * @throws OptionError for a number that is not finite, or rows that do not divide the data.
 */
export function int8Rows(data: Float32Array, rows: number, bits: keyof typeof LIMITS = 8): Int8Rows {
  const width = rows === 0 ? 0 : data.length / rows;
  if (!Number.isInteger(width)) {
    throw new OptionError({ where: 'int8Rows', wanted: `a multiple of ${rows} numbers`, got: String(data.length) });
  }
  const limit = LIMITS[bits];
  const values = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * width, (row + 1) * width];
    let largest = 0;
    for (let i = from; i < to; i++) {
      const size = Math.abs(data[i] as number);
      if (!(size < Infinity)) throw notFinite(data[i] as number, row);
      if (size > largest) largest = size;
    }
    const scale = Math.fround(largest / limit);
    scales[row] = scale;
    // A scale below the least float32 is a row of zeros for every reader.
    if (scale === 0) continue;
    for (let i = from; i < to; i++) values[i] = clamped(Math.round((data[i] as number) / scale), limit);
  }
  return { values, scales };
}

/** The numbers that a reader gets: value · scale in float32. */
export function fromInt8Rows({ values, scales }: Int8Rows): Float32Array {
  const width = scales.length === 0 ? 0 : values.length / scales.length;
  const data = new Float32Array(values.length);
  for (const [row, scale] of scales.entries()) {
    for (let i = row * width; i < (row + 1) * width; i++) data[i] = (values[i] as number) * scale;
  }
  return data;
}

/** Rounding the scale to float32 may leave the largest number a hair above the limit. */
function clamped(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

function notFinite(value: number, row: number): OptionError {
  return new OptionError({
    where: `row ${row + 1} of the weights`,
    wanted: 'finite numbers',
    got: String(value),
    fix: 'train the model again: it has diverged',
  });
}
