import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { TextFormat } from '../../src/data/formats/table.js';
import { readTextTable } from '../../src/data/read-text-table.js';
import type { ReadTextTableOptions } from '../../src/data/table-of-rows.js';
import { FileError, OptionError } from '../../src/errors/failures.js';
import { RetortError } from '../../src/errors/retort-error.js';

const folder = mkdtempSync(join(tmpdir(), 'retort-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(name: string, content: string | Uint8Array, options: ReadTextTableOptions = {}) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readTextTable(path, options);
}

async function failure(promise: Promise<unknown>): Promise<RetortError> {
  const error: unknown = await promise.then(
    () => 'nothing thrown',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RetortError)) throw error;
  return error;
}

// Expected values are what the file's format says of its bytes: RFC 4180 for CSV, JSON for JSON lines.
describe('readTextTable', () => {
  test('CSV: byte-order mark, CRLF, quotes and line ends in fields, empty lines', async () => {
    const csv = '\uFEFFtext,label\r\n"a ""b"", c",x\r\n\r\n"two\r\nlines",y\r\n plain ,x';
    expect(await read('a.csv', csv)).toEqual({
      name: 'a.csv',
      size: 3,
      ids: ['1', '2', '3'],
      texts: ['a "b", c', 'two\r\nlines', ' plain '],
      labels: Int32Array.of(0, 1, 0),
      labelNames: ['x', 'y'],
    });
  });

  test('TSV: quotes are characters, unless asked for', async () => {
    const tsv = 'text\tlabel\n"never closed\t0\nhe said "no"\t1\n"whole"\t1\n';
    expect((await read('a.tsv', tsv)).texts).toEqual(['"never closed', 'he said "no"', '"whole"']);
    const quoted = 'text\tlabel\n"tab\there"\t0\n"line\nend"\t1\n';
    expect((await read('b.tsv', quoted, { quote: true })).texts).toEqual(['tab\there', 'line\nend']);
  });

  test('JSON lines: escapes, numbers and booleans as labels, keys in any order, a key that is missing', async () => {
    const lines =
      '{"id":7,"text":"a\\u00e9\\n","label":2}\n\n{"label":10,"text":"b","id":"x","more":[1]}\n{"text":"","id":0}\n';
    const table = await read('a.jsonl', lines, { id: 'id' });
    expect(table.texts).toEqual(['aé\n', 'b', '']);
    expect(table.ids).toEqual(['7', 'x', '0']);
    // By number: 2 before 10.
    expect([table.labelNames, Array.from(table.labels ?? [])]).toEqual([
      ['2', '10'],
      [0, 1, -100],
    ]);
  });

  test('JSON lines: the first row may lack a label that others have', async () => {
    const table = await read('first.jsonl', '{"text":"a"}\n{"text":"b","label":"x"}\n');
    expect(Array.from(table.labels ?? [])).toEqual([-100, 0]);
    const error = await failure(read('none.jsonl', '{"text":"a"}\n', { label: 'label' }));
    expect(error.message).toMatch(/none\.jsonl: wanted a column 'label' \(label\), got the columns 'text'/u);
  });

  test('plain text: one text a line', async () => {
    const table = await read('pool.txt', 'one, two\n\n  \n"three"\r\n');
    expect(table).toEqual({
      name: 'pool.txt',
      size: 2,
      ids: ['1', '2'],
      texts: ['one, two', '"three"'],
      labelNames: [],
    });
  });

  test('columns by number in a file without a header, which may have more', async () => {
    const options = { text: 4, label: 2, pair: 1, name: 'cola' };
    const table = await read('b.tsv', 'a\t1\t\tx y\nb\t0\t*\tz\tmore\n', options);
    expect(table).toMatchObject({ name: 'cola', texts: ['x y', 'z'], pairs: ['a', 'b'], labelNames: ['0', '1'] });
    expect(Array.from(table.labels ?? [])).toEqual([1, 0]);
  });

  test('labels: empty and -100 are none; names, numbers of names, and a map', async () => {
    const csv = 'text,label\na,1\nb,\nc,-100\nd,0\n';
    const numbers = await read('n.csv', csv, { labelNames: ['no', 'yes'] });
    expect([numbers.labelNames, Array.from(numbers.labels ?? [])]).toEqual([
      ['no', 'yes'],
      [1, -100, -100, 0],
    ]);
    const stars = { labelMap: { 1: 'bad', 2: 'bad', 3: 'good' } };
    const mapped = await read('s.csv', 'text,label\na,3\nb,1\nc,2\n', stars);
    expect([mapped.labelNames, Array.from(mapped.labels ?? [])]).toEqual([
      ['bad', 'good'],
      [1, 0, 0],
    ]);
    expect((await read('t.csv', 'text,label\na,-1\nb,-1\n')).labels).toBeUndefined();
    expect((await read('p.csv', 'text,label\na,1\nb,-1\n')).labelNames).toEqual(['-1', '1']);
    expect((await read('q.csv', csv, { label: null })).labels).toBeUndefined();
  });

  // A file that counts its labels from 1, and has none of the last, was read with every label one too high.
  test('numbers into names: from 0 where a 0 is there, and told; refused without one, unless known to be from 0', async () => {
    const labelNames = ['bad', 'fair', 'good'];
    const told: string[] = [];
    const zero = await read('z.csv', 'text,label\na,2\nb,0\nc,-1\n', {
      labelNames,
      onNotice: (text) => told.push(text),
    });
    expect(Array.from(zero.labels ?? [])).toEqual([2, 0, -100]);
    expect(told).toEqual([
      `${join(folder, 'z.csv')}: its labels are numbers, taken from 0: 0 is bad, 1 is fair, 2 is good`,
    ]);
    const csv = 'text,label\na,1\nb,2\nc,1\nd,\n';
    expect((await failure(read('o.csv', csv, { labelNames }))).message).toMatch(
      /o\.csv: wanted labels by name \('bad', 'fair', 'good'\), or numbers from 0, got the numbers 1, 2 without a 0, which may be from 1; write the names, or say what each number means: --label_names FILE \(labelMap in code\)$/u,
    );
    // Rows of the last label are left out as ones that cannot be read: what is left has no 0 either.
    const last = read('l.csv', `${csv}e,3\n`, { labelNames, onBadRow: () => {} });
    expect((await failure(last)).message).toContain('got the numbers 1, 2 without a 0');
    expect((await failure(read('l.csv', `${csv}e,3\n`, { labelNames }))).message).toMatch(
      /l\.csv:6: wanted one of the labels 'bad', 'fair', 'good', or their numbers from 0 to 2, got '3'; correct that cell; if all are numbers from 1, write/u,
    );
    const known = await read('o.csv', csv, { labelNames, labelsFromZero: true, onNotice: (text) => told.push(text) });
    expect(Array.from(known.labels ?? [])).toEqual([1, 2, 1, -100]);
    const named = await read('n.csv', 'text,label\na,fair\nb,good\n', {
      labelNames,
      onNotice: (text) => told.push(text),
    });
    expect(Array.from(named.labels ?? [])).toEqual([1, 2]);
    expect(told).toHaveLength(1);
  });

  test('scores: an empty one and NaN are none', async () => {
    const table = await read('r.csv', 'text,mark,label\na,1.5,x\nb,,x\nc,NaN,x\nd,-2e1,x\n', { score: 'mark' });
    expect(Array.from(table.scores ?? [])).toEqual([1.5, Number.NaN, Number.NaN, -20]);
    expect(table.labels).toBeUndefined();
  });

  test('rows that cannot be read are thrown, or left out and reported', async () => {
    const csv = 'text,label\na,x\nb\n"c\nd",x,1\ne,x\n';
    expect((await failure(read('w.csv', csv))).message).toMatch(
      /w\.csv:3: wanted 2 columns, separated by ',', got 1; correct that row, or have such rows left out/u,
    );
    const bad: string[] = [];
    const table = await read('w.csv', csv, { onBadRow: ({ where }) => bad.push(where.slice(folder.length)) });
    expect([table.texts, bad]).toEqual([
      ['a', 'e'],
      ['/w.csv:3', '/w.csv:4'],
    ]);
  });

  const latin1 = Buffer.from('text\nfine\ncaf\u00e9\n', 'latin1');
  const utf16 = Buffer.from('\uFEFFtext,label\n', 'utf16le');
  const names = { labelNames: ['good', 'bad'] };
  test.each<[string, string | Uint8Array, ReadTextTableOptions, RegExp]>([
    ['a.csv', '', {}, /wanted at least one row, got none/u],
    ['a.csv', 'text,label\n', {}, /wanted at least one row, got none/u],
    [
      'a.csv',
      'review,stars\na,1\n',
      { text: 'reveiw' },
      /a\.csv:1: wanted a column 'reveiw' \(text\), got the columns 'review', 'stars'; did you mean 'review'\?/u,
    ],
    [
      'a.csv',
      'a film,1\n',
      {},
      /if the file has no header line, give --header no \(header: false\) and number the columns from 1/u,
    ],
    ['a.csv', 'text;label\na;1\n', {}, /give --delimiter ';' \(delimiter: ';'\)/u],
    // It was the quote in line 2 that was to be mended, though nothing is wrong with it.
    [
      'a.csv',
      'text;label\nsay; "hi"\n"a, b";1\nc "d";1\n',
      {},
      /a\.csv:1: wanted columns, separated by ',', got one column, with ';' in it; give --delimiter ';'/u,
    ],
    ['a.csv', 'text,text\na,1\n', {}, /wanted one column 'text' \(text\), got two of that name/u],
    ['a.csv', 'text,label\na,1\n', { text: 3, header: true }, /wanted a column 3 \(text\), got 2 columns/u],
    [
      'a.csv',
      'text,label\n"a,1\nb,2\n',
      {},
      /a\.csv:2: wanted a closing quote, got a field that is still open at the end of the file; .*quote: false/u,
    ],
    ['a.csv', 'text,label\na,1\n"b" c,2\n', {}, /a\.csv:3: wanted quotes around whole fields, doubled inside them/u],
    ['a.csv', 'text,label\na,1\n5" pipe,2\n', {}, /a\.csv:3: wanted quotes around whole fields/u],
    ['a.csv', 'text,label\ra,1\rb,2\r', {}, /wanted lines that end with LF or CRLF, got CR alone/u],
    ['a.csv', 'text,label\na,1\nb\0,2\n', {}, /a\.csv:3: wanted text, got a NUL byte/u],
    ['a.csv', latin1, {}, /a\.csv:3: wanted text in UTF-8, got bytes that are not valid UTF-8; .*iconv/u],
    ['a.csv', utf16, {}, /wanted text in UTF-8, got text in UTF-16/u],
    ['a.csv', Buffer.from('text,label\na,\u20ac').subarray(0, -1), {}, /a\.csv:2: wanted text in UTF-8/u],
    ['a.tsv', 'a\tb\n', { text: 3 }, /a\.tsv:1: wanted at least 3 columns, separated by tabs, got 2/u],
    [
      'a.csv',
      'text,label\na,good\n"b\nc",bda\n',
      names,
      /a\.csv:3: wanted one of the labels 'good', 'bad', got 'bda' \(nearest: 'bad'\); correct that cell; .*the training rows need it too, or give labelMap/u,
    ],
    [
      'a.csv',
      'text,label\na,good\nb,1\n',
      names,
      /a\.csv:3: wanted labels as names, as in earlier rows, got '1'; give labelMap/u,
    ],
    ['a.csv', 'text,label\na,2\n', names, /a\.csv:2: wanted one of the labels/u],
    ['a.csv', 'text,label\na,4\n', { labelMap: { 3: 'good' } }, /a\.csv:2: wanted one of the labels '3', got '4'/u],
    ['a.csv', 'text,s\na,x\n', { score: 's' }, /a\.csv:2: wanted a finite number as score, got 'x'/u],
    ['a.csv', 'text,s\na,1e300\n', { score: 's' }, /a finite number as score, got '1e300'/u],
    ['a.csv', 'text,id\na,1\nb,2\nc,1\n', { id: 'id' }, /a\.csv:4: wanted a unique id, got '1', as in .*a\.csv:2/u],
    [
      'a.csv',
      `text,label\n${Array.from({ length: 200 }, (_, i) => `a,t${i}\n`).join('')}`,
      {},
      /wanted labels that repeat, got 200 different ones in 200 rows/u,
    ],
    [
      'a.jsonl',
      '{"text":"a"}\n{"text":"a \\"NaN\\" in a long text that would hide what is wrong with the row","label":NaN}',
      {},
      /a\.jsonl:2: wanted one whole JSON object, got NaN, which Python writes and JSON does not have; write null/u,
    ],
    [
      'a.jsonl',
      '[{"text":"a"},\n{"text":"b"}]',
      {},
      /a\.jsonl: wanted one JSON object per line, got a JSON array; rename it/u,
    ],
    // It was line 4 that was named, which looks right by itself.
    [
      'a.csv',
      'text,label\n"a\nb",1\n"c\nsay "d" e",1\n',
      {},
      /a\.csv:4: wanted quotes around whole fields, .*got a quote in the middle of a field, in line 5 of the row that begins here/u,
    ],
    ['a.jsonl', '{"text":"a"}\n{"text":"b"', {}, /a\.jsonl:2: wanted one whole JSON object, got '\{"text":"b"'/u],
    [
      'a.jsonl',
      '{"text":"a"}\n{"txt":"b"}\n',
      {},
      /a\.jsonl:2: wanted text in 'text' \(text\), got no such key \('txt'\)/u,
    ],
    ['a.jsonl', '{"text":"a"}\n{"text":5}\n', {}, /a\.jsonl:2: wanted text in 'text' \(text\), got '5'/u],
    [
      'a.jsonl',
      '{"text":"a","label":[1]}\n',
      {},
      /a\.jsonl:1: wanted text, a number or null in 'label' \(label\), got '\[1\]'/u,
    ],
    ['a.jsonl', '{"text":"a","__proto__":"b"}\n', { pair: 'toString' }, /wanted a column 'toString'/u],
    [
      'a.json',
      '{"text":"a"}\n{"text":"b"}\n',
      {},
      /a\.json: wanted one JSON array of objects, got text that is not JSON; .* to \.jsonl/u,
    ],
    ['a.json', '{"text":"a"}', {}, /wanted one JSON array of objects, got '\{"text":"a"\}'; .* to \.jsonl/u],
    ['a.json', '[{"text":"a"},["b"]]', {}, /a\.json, item 2: wanted an object, got '\["b"\]'/u],
    ['a.json', '[]', {}, /a\.json: wanted at least one row, got none/u],
    ['a.yaml', '[]', {}, /wanted a file that ends with .*, got \.yaml; give format, or rename the file/u],
    ['a.csv', 'PAR1', {}, /got a Parquet file; read it with format 'parquet'/u],
    ['a.parquet', 'text,label\n', {}, /wanted a whole Parquet file/u],
  ])('%s %j %j fails with file, line and reason', async (name, content, options, message) => {
    const error = await failure(read(name, content, options));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toMatch(message);
    expect(error.where).toContain(name);
    expect(error.fix).toBeTruthy();
  });

  test.each<[string, ReadTextTableOptions, RegExp]>([
    ['a.txt', { text: 'text' }, /format txt: wanted one text per line and no columns/u],
    ['a.jsonl', { delimiter: ';' }, /delimiter: wanted a file of CSV or TSV, got format jsonl/u],
    ['a.jsonl', { text: 1 }, /wanted names of columns for jsonl, got 1/u],
    ['a.csv', { text: 0 }, /wanted column numbers from 1, got 0/u],
    ['a.csv', { text: 1, label: 'label' }, /wanted column numbers in a file without a header, got 'label'/u],
    ['a.csv', { label: 2 }, /got no number for text/u],
    ['a.csv', { labelNames: ['a', 'a'] }, /labelNames: wanted each name once/u],
    ['a.csv', { labelNames: ['a'], labelMap: { 1: 'b' } }, /labelMap: wanted names of labelNames, got 'b'/u],
    ['a.csv', { format: 'cvs' as TextFormat }, /did you mean 'csv'\?/u],
    ['a.csv', { delimiter: '"' }, /delimiter: wanted a character between fields/u],
  ])('%s with %j is wrong use', async (name, options, message) => {
    const error = await failure(read(name, 'text,label\n', options));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toMatch(message);
  });

  test('a row that would take seconds, or run out of stack, is named', async () => {
    const deep = `{"text":"a"}\n{"text":${'['.repeat(1e5)}${']'.repeat(1e5)}}\n`;
    expect((await failure(read('a.jsonl', deep))).message).toMatch(
      /a\.jsonl:2: wanted one whole JSON object, got JSON nested deeper than 100 levels; correct/u,
    );
    const long = (await failure(read('a.csv', `text,label\na,1\n${'b '.repeat(2 ** 19)}c,1\n`))).message;
    expect(long).toMatch(/a\.csv:3: wanted a text of at most 1048576 characters, got one of 1048577; correct/u);
  });

  test('a missing file and a folder are named', async () => {
    await expect(readTextTable(join(folder, 'gone.csv'))).rejects.toThrow(/gone\.csv: wanted an existing file/u);
    await expect(readTextTable(folder, { format: 'csv' })).rejects.toThrow(/wanted a regular file, got a folder/u);
  });

  test('a text of 1 MB, and files larger than a piece that is read at once', async () => {
    const long = 'é'.repeat(2 ** 19);
    const rows = Array.from({ length: 20_000 }, (_, row) => `row ${row} é`);
    for (const [name, quote] of [
      ['l.csv', '"'],
      ['l.tsv', ''],
    ] as const) {
      const delimiter = name === 'l.csv' ? ',' : '\t';
      const lines = [long, ...rows].map((text, row) => `${quote}${text}${quote}${delimiter}${row % 2}`);
      const table = await read(name, `text${delimiter}label\n${lines.join('\n')}`);
      expect(table.texts).toEqual([long, ...rows]);
    }
    // A wrong row far behind the first piece has its own line.
    const bad = ['text,label', ...rows.map((text) => `${text},0`), 'x'].join('\n');
    expect((await failure(read('l.csv', bad))).where).toMatch(/l\.csv:20002$/u);
  });

  const cell = fc.string({
    unit: fc.constantFrom('a', 'é', '😀', ' ', ',', ';', '"', '\t', '\n', '\r', '\\', '\uFEFF'),
  });
  test('what a writer of RFC 4180 writes is read back', async () => {
    const field = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, fc.constantFrom('x', 'y')), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(',', ';', '\t'),
        async (rows, end, delimiter) => {
          const lines = [['text', 'label'], ...rows].map((row) => row.map(field).join(delimiter));
          const table = await read('fuzz.csv', lines.join(end), { delimiter, labelNames: ['x', 'y'] });
          expect(table.texts).toEqual(rows.map(([text]) => text));
          expect(Array.from(table.labels ?? [])).toEqual(rows.map(([, label]) => (label === 'x' ? 0 : 1)));
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  test('what JSON.stringify writes is read back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 8 }), async (texts) => {
        const table = await read('fuzz.jsonl', texts.map((text) => JSON.stringify({ text })).join('\n'));
        expect(table.texts).toEqual(texts);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test('any bytes are read, or refused in one message', async () => {
    const piece = fc.oneof(
      fc.constantFrom('text', 'label', ',', '\t', '\n', '\r\n', '"', '""', '{"text":"a"}', '{', '}', '\0', '0', '-100'),
      fc.string(),
    );
    const bytes = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(`text,label\n${pieces.join('')}`)),
      fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''))),
      fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
    );
    const formats = fc.constantFrom<TextFormat>('csv', 'tsv', 'jsonl', 'txt', 'parquet');
    await fc.assert(
      fc.asyncProperty(bytes, formats, fc.boolean(), async (content, format, isNumbered) => {
        const columns = isNumbered && (format === 'csv' || format === 'tsv') ? { text: 1, label: 2 } : {};
        const table = await read('fuzz', content, { format, ...columns }).catch((error: unknown) => {
          if (!(error instanceof FileError)) throw error;
          return undefined;
        });
        if (table === undefined) return;
        expect(table.texts).toHaveLength(table.size);
        expect(table.labels?.length ?? table.size).toBe(table.size);
        for (const label of table.labels ?? []) expect(label === -100 || label < table.labelNames.length).toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
