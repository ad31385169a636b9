import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textsOfFile } from '../../src/data/file-texts.js';
import { readTextTable } from '../../src/data/read-text-table.js';
import { recalledReading } from '../../src/data/recalled-reading.js';
import { selectRows } from '../../src/data/text-table.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();

function file(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

const LABELLED = ['text', 'pair', 'label'] as const;
const NAMED = { text: 'sentence', label: 'topic', delimiter: ';' };
const NAMELESS = { text: 3, label: 1, header: false, labelMap: { 1: 'World', 2: 'Sports' } };

describe('readAs of a table', () => {
  test('has what was not as usual, stays with some of its rows, and is none where all was', async () => {
    const train = file('train.csv', "topic;sentence\nx;'a\ny;b\n");
    const table = await readTextTable(train, { ...NAMED, quote: false });
    expect(table.readAs).toEqual({ ...NAMED, quote: false });
    expect(selectRows(table, [1]).readAs).toEqual(table.readAs);
    const numbered = file('numbered.csv', '1,t,a\n2,t,b\n');
    const { header: _, ...byNumber } = NAMELESS;
    expect((await readTextTable(numbered, byNumber)).readAs).toEqual(NAMELESS);
    const usual = file('usual.csv', 'text,label\na,x\n');
    expect(await readTextTable(usual, { text: 'text', label: 'label', header: true })).not.toHaveProperty('readAs');
  });
});

describe('recalledReading', () => {
  test('takes columns, separator and label names from the training file, and says so', async () => {
    const path = file('new.csv', 'topic;sentence\n1;a\n');
    const readAs = { ...NAMED, labelMap: NAMELESS.labelMap };
    expect(await recalledReading(path, {}, readAs, LABELLED)).toEqual({
      settings: { textColumn: 'sentence', labelColumn: 'topic', delimiter: ';' },
      labelMap: readAs.labelMap,
      notice: `${path}: read as the training file was: text in 'sentence', label in 'topic', ';' between fields, labels by name (1 is World, 2 is Sports)`,
    });
    expect(await recalledReading(path, {}, readAs, ['text', 'pair'])).toMatchObject({
      settings: { textColumn: 'sentence', delimiter: ';' },
      notice: expect.not.stringContaining('label'),
    });
    expect(await recalledReading(path, {}, undefined, LABELLED)).toEqual({ settings: {} });
  });

  test('columns by number, where the file has them and no header', async () => {
    const path = file('nameless.csv', '1,World,"a, b"\n');
    expect(await recalledReading(path, {}, NAMELESS, LABELLED)).toMatchObject({
      settings: { textColumn: '3', labelColumn: '1', header: false },
      notice: expect.stringContaining('text in column 3, label in column 1, no header'),
    });
    const told = {
      settings: {},
      notice: expect.stringContaining('without what the training file had: text in column 3'),
    };
    expect(await recalledReading(file('two.csv', 'a,b\n'), {}, NAMELESS, LABELLED)).toMatchObject(told);
    expect(await recalledReading(file('head.csv', 'label,title,text\n1,t,a\n'), {}, NAMELESS, LABELLED)).toMatchObject(
      told,
    );
    // In another case of letters it was predicted as a text. There is no column `text`, so that reading it is an error.
    const capitals = file('capitals.csv', 'Label,Title,Text\n1,t,a\n');
    expect(await recalledReading(capitals, {}, NAMELESS, LABELLED)).toMatchObject(told);
    const texts = textsOfFile(capitals, {}, { readAs: NAMELESS });
    await expect(texts.next()).rejects.toThrow(/capitals\.csv:1: wanted a column 'text' .*; did you mean 'Text'\?$/);
    const asRow = await textsOfFile(capitals, { header: false }, { readAs: NAMELESS }).next();
    expect(asRow.value).toBe('Text');
    expect(await recalledReading(file('lines.jsonl', '{"text":"a"}\n'), {}, NAMELESS, LABELLED)).toMatchObject(told);
  });

  test('what is given counts, and what goes with it', async () => {
    const path = file('given.csv', 'topic,sentence,title\nx,a,t\n');
    const given = { textColumn: 'title', delimiter: ',' };
    expect(await recalledReading(path, given, NAMED, LABELLED)).toMatchObject({
      settings: { ...given, labelColumn: 'topic' },
      notice: `${path}: read as the training file was: label in 'topic'`,
    });
    // A name beside numbers that are remembered means a header.
    const named = await recalledReading(path, { textColumn: 'title' }, NAMELESS, LABELLED);
    expect(named.settings).toEqual({ textColumn: 'title' });
    expect((await recalledReading(path, { labelNames: 'names.tsv' }, NAMELESS, LABELLED)).labelMap).toBeUndefined();
  });

  test("a file of another separator has its extension's; one without the columns the usual ones", async () => {
    const tabs = file('tabs.tsv', 'topic\tsentence\nx\ta\n');
    expect((await recalledReading(tabs, {}, NAMED, LABELLED)).settings).toEqual({
      textColumn: 'sentence',
      labelColumn: 'topic',
    });
    const usual = file('usual-names.csv', 'text;label\na;x\n');
    expect(await recalledReading(usual, {}, NAMED, LABELLED)).toEqual({
      settings: { delimiter: ';' },
      notice: `${usual}: read as the training file was: ';' between fields; without what the training file had: text in 'sentence', label in 'topic'`,
    });
  });

  test('a remembered column that is missing beside no usual one is what the message names', async () => {
    const path = file('neither.csv', 'a,b\n1,2\n');
    const texts = textsOfFile(path, {}, { readAs: { text: 'sentence' } });
    await expect(texts.next()).rejects.toThrow(
      /neither\.csv:1: wanted a column 'sentence' \(text\), got the columns 'a', 'b'/u,
    );
    const single = file('single.csv', 'text\na\n');
    const pairs = textsOfFile(single, {}, { readAs: { pair: 'second' } });
    await expect(pairs.next()).rejects.toThrow(/single\.csv:1: wanted a column 'second' \(pair\)/u);
    const labels = file('later.jsonl', '{"sentence":"a"}\n{"sentence":"b","topic":"x"}\n');
    expect((await recalledReading(labels, {}, NAMED, LABELLED)).settings).toMatchObject({ labelColumn: 'topic' });
    await expect(textsOfFile(path, { delimiter: '' }, { readAs: NAMED }).next()).rejects.toThrow(
      "delimiter: wanted a character between fields, got ''",
    );
    await expect(textsOfFile(join(root, 'nowhere.csv'), {}, { readAs: NAMED }).next()).rejects.toThrow(/nowhere\.csv/u);
  });

  test('textsOfFile reads as its reader was trained', async () => {
    const path = file('pairs.csv', 'b;sentence\n1;a\n');
    const told: string[] = [];
    const found: unknown[] = [];
    const reader = { readAs: { ...NAMED, pair: 'b' }, onNotice: (text: string) => told.push(text) };
    for await (const text of textsOfFile(path, {}, reader)) found.push(text);
    expect(found).toEqual([['a', '1']]);
    expect(told).toEqual([
      `${path}: read as the training file was: text in 'sentence', pair in 'b', ';' between fields`,
    ]);
  });
});
