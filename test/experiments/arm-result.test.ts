import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneAnswer, packRightRows, unpackRightRows } from '../../src/experiments/arm-result.js';

describe('packRightRows', () => {
  test('puts row i into bit i mod 8 of byte ⌊i / 8⌋', () => {
    // by hand: rows 0, 1, 3 and 9 are 0b00001011 and 0b00000010
    const right = [1, 1, 0, 1, 0, 0, 0, 0, 0, 1];
    expect(packRightRows(right)).toEqual({ rows: 10, bits: Buffer.from([0b1011, 0b10]).toString('base64') });
    expect(packRightRows(right.map(Boolean))).toEqual(packRightRows(Uint8Array.from(right)));
    expect(packRightRows([])).toEqual({ rows: 0, bits: '' });
  });
});

describe('oneAnswer', () => {
  test('is said of a student that answers all rows alike', () => {
    expect(oneAnswer(Int32Array.from([1, 1, 1]))).toEqual({ oneAnswer: true });
    expect(oneAnswer(Float32Array.from([0.5, 0.5, 0.25]))).toEqual({});
    // Of one row nothing else can be.
    expect(oneAnswer([3])).toEqual({});
  });
});

describe('unpackRightRows', () => {
  test('gives back what was packed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1), { maxLength: 70 }), (right) => {
        expect([...unpackRightRows(packRightRows(right))]).toEqual(right);
      }),
    );
  });
});
