import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { givenColumns, givenObjects, readGivenTable } from '../../src/data/given-file.js';
import { readTextTable } from '../../src/data/read-text-table.js';
import { sampleColumns } from '../../src/data/sample-columns.js';
import { RetortError } from '../../src/errors/retort-error.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-given-file-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Files of every kind that goes wrong somewhere, and some that do not. */
const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'quoted.csv': 'text,label\n"a, b\nand ""c""",x\r\nplain,y\n\nlast,x',
  'marked.csv': '\uFEFFtext,label\none,x\ntwo,y\n',
  'plain.tsv': 'text\tlabel\na "b c\tx\nd\ty\n',
  'ends.tab': 'text\tlabel\na\tx\nd\ty',
  'lines.jsonl': '{"text":"one","label":"x"}\n\n{"text":"two","label":null}\n',
  'array.json': '[{"text":"one","label":1},{"text":"two","label":2}]',
  'empty.csv': '',
  'wide.csv': 'text,label\none,x\ntwo,y,z\n',
  'open.csv': 'text,label\n"one,x\n',
  'inside.csv': 'text,label\none,x\nt"wo"o,y\n',
  'other.csv': 'text;label\none;x\n',
  'missing.csv': 'txt,label\none,x\n',
  'broken.jsonl': '{"text":"one","label":"x"}\n{"text":\n',
  'array.jsonl': '[{"text":"one"}]\n',
  'object.json': '{"text":"one"}',
  'latin.csv': Uint8Array.from([...Buffer.from('text,label\none,x\n'), 0xe9, 0x2c, 0x78, 0x0a]),
  'nul.csv': 'text,label\none,x\nt\u0000wo,y\n',
  'zip.csv': Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 1, 2]),
};

type Outcome = { readonly error?: string; readonly rows?: unknown };

async function outcomeOf(read: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { rows: await read() };
  } catch (error) {
    expect(error).toBeInstanceOf(RetortError);
    return { error: (error as Error).message.replaceAll(`${scratch}/`, '') };
  }
}

describe('readGivenTable', () => {
  test.each(Object.entries(FILES))('%s is what it is on a disk, its mistakes too', async (name, content) => {
    const path = join(scratch, name);
    writeFileSync(path, content);
    const file = { name, bytes: typeof content === 'string' ? new TextEncoder().encode(content) : content };
    const flat = ({ texts, labels, labelNames, ids }: Awaited<ReturnType<typeof readTextTable>>) => ({
      ...{ texts: [...texts], labels: labels && [...labels], labelNames, ids: [...ids] },
    });
    const ours = await outcomeOf(async () => flat(await readGivenTable(file, {})));
    expect(ours).toEqual(await outcomeOf(async () => flat(await readTextTable(path))));
    expect(await outcomeOf(() => givenColumns(file))).toEqual(await outcomeOf(() => sampleColumns(path)));
  });

  test('a mistake is named by its line, or told and left out', async () => {
    const bytes = new TextEncoder().encode(FILES['wide.csv'] as string);
    const file = { name: 'wide.csv', bytes };
    await expect(readGivenTable(file, {})).rejects.toThrow(/wide\.csv:3: wanted 2 columns/);
    const told: string[] = [];
    const { size } = await readGivenTable(file, { onBadRow: ({ where }) => told.push(where) });
    expect([size, told]).toEqual([1, ['wide.csv:3']]);
  });

  test('other endings are refused', async () => {
    await expect(readGivenTable({ name: 'x.parquet', bytes: new Uint8Array() }, {})).rejects.toThrow(
      /^x\.parquet: wanted a file that ends with \.csv, \.tsv, .*, got \.parquet/,
    );
    await expect(readGivenTable({ name: basename(scratch), bytes: new Uint8Array() }, {})).rejects.toThrow(
      /got no extension/,
    );
  });
});

describe('givenObjects', () => {
  test('gives the lines of any name, and names one that is no object', async () => {
    const bytes = new TextEncoder().encode('{"text":"one","label":"x"}\nnone\n');
    const seen: unknown[] = [];
    const read = async () => {
      for await (const { object } of givenObjects({ name: 'outputs.txt', bytes })) seen.push(object);
    };
    await expect(read()).rejects.toThrow(/^outputs\.txt:2: wanted one whole JSON object/);
    expect(seen).toEqual([{ text: 'one', label: 'x' }]);
  });
});
