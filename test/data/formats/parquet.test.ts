import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readTextTable } from '../../../src/data/read-text-table.js';
import { FileError } from '../../../src/errors/failures.js';

/** Written by pyarrow and pandas, see make_parquet_fixtures.py; what they hold is there. */
const fixture = (name: string) => new URL(`parquet/${name}.parquet`, import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'retort-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hub = {
  texts: ["it 's charming", 'dull, "flat"\nand long', '', 'café 😀', 'fine'],
  labels: [1, 0, 0, 1, -100],
};

/**
 * The file with one column's name left out of its schema. Of a SchemaElement (parquet.thrift) the name is field 4, in
 * Thrift's compact protocol a byte of 1 (from field 3) and 8 (binary), the length, the bytes; what follows counts from 3.
 */
function withoutName(file: Buffer, name: string): Buffer {
  const field = Buffer.concat([Buffer.from([0x18, name.length]), Buffer.from(name)]);
  const at = file.indexOf(field, file.length - 8 - file.readUInt32LE(file.length - 8));
  const changed = Buffer.concat([file.subarray(0, at), file.subarray(at + field.length)]);
  changed[at] = (changed[at] ?? 0) + 0x10;
  changed.writeUInt32LE(file.readUInt32LE(file.length - 8) - field.length, changed.length - 8);
  return changed;
}

describe('readTextTable on Parquet', () => {
  test.each(['snappy', 'gzip', 'brotli'])(
    "%s: a file of the hub, its labels named by the hub's metadata",
    async (codec) => {
      const table = await readTextTable(fixture(`hub-${codec}`), { text: 'sentence', id: 'idx' });
      expect(table.texts).toEqual(hub.texts);
      expect(Array.from(table.labels ?? [])).toEqual(hub.labels);
      expect(table.labelNames).toEqual(['negative', 'positive']);
      expect(table.ids).toEqual(['0', '1', '2', '3', '4']);
    },
  );

  // They were taken for places among the names that were asked for, in whatever order these are.
  test("numbers that the hub's metadata names are those names, whatever the order of the ones wanted", async () => {
    const wanted = (labelNames: string[], more = {}) =>
      readTextTable(fixture('hub-snappy'), { text: 'sentence', labelNames, ...more });
    const swapped = await wanted(['positive', 'neutral', 'negative']);
    expect(swapped.labelNames).toEqual(['positive', 'neutral', 'negative']);
    expect(Array.from(swapped.labels ?? [])).toEqual([0, 2, 2, 0, -100]);
    await expect(wanted(['pos', 'neg'])).rejects.toThrow(
      /hub-snappy\.parquet: wanted the labels 'pos', 'neg', got a column of numbers that the file calls 'negative', 'positive'; say which label each number means: --label_names FILE/u,
    );
    const told: string[] = [];
    const unnamed = await wanted(['LABEL_0', 'LABEL_1'], { onNotice: (text: string) => told.push(text) });
    expect(Array.from(unnamed.labels ?? [])).toEqual(hub.labels);
    expect(told).toEqual([expect.stringContaining('taken from 0: 0 is LABEL_0, 1 is LABEL_1')]);
    expect(Array.from((await wanted(['pos', 'neg'], { labelsFromZero: true })).labels ?? [])).toEqual(hub.labels);
  });

  test('zstd is read where Node has it, and named where it has not', async () => {
    const read = readTextTable(fixture('hub-zstd'), { text: 'sentence' });
    if ('zstdDecompressSync' in zlib) expect((await read).texts).toEqual(hub.texts);
    else await expect(read).rejects.toThrow(/ZSTD/u);
  });

  test('another compression is named', async () => {
    await expect(readTextTable(fixture('hub-lz4'), { text: 'sentence' })).rejects.toThrow(
      /hub-lz4\.parquet: wanted a whole Parquet file, got one that cannot be read: .*LZ4.*; .*snappy/u,
    );
  });

  test('what pandas writes: missing labels and scores, whole numbers', async () => {
    const table = await readTextTable(fixture('pandas'), { label: 'label', score: 'score', id: 'count' });
    expect(table).toMatchObject({ labelNames: ['bad', 'good'], ids: ['1', '2', '3'] });
    expect([Array.from(table.labels ?? []), Array.from(table.scores ?? [])]).toEqual([
      [1, -100, 0],
      [1.5, Number.NaN, -2],
    ]);
  });

  test("a column without a name is called '': the others are read, and a message lists it", async () => {
    const path = join(folder, 'nameless.parquet');
    writeFileSync(path, withoutName(readFileSync(fixture('hub-snappy')), 'idx'));
    const table = await readTextTable(path, { text: 'sentence' });
    expect([table.texts, Array.from(table.labels ?? [])]).toEqual([hub.texts, hub.labels]);
    await expect(readTextTable(path, { text: 'sentence', id: 'idx' })).rejects.toThrow(
      /nameless\.parquet: wanted a column 'idx' \(id\), got the columns 'sentence', 'label', ''/u,
    );
    await expect(readTextTable(path, { text: '' })).rejects.toThrow(FileError);
  });

  test('rows and columns that are no text are named; a missing column too', async () => {
    await expect(readTextTable(fixture('null-text'))).rejects.toThrow(
      /row 2: wanted text in 'text' \(text\), got null/u,
    );
    await expect(readTextTable(fixture('lists'))).rejects.toThrow(
      /row 1: wanted text in 'text' \(text\), got '\["a"\]'/u,
    );
    await expect(readTextTable(fixture('pandas'), { text: 'txt' })).rejects.toThrow(
      /wanted a column 'txt' \(text\), got the columns 'text', 'label', 'score', 'count'; did you mean 'text'\?/u,
    );
  });

  test('text that is not UTF-8 is refused, not repaired', async () => {
    await expect(readTextTable(fixture('latin1'))).rejects.toThrow(
      /latin1\.parquet: wanted a whole Parquet file, got one that cannot be read: .*utf-8/u,
    );
  });

  test('a torn or changed file is one FileError, or reads', async () => {
    const whole = readFileSync(fixture('hub-snappy'));
    const path = join(folder, 'torn.parquet');
    const attempt = async (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      await readTextTable(path, { text: 'sentence' }).catch((error: unknown) => {
        if (!(error instanceof FileError)) throw error;
      });
    };
    for (let size = 0; size < whole.length; size += 97) await attempt(whole.subarray(0, size));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
        const changed = Uint8Array.from(whole);
        changed[at] = value;
        await attempt(changed);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
