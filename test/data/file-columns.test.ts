import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { readLabelMap } from '../../src/data/file-columns.js';
import { openPool, openTask } from '../../src/data/open-task.js';
import { openUnlabelled } from '../../src/data/unlabelled-texts.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const file = (name: string, content: string): string => {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
};

// The shape of AG News: class from 1, title, description; every field in quotes, no header.
const AG =
  '"3","Oil, again","Prices rise ""fast"""\n"4","Chips","A new chip"\n"1","Vote","They vote"\n"2","Cup","A cup"\n';
const CLASSES = '1\tWorld\n2\tSports\n3\tBusiness\n4\tSci/Tech\n';
const COLUMNS = { header: false, textColumn: '3', labelColumn: '1' } as const;

describe('files without a header', () => {
  test('columns are numbers from 1, labels have the names of a file', async () => {
    const data = file('ag.csv', AG);
    const labelNames = file('classes.tsv', CLASSES);
    const task = await openTask(data, { ...COLUMNS, labelNames, dev: data });
    expect(task.labelNames).toEqual(['World', 'Sports', 'Business', 'Sci/Tech']);
    expect(task.train.texts.slice(0, 2)).toEqual(['Prices rise "fast"', 'A new chip']);
    expect([...(task.train.labels ?? [])]).toEqual([2, 3, 0, 1]);
    expect([...(task.dev.labels ?? [])]).toEqual([2, 3, 0, 1]);
  });

  test('another delimiter and quotes, also of a pool and of texts without labels', async () => {
    const settings = { header: false, textColumn: '2', delimiter: 'tab', quote: true } as const;
    const data = file('own.csv', 'a\t"one\ttwo"\nb\t"x ""y"""\n');
    expect((await openUnlabelled([data], settings)).texts).toEqual(['one\ttwo', 'x "y"']);
    expect((await openPool(data, settings, { isPair: false })).texts).toEqual(['one\ttwo', 'x "y"']);
    // Lines of text have neither columns nor quotes.
    expect((await openPool(file('pool.txt', '"a"\n'), settings, { isPair: false })).texts).toEqual(['"a"']);
  });

  test.each([
    [{ header: false }, /textColumn: wanted a column number from 1, since the file has no header, got none/],
    [{ ...COLUMNS, textColumn: 'title' }, /textColumn: wanted a column number from 1, .* got 'title'/],
    [{ ...COLUMNS, textColumn: '0' }, /textColumn: wanted a column number from 1, .* got '0'/],
    [{ header: false, textColumn: '3' }, /labelColumn: wanted a column number from 1, .* got none/],
    [{ ...COLUMNS, labelColumn: '9' }, /bad\.csv:1: wanted at least 9 columns, .* got 3/],
    // With a header a number is the name of a column.
    [
      { textColumn: '5', labelColumn: '3' },
      /wanted a column '5' \(text\), .*if the file has no header line, give --header no/,
    ],
    [{ ...COLUMNS, delimiter: '"' }, /delimiter: wanted a character between fields/],
    [{ header: false, textColumn: '3', scoreColumn: '1', labelNames: 'x' }, /labelNames, scoreColumn: wanted only one/],
  ])('%j is refused', async (settings, message) => {
    await expect(openTask(file('bad.csv', AG), settings)).rejects.toThrow(message);
  });

  test('rules of lines where there are no such lines are refused', async () => {
    const data = file('own.jsonl', '{"text":"a","label":1}\n');
    const wanted = /header: wanted a file of CSV or TSV/;
    await expect(openTask(data, COLUMNS)).rejects.toThrow(wanted);
    await expect(openUnlabelled([data], { header: false })).rejects.toThrow(wanted);
    await expect(openTask('sst2', { quote: false })).rejects.toThrow(/quote: wanted a file, got the data set sst2/);
  });
});

describe('readLabelMap', () => {
  test.each([
    ['World\nSports\n', /names\.tsv:1: wanted what a cell holds, a tab, and the name of that label, got 'World'/],
    ['0\tanger\n\n0\tjoy\n', /names\.tsv:3: wanted one name for '0', got a second one/],
    ['0\tanger\tx\n', /names\.tsv:1: wanted what a cell holds, a tab/],
    ['\n', /names\.tsv: wanted names of labels, got none/],
  ])('%j is refused', async (content, message) => {
    await expect(readLabelMap(file('names.tsv', content))).rejects.toThrow(message);
  });
});

test('each command that takes a column of texts takes how its file is written, and where of labels their names', () => {
  const flags = (key: string) =>
    COMMANDS.filter(({ usage }) => Object.hasOwn(usage.options, key)).map(({ usage }) => usage.name);
  expect(flags('textColumn')).toEqual([
    'init',
    'pretrain',
    'train',
    'augment',
    'ask',
    'distill',
    'evaluate',
    'predict',
    'cascade',
    'doctor',
  ]);
  for (const key of ['header', 'delimiter', 'quote']) expect(flags(key)).toEqual(flags('textColumn'));
  expect(flags('labelNames').filter((name) => name !== 'export')).toEqual(flags('labelColumn'));
});
