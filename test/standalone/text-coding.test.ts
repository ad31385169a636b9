import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesToText,
  CountList,
  countListToText,
  floatsToText,
  Int8Table,
  Places,
  placesToText,
  tableToText,
  textToBytes,
  textToFloats,
} from '../../src/standalone/text-coding.js';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const allBytes = Int8Array.from({ length: 256 }, (_, i) => i - 128);

describe('numbers as text', () => {
  test('every byte comes back, from characters that a string literal and a script element leave alone', () => {
    const text = bytesToText(allBytes);
    expect(text).toMatch(/^[ -~]*$/);
    expect(text).not.toMatch(/["\\<]/);
    expect(textToBytes(ascii(text), 256)).toEqual(allBytes);
  });

  test('a byte near 0 is one character, others are two', () => {
    const lengths = Array.from(allBytes, (value) => bytesToText(Int8Array.of(value)).length);
    expect(lengths.filter((length) => length === 1)).toHaveLength(90);
    expect(Math.max(...lengths)).toBe(2);
    expect([bytesToText(Int8Array.of(-44)).length, bytesToText(Int8Array.of(45)).length]).toEqual([1, 1]);
  });

  test('float32 comes back to the bit', () => {
    fc.assert(
      fc.property(fc.float32Array(), (floats) => {
        const read = textToFloats(ascii(floatsToText(floats)), floats.length);
        expect(new Uint8Array(read.buffer)).toEqual(new Uint8Array(floats.slice().buffer));
      }),
    );
  });
});

describe('Places', () => {
  test('gives each of a list, in as many digits as the largest has', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 31 - 1), { maxLength: 100 }), (places) => {
        const read = new Places(ascii(placesToText(places)), places.length);
        expect(places.map((_, i) => read.at(i))).toEqual(places);
      }),
    );
    // 92 characters: two digits reach to 92² − 1.
    expect([[0], [91, 0], [92], [92 ** 2 - 1], [92 ** 2]].map((places) => placesToText(places).length)).toEqual([
      1, 2, 2, 2, 3,
    ]);
  });
});

describe('Int8Table', () => {
  test('rows are those of the table, in whatever order they are asked for, and no others are decoded', () => {
    const [rows, width] = [100, 3];
    const bytes = Int8Array.from({ length: rows * width }, (_, i) => ((i * 37) % 255) - 127);
    const [text, starts] = tableToText(bytes, width);
    const table = new Int8Table(ascii(text), ascii(starts), rows, width);
    const rowAt = (row: number) => {
      const at = table.row(row);
      return table.values.slice(at, at + width);
    };
    expect(rowAt(99)).toEqual(bytes.slice(297));
    expect(table.values.subarray(0, 288).every((value) => value === 0)).toBe(true);
    for (const row of [0, 31, 32, 64, 5, 0]) expect(rowAt(row)).toEqual(bytes.slice(row * width, row * width + width));
  });
});

describe('CountList', () => {
  test('gives each count of a list, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 32 - 1), { maxLength: 100 }), (counts) => {
        const [text, starts] = countListToText(counts);
        const list = new CountList(ascii(text), ascii(starts), counts.length);
        for (let i = counts.length - 1; i >= 0; i--) expect(list.at(i)).toBe(counts[i]);
        expect(counts.map((_, i) => list.at(i))).toEqual(counts);
      }),
    );
  });
});
