import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { discordantRows, packRightRows } from '../../src/experiments/arm-result.js';

describe('packRightRows', () => {
  test('puts row i into bit i mod 8 of byte ⌊i / 8⌋', () => {
    // by hand: rows 0, 1, 3 and 9 are 0b00001011 and 0b00000010
    const right = [1, 1, 0, 1, 0, 0, 0, 0, 0, 1];
    expect(packRightRows(right)).toEqual({ rows: 10, bits: Buffer.from([0b1011, 0b10]).toString('base64') });
    expect(packRightRows(right.map(Boolean))).toEqual(packRightRows(Uint8Array.from(right)));
    expect(packRightRows([])).toEqual({ rows: 0, bits: '' });
  });
});

describe('discordantRows', () => {
  test('counts what counting row by row does', () => {
    const pairs = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 70 });
    fc.assert(
      fc.property(pairs, (rows) => {
        const [first, second] = [rows.map(([a]) => a), rows.map(([, b]) => b)];
        expect(discordantRows(packRightRows(first), packRightRows(second))).toEqual({
          onlyFirst: rows.filter(([a, b]) => a && !b).length,
          onlySecond: rows.filter(([a, b]) => b && !a).length,
        });
      }),
    );
  });

  test('refuses answers to other rows', () => {
    const compare = () => discordantRows(packRightRows([1, 0]), packRightRows([1]));
    expect(compare).toThrow(OptionError);
    expect(compare).toThrow('wanted answers to the same rows, got 2 rows and 1; evaluate both on the same data');
  });
});
