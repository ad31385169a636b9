import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesToText,
  CountList,
  countListToText,
  countsToText,
  floatsToText,
  Int8Table,
  tableToText,
  textToBytes,
  textToCounts,
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

  test('float32 comes back to the bit, counts of up to 32 bits too', () => {
    fc.assert(
      fc.property(fc.float32Array(), fc.uint32Array(), (floats, counts) => {
        const read = textToFloats(ascii(floatsToText(floats)), floats.length);
        expect(new Uint8Array(read.buffer)).toEqual(new Uint8Array(floats.slice().buffer));
        expect(textToCounts(ascii(countsToText(counts)), counts.length)).toEqual(counts);
      }),
    );
  });
});

describe('Int8Table', () => {
  test('rows are those of the table, in whatever order they are asked for, and no others are decoded', () => {
    const [rows, width] = [100, 3];
    const bytes = Int8Array.from({ length: rows * width }, (_, i) => ((i * 37) % 255) - 127);
    const [text, lengths] = tableToText(bytes, width);
    const table = new Int8Table(ascii(text), ascii(lengths), rows, width);
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
        const [text, lengths] = countListToText(counts);
        const list = new CountList(ascii(text), ascii(lengths), counts.length);
        for (let i = counts.length - 1; i >= 0; i--) expect(list.at(i)).toBe(counts[i]);
        expect(counts.map((_, i) => list.at(i))).toEqual(counts);
      }),
    );
  });
});
