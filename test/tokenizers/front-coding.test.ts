import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrontCodedTable, frontCoded } from '../../src/tokenizers/front-coding.js';
import { GramScanner, type Grams } from '../../src/tokenizers/gram-scanner.js';

const scanner = new GramScanner('words', [1, 1]);
const find = (table: FrontCodedTable, gram: string): number => table.find(scanner.whole(gram) as Grams, 0);

const lists = fc
  .array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[ab\0]{1,6}$/)), { maxLength: 90 })
  .map((list) => [...new Set(list)].sort((a, b) => (a < b ? -1 : 1)));

describe('FrontCodedTable', () => {
  test('numbers the n-grams of a list by their places, and no others', () => {
    fc.assert(
      fc.property(lists, fc.string(), fc.nat(8), (list, other, blocks) => {
        const table = new FrontCodedTable(frontCoded(list));
        table.readMore(blocks);
        // Witness: the list itself. Twice, and in both directions: from parts that are not read yet, and from those that are.
        for (let time = 0; time < 2; time++) {
          for (const [place, gram] of list.entries()) expect(find(table, gram)).toBe(place);
          expect(find(table, other)).toBe(list.indexOf(other));
          for (const gram of list.toReversed()) expect(list[find(table, gram)]).toBe(gram);
          table.readMore(blocks);
        }
      }),
    );
  });

  test('an empty list, a long n-gram, and one that shares more than can be told', () => {
    expect(find(new FrontCodedTable(frontCoded([])), 'a')).toBe(-1);
    const long = 'a'.repeat(5000);
    const list = [long, `${long}b`, `${long}c`];
    for (let first = 0; first < list.length; first++) {
      const table = new FrontCodedTable(frontCoded(list));
      // Each as the first that is looked for, in a block that was not read.
      expect(find(table, list[first] as string)).toBe(first);
      expect(list.map((gram) => find(table, gram))).toEqual([0, 1, 2]);
    }
    const table = new FrontCodedTable(frontCoded(list));
    expect(find(table, long.slice(1))).toBe(-1);
  });

  test('of lists in order most is shared', () => {
    const words = Array.from({ length: 64 }, (_, i) => `a common beginning ${String.fromCharCode(65 + i)}`);
    // Four blocks of 16 have one whole entry each; 20 units, and an end each.
    expect(frontCoded(words).rests).toHaveLength(4 * 20 + 60 + 64);
  });

  test('no n-gram has what ends one, in ASCII where there is room', () => {
    expect(frontCoded(['é', 'été']).ends).toBe(" !#$%&'()*+,-./0123456789:;=>?@A");
    const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    const { ends } = frontCoded([...ascii, '\ue001']);
    expect(ends).toMatch(/^[\ue000\ue002-\ue010]{16}$/);
  });
});
