/** @file The same three rows in every format of the table: whoever reads texts reads each of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { textSource } from '../../../src/cli/commands/use/text-inputs.js';
import { FORMATS, formatOf, type TextFormat } from '../../../src/data/formats/table.js';
import type { FileFormat } from '../../../src/data/formats/table-rows.js';
import { readTextTable } from '../../../src/data/read-text-table.js';
import { sampleColumns } from '../../../src/data/sample-columns.js';

/** Parquet by pandas; see make_parquet_fixtures.py. */
const FILES: Readonly<Record<TextFormat, string | Uint8Array>> = {
  csv: 'text,label,score,count\na,good,1.5,1\nb,,,2\nc,bad,-2,3\n',
  tsv: 'text\tlabel\tscore\tcount\na\tgood\t1.5\t1\nb\t\t\t2\nc\tbad\t-2\t3\n',
  jsonl:
    '{"text":"a","label":"good","score":1.5,"count":1}\n{"text":"b","label":null,"score":null,"count":2}\n' +
    '{"text":"c","label":"bad","score":-2,"count":3}\n',
  json:
    '[{"text":"a","label":"good","score":1.5,"count":1},{"text":"b","label":null,"score":null,"count":2},' +
    '{"text":"c","label":"bad","score":-2,"count":3}]',
  txt: 'a\nb\nc\n',
  parquet: readFileSync(new URL('parquet/pandas.parquet', import.meta.url)),
};

const folder = mkdtempSync(join(tmpdir(), 'retort-formats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cases = Object.entries<FileFormat>(FORMATS).flatMap(([name, format]) =>
  format.extensions.map((extension) => ({ name: name as TextFormat, extension, format })),
);
const columns = cases.filter(({ format }) => format.cells !== undefined);

function file({ name, extension }: (typeof cases)[number]): string {
  const path = join(folder, `three${extension}`);
  writeFileSync(path, FILES[name]);
  return path;
}

describe('every format', () => {
  test.each(cases)('$extension is known by its name, and retort predict reads its texts', async (one) => {
    const path = file(one);
    expect(formatOf(path.toUpperCase())).toBe(one.format);
    const none = { file: undefined, pair: undefined, textColumn: undefined, pairColumn: undefined };
    const { texts } = await textSource({ words: [path], ...none }, Readable.from([]));
    const found: unknown[] = [];
    for await (const text of texts({})) found.push(text);
    expect(found).toEqual(['a', 'b', 'c']);
  });

  test.each(columns)('$extension: texts, labels, scores and ids', async (one) => {
    const table = await readTextTable(file(one), { label: 'label', score: 'score', id: 'count' });
    expect(table).toMatchObject({
      texts: ['a', 'b', 'c'],
      ids: ['1', '2', '3'],
      labelNames: ['bad', 'good'],
      labels: Int32Array.from([1, -100, 0]),
      scores: Float32Array.from([1.5, Number.NaN, -2]),
    });
  });

  test.each(columns)('$extension: its columns are told apart', async (one) => {
    const found = await sampleColumns(file(one));
    expect(found.map(({ name }) => name)).toEqual(['text', 'label', 'score', 'count']);
    expect(found[0]?.cells).toEqual(['a', 'b', 'c']);
    expect(found[1]?.cells).toEqual(['good', '', 'bad']);
  });

  test.each(cases.filter(({ format }) => format.objects !== undefined))(
    '$extension: rows as they are, for recorded outputs',
    async (one) => {
      const found: unknown[] = [];
      for await (const row of one.format.objects?.(file(one), ({ names }) => names) ?? []) found.push(row);
      expect(found).toMatchObject([
        { object: { text: 'a', label: 'good' } },
        { object: { text: 'b', label: null } },
        { object: { text: 'c', label: 'bad' } },
      ]);
    },
  );
});
