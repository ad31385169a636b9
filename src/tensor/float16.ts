/** @file IEEE 754 binary16: 1 sign bit, 5 exponent bits with bias 15, 10 fraction bits. JavaScript has no array of it everywhere yet. */

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);

/** The number that 16 bits stand for. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The 16 bits of the number nearest to a float32, of two as near the even one; beyond 65,504 infinity from halfway to the next on. */
export function toFloat16(value: number): number {
  wordAsFloat[0] = value;
  const bits = word[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  // 65,520 is halfway between the greatest number and the power of two behind it.
  if (size >= 0x477ff000) return sign | 0x7c00;
  // Below the least normal number the steps are 2^-24, of which this is an exact multiple before it is rounded.
  if (size < 0x38800000) return sign | roundedToEven(Math.abs(wordAsFloat[0] as number) * 2 ** 24);
  const half = size - 0x38000000;
  const isUp = (half & 0x1fff) > 0x1000 || ((half & 0x1fff) === 0x1000 && (half & 0x2000) !== 0);
  // A fraction that overflows raises the exponent, as it should.
  return sign | ((half >>> 13) + (isUp ? 1 : 0));
}

function roundedToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
