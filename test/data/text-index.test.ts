import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TextIndex } from '../../src/data/text-index.js';

function indexOf(texts: readonly string[]) {
  const index = new TextIndex((row) => texts[row] as string);
  return { index, firsts: texts.map((text) => index.add(text)) };
}

describe('TextIndex', () => {
  test('finds the first row of each text, as Array.indexOf does', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 })), fc.string({ maxLength: 2 }), (texts, other) => {
        const { index, firsts } = indexOf(texts);
        const wanted = texts.map((text, row) => (texts.indexOf(text) === row ? undefined : texts.indexOf(text)));
        expect(firsts).toEqual(wanted);
        expect(index.firstOf(other)).toBe(texts.includes(other) ? texts.indexOf(other) : undefined);
      }),
    );
  });

  test('of more texts than it begins with places for', () => {
    const texts = Array.from({ length: 5000 }, (_, row) => String(row % 3000));
    const { index, firsts } = indexOf(texts);
    expect(firsts).toEqual(texts.map((_, row) => (row < 3000 ? undefined : row - 3000)));
    expect(index.firstOf('2999')).toBe(2999);
    expect(index.firstOf('3000')).toBeUndefined();
  });

  test('tells texts of one hash apart', () => {
    // FNV-1a of UTF-16 units as of bytes: two well-known words of one 32-bit hash.
    const texts = ['costarring', 'liquid', 'costarring', 'liquid'];
    expect(indexOf(texts).firsts).toEqual([undefined, undefined, 0, 1]);
  });
});
