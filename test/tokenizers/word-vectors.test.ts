import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileError, OptionError } from '../../src/errors/failures.js';
import type { WordVectorsOptions } from '../../src/tokenizers/word-vectors.js';
import { readWordVectors } from '../../src/tokenizers/word-vectors-file.js';
import { temporaryFolder } from '../files/processes.js';

const path = join(temporaryFolder(), 'vectors.txt');

async function read(content: string | Uint8Array, options?: WordVectorsOptions): Promise<[string, number[]][]> {
  writeFileSync(path, content);
  const { words, vectors } = await readWordVectors(path, options);
  const [N, D] = vectors.shape as readonly [number, number];
  expect(N).toBe(words.length);
  return words.map((word, n) => [word, [...vectors.data.subarray(n * D, (n + 1) * D)]]);
}

const TWO: [string, number[]][] = [
  ['the', [0.5, -1]],
  [',', [2, 1e-3].map(Math.fround)],
];

describe('readWordVectors', () => {
  test.each([
    ['GloVe’s text', 'the 0.5 -1\n, 2 1e-3\n'],
    ['no line end at the end', 'the 0.5 -1\n, 2 1e-3'],
    ['line ends and a byte order mark of Windows', '\ufeffthe 0.5 -1\r\n, 2 1e-3\r\n'],
    ['word2vec’s text, with a header and spaces at line ends', '2 2\nthe 0.5 -1 \n, 2 1e-3 \n'],
  ])('reads %s', async (_, content) => {
    expect(await read(content)).toEqual(TWO);
  });

  test('a word may have spaces, or be a number, a space of another kind, or a name of Object’s', async () => {
    const words = ['x', '. . .', 'at name@domain.com', '3', '0.25', '\u00a0', '\u0085', '\ufeff', '__proto__', '中 文'];
    const rows = await read(words.map((word, i) => `${word} ${i} 1\n`).join(''));
    expect(rows).toEqual(words.map((word, i) => [word, [i, 1]]));
  });

  test('maxWords ends the reading; of unwanted words only the shape is looked at', async () => {
    expect(await read('the 0.5 -1\n, 2 1e-3\nbroken\n', { maxWords: 2 })).toEqual(TWO);
    const isWanted = (word: string) => ['the', ','].includes(word);
    expect(await read('no x y\nno 1 2\nthe 0.5 -1\n, 2 1e-3\n', { isWanted })).toEqual(TWO);
    await expect(read('a 1\n', { maxWords: 0 })).rejects.toThrow(OptionError);
  });

  test.each<[string, string | Uint8Array, number | undefined, string]>([
    ['an empty file', '', undefined, 'got an empty file'],
    ['a header alone', '3 2\n', undefined, 'got a header alone'],
    ['a word alone', 'the\n', 1, 'got one field'],
    ['a row that is short', 'a 1 2\nb 1\n', 2, 'wanted a word and 2 numbers, as the first line has, got 1'],
    ['a row that is long', 'a 1 2\nb 0.1 0.2 0.3\n', 2, 'got more (0.1 before them)'],
    ['an empty line', 'a 1 2\n\nb 1 2\n', 2, 'got an empty line'],
    ['a row without a word', 'a 1 2\n 1 2\n', 2, 'wanted a word before its numbers, got none'],
    ['two spaces', 'a 1 2\nb  2\n', 2, 'got two spaces in a row'],
    ['NaN', 'a 1 2\nb 1 nan\n', 2, "wanted finite numbers after the word, got 'nan'"],
    ['a number above float32', 'a 1 2\nb 1 1e39\n', 2, "got '1e39'"],
    ['a word twice', 'a 1 2\nb 1 2\na 1 3\n', 3, "wanted each word once, got 'a', as in line 1; delete one"],
    ['NUL', 'a 1 2\nb\0 1 2\n', 2, 'got a NUL byte'],
    ['word2vec’s binary format', new Uint8Array([...Buffer.from('2 2\na '), 0, 0, 128, 63, 0]), 2, 'got a NUL byte'],
    ['bytes that are no UTF-8', new Uint8Array([0x61, 0x20, 0x31, 0x0a, 0xff, 0x20, 0x31, 0x0a]), 2, 'text in UTF-8'],
    ['a ZIP', new Uint8Array([0x50, 0x4b, 3, 4, 10, 0]), 1, 'got a ZIP archive; unpack it'],
    ['fewer words than the header says', '3 1\na 1\nb 1\n', 3, 'wanted 3 words, as line 1 says, got 2'],
    ['more words than the header says', '1 1\na 1\nb 1\n', 3, 'wanted 1 words, as line 1 says, got more'],
    ['a line without end', `a 1 2\n${'x'.repeat(600_000)}`, 2, 'wanted lines of at most 262144 bytes, got more'],
  ])('refuses %s, naming the line', async (_, content, line, message) => {
    const error = await read(content).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).message).toContain(message);
    expect((error as FileError).where).toBe(line === undefined ? path : `${path}:${line}`);
  });

  test('refuses what is no file', async () => {
    await expect(readWordVectors(`${path}-none`)).rejects.toThrow('wanted an existing file, got nothing of that name');
    await expect(readWordVectors(join(path, '..'))).rejects.toThrow(FileError);
  });

  test('lines may lie across any border of chunks', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `wörd${i} ${i} -0.5\n`); // 700 kB, three chunks
    const got = await read(rows.join(''));
    expect(got).toHaveLength(30_000);
    expect(got.filter(([word, [first, second]], i) => word !== `wörd${i}` || first !== i || second !== -0.5)).toEqual(
      [],
    );
  });

  test('what is written is what is read, and broken bytes give one FileError or a table without NaN', async () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !/[\0\r\n ]/.test(text));
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((D) =>
        fc.uniqueArray(
          fc.tuple(word, fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: D, maxLength: D })),
          { minLength: 1, maxLength: 6, selector: ([text]) => text },
        ),
      );
    const damage = fc.option(fc.tuple(fc.nat(200), fc.constantFrom(0, 0x0a, 0x20, 0x2e, 0x39, 0xc3, 0xff)));
    await fc.assert(
      fc.asyncProperty(table, damage, async (rows, change) => {
        const text = rows.map(([name, numbers]) => `${name} ${numbers.join(' ')}\n`).join('');
        const bytes = Buffer.from(`${rows.length} ${rows[0]?.[1].length}\n${text}`);
        if (change === null) {
          const wanted = rows.map(([name, numbers]) => [name, numbers.map((value) => value + 0)]);
          expect((await read(bytes)).map(([name, numbers]) => [name, numbers.map((value) => value + 0)])).toEqual(
            wanted,
          );
          return;
        }
        bytes[change[0] % bytes.length] = change[1];
        const got = await read(bytes).catch((error: unknown) => error);
        if (Array.isArray(got)) for (const [, numbers] of got) expect(numbers.every(Number.isFinite)).toBe(true);
        else expect(got).toBeInstanceOf(FileError);
      }),
      { numRuns: 300 },
    );
  });
});
