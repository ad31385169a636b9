import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeGreyPng } from '../../src/report/png.js';

describe('encodeGreyPng', () => {
  const pixels = Uint8Array.of(0, 50, 100, 150, 200, 255);
  const png = encodeGreyPng(3, 2, pixels);

  test('begins and ends as every PNG does', () => {
    // witness: PNG specification (third edition), 5.2 and 11.2.5; the CRC of an empty IEND is AE 42 60 82
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
    expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
  });

  test('has a header of width, height, 8 bits of grey, and its CRC', () => {
    expect(png.subarray(8, 29).toString('hex')).toBe('0000000d494844520000000300000002' + '0800000000');
    // witness: zlib.crc32(b'IHDR' + bytes.fromhex('00000003000000020800000000')) of Python 3.11
    expect(png.readUInt32BE(29)).toBe(0xb81f39c6);
  });

  test('holds the rows, each after a filter byte of 0', () => {
    const length = png.readUInt32BE(33);
    expect(png.subarray(37, 41).toString()).toBe('IDAT');
    expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, 0, 50, 100, 0, 150, 200, 255]);
  });
});
