import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeIdx, readIdx } from '../../src/data/idx.js';
import { FileError } from '../../src/errors/failures.js';
import { idxFile } from './idx-files.js';

const folder = mkdtempSync(join(tmpdir(), 'retort-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'x-idx');
const images = idxFile([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const zipped = gzipSync(images);

function read(bytes: Uint8Array, rank = 3, maxItems?: number) {
  writeFileSync(path, bytes);
  return readIdx(path, rank, maxItems);
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

describe('readIdx', () => {
  test.each([
    ['raw', images],
    ['gzipped', zipped],
    ['gzipped in two members', Buffer.concat([gzipSync(images.subarray(0, 9)), gzipSync(images.subarray(9))])],
  ])('reads a file that is %s, whatever its name', async (_, bytes) => {
    const { shape, data } = await read(bytes);
    expect(shape).toEqual([3, 2, 2]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test.each([
    ['raw', images],
    ['gzipped', zipped],
  ])('reads the first items alone, %s', async (_, bytes) => {
    const { shape, data } = await read(bytes, 3, 2);
    expect(shape).toEqual([3, 2, 2]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await read(bytes, 3, 99)).data).toHaveLength(12);
  });

  test('gathers a gzipped file of many chunks', async () => {
    const data = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 7);
    const file = gzipSync(idxFile([300, 1000], data));
    expect(Buffer.compare((await read(file, 2)).data, data)).toBe(0);
    expect(Buffer.compare((await read(file, 2, 170)).data, data.subarray(0, 170_000))).toBe(0);
  });

  const long = /x-idx: wanted 28 bytes for the shape \[3, 2, 2\] in its header, got/;
  const lying = idxFile([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]);
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /x-idx: wanted an IDX header of 16 bytes, got a file of 0 bytes; download/],
    ['half a header', images.subarray(0, 9), /wanted an IDX header of 16 bytes, got a file of 9 bytes/],
    [
      'half a header, gzipped',
      gzipSync(images.subarray(0, 9)),
      /wanted an IDX header of 16 bytes, got a file of 9 bytes/,
    ],
    ['nothing, gzipped', gzipSync(new Uint8Array(0)), /wanted an IDX header of 16 bytes, got a file of 0 bytes/],
    ['a truncated file', images.subarray(0, 27), new RegExp(`${long.source} 27; the file is truncated or`)],
    ['a truncated file, gzipped', gzipSync(images.subarray(0, 27)), new RegExp(`${long.source} 27;`)],
    ['trailing bytes', Buffer.concat([images, Buffer.of(0)]), new RegExp(`${long.source} 29;`)],
    [
      'trailing bytes, gzipped',
      gzipSync(Buffer.concat([images, Buffer.of(0)])),
      new RegExp(`${long.source} 29 or more;`),
    ],
    [
      'a torn gzip file',
      zipped.subarray(0, zipped.length - 9),
      /x-idx: wanted a whole gzip file, got one that is truncated or damaged \(.+\); download it again/,
    ],
    ['a gzip file without its checksum', zipped.subarray(0, zipped.length - 3), /wanted a whole gzip file/],
    ['a gzip file with a wrong checksum', changed(zipped, zipped.length - 6, 0), /wanted a whole gzip file/],
    ['a gzip header alone', Uint8Array.of(0x1f, 0x8b), /wanted a whole gzip file/],
    ['another type', changed(images, 2, 0x0d), /\(first bytes 00 00 08 03\), got first bytes 00 00 0d 03; check that/],
    ['labels for images', idxFile([3], [1, 2, 3]), /unsigned bytes with 3 dimensions .*, got first bytes 00 00 08 01/],
    ['a web page', Buffer.from('<!DOCTYPE html>'), /got first bytes 3c 21 44 4f/],
    ['a web page, gzipped', gzipSync(Buffer.from('<!DOCTYPE html>')), /got first bytes 3c 21 44 4f/],
    ['dimensions that lie', lying, /wanted 7\.9\d+e\+28 bytes for the shape \[4294967295, .*\] in its header, got 17;/],
    ['dimensions that lie, gzipped', gzipSync(lying), /got at most \d+, being \d+ gzipped/],
  ])('refuses %s in one message', async (_, bytes, message) => {
    const reading = read(bytes);
    await expect(reading).rejects.toBeInstanceOf(FileError);
    await expect(reading).rejects.toThrow(message);
  });

  test('stops at once when a gzipped file goes on beyond its header', async () => {
    // 2 GiB of zeros in 2 MiB: a gzip member may be repeated.
    const member = gzipSync(new Uint8Array(2 ** 24));
    const before = process.memoryUsage().arrayBuffers;
    await expect(read(Buffer.concat([gzipSync(images), ...Array(128).fill(member)]))).rejects.toThrow(/or more;/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  test('sees that a huge file is too long without reading it', async () => {
    writeFileSync(path, images);
    truncateSync(path, 2 ** 42);
    await expect(readIdx(path, 3)).rejects.toThrow(/got 4398046511104;/);
  });

  test.each([
    ['missing', 'none', /none: wanted an existing file, got nothing of that name; check the path/],
    ['a folder', '.', /wanted a regular file, got a folder/],
  ])('names a path that is %s', async (_, name, message) => {
    await expect(readIdx(join(folder, name), 3)).rejects.toThrow(message);
    await expect(readIdx(join(folder, name), 3)).rejects.toBeInstanceOf(FileError);
  });

  test('fails on damaged files with nothing but a FileError', async () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(images, zipped), edits, fc.nat(60), async (original, changes, end) => {
        const bytes = Uint8Array.from(original.subarray(0, end));
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        try {
          const { shape, data } = await read(bytes);
          expect(data).toHaveLength(shape.reduce((product, dim) => product * dim, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('decodeIdx', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });

  test('takes and refuses the very bytes that readIdx takes and refuses, and names what it was given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(images, zipped), edits, fc.nat(60), async (original, changes, end) => {
        const bytes = Uint8Array.from(original.subarray(0, end));
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        const fromFile = await read(bytes).catch((error: unknown) => error);
        try {
          const { shape, data } = decodeIdx(bytes, path, 3);
          expect({ shape, data: Uint8Array.from(data) }).toEqual(fromFile);
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          expect(fromFile).toBeInstanceOf(FileError);
          expect(error.where).toBe(path);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});
