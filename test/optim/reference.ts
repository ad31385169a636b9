/** @file The update rules on plain numbers, each operation rounded to float32: what kernels and graphs must equal. */
import { expect } from 'vitest';
import type { Arithmetic } from '../../src/optim/optimizer.js';

const { fround } = Math;

/** IEEE 754 single precision: rounding a float64 result of one +, −, ×, ÷ or √ of two float32 is exact rounding. */
export const float32: Arithmetic<number> = {
  add: (a, b) => fround(fround(a) + fround(b)),
  sub: (a, b) => fround(fround(a) - fround(b)),
  mul: (a, b) => fround(fround(a) * fround(b)),
  div: (a, b) => fround(fround(a) / fround(b)),
  sqrt: (a) => fround(Math.sqrt(a)),
};

/** Sum of squares of one row as the kernel defines it: eight float64 partial sums, then the rest one by one. */
export function rowSumOfSquares(row: Float32Array): number {
  const partial = new Float64Array(8);
  const whole = row.length - (row.length % 8);
  for (let i = 0; i < whole; i++) partial[i % 8]! += row[i]! * row[i]!;
  const pairs = [0, 1].map((lane) => partial[lane]! + partial[lane + 2]! + (partial[lane + 4]! + partial[lane + 6]!));
  let sum = pairs[0]! + pairs[1]!;
  for (let i = whole; i < row.length; i++) sum += row[i]! * row[i]!;
  return sum;
}

/** Fails unless two arrays hold the same bytes; −0 and +0 differ. Much faster than `toEqual` where they do. */
export function expectSameBits(ours: Float32Array, theirs: Float32Array, about?: string): void {
  const [a, b] = [ours, theirs].map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  if (!a!.equals(b!)) expect(ours, about).toEqual(theirs);
  expect(a!.equals(b!), about).toBe(true);
}
