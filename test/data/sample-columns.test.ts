import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { sampleColumns } from '../../src/data/sample-columns.js';

const folder = mkdtempSync(join(tmpdir(), 'retort-columns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('sampleColumns', () => {
  // Five columns: more than one pass reads.
  test('the columns of CSV in their order, with quotes, an empty cell and a name that is there twice', async () => {
    const path = file('a.csv', 'id,text,label,x,x\n1,"a, ""b""\nc",up,,0.5\n2,d,down,7,\n');
    expect(await sampleColumns(path)).toEqual([
      { name: 'id', cells: ['1', '2'] },
      { name: 'text', cells: ['a, "b"\nc', 'd'] },
      { name: 'label', cells: ['up', 'down'] },
      { name: 'x', cells: ['', '7'] },
      { name: 'x', cells: ['0.5', ''] },
    ]);
  });

  test('TSV keeps its quotes; JSON lines lack keys, and hold numbers', async () => {
    const tsv = file('a.tsv', 'text\tlabel\n"a\t1\n');
    expect(await sampleColumns(tsv)).toEqual([
      { name: 'text', cells: ['"a'] },
      { name: 'label', cells: ['1'] },
    ]);
    const json = file('a.jsonl', '{"text":"a","label":1,"n":null}\n{"text":"b","label":2.5}\n');
    expect(await sampleColumns(json)).toEqual([
      { name: 'text', cells: ['a', 'b'] },
      { name: 'label', cells: ['1', '2.5'] },
      { name: 'n', cells: ['', ''] },
    ]);
  });

  test('Parquet', async () => {
    const path = fileURLToPath(new URL('../teachers/recorded.parquet', import.meta.url));
    const columns = await sampleColumns(path);
    expect(columns.length).toBeGreaterThan(1);
    for (const { cells } of columns) expect(cells).toHaveLength(columns[0]!.cells.length);
  });

  // Every k-th row of a file whose labels take turns would see one of them alone, the first rows of a sorted one too.
  test.each([
    ['take turns', (i: number) => i % 2],
    ['are sorted', (i: number) => (i < 8_000 ? 0 : 1)],
  ])('of 10,000 rows it draws 2,000 from all of the file: labels that %s', async (name, label) => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `t${i},${label(i)}`);
    const [texts, labels] = await sampleColumns(file(`${name}.csv`, `text,label\n${rows.join('\n')}\n`));
    expect(texts?.cells).toHaveLength(2_000);
    expect(new Set(texts?.cells).size).toBe(2_000);
    const ones = labels!.cells.filter((cell) => cell === '1').length;
    const share = Array.from({ length: 10_000 }, (_, i) => label(i)).reduce((sum, one) => sum + one, 0) / 10_000;
    // Closed form: drawn without replacement, sd √(2000 p (1 − p) · 8000/9999), at most 20; five of them.
    expect(Math.abs(ones - 2_000 * share)).toBeLessThan(100);
  });

  test('another kind of file is refused', async () => {
    await expect(sampleColumns(file('a.txt', 'x'))).rejects.toThrow(/wanted a file that ends with \.csv, .*got \.txt/);
    await expect(sampleColumns(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: wanted an existing file/);
  });
});
