import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openTask } from '../../src/data/open-task.js';
import type { TaskSettings } from '../../src/data/task-settings.js';
import type { Given } from '../../src/options/given.js';

const root = mkdtempSync(join(tmpdir(), 'retort-open-task-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

const TEXTS = Array.from({ length: 20 }, (_, row) => `text ${row}`);
const classes = async () => ['neg', 'pos'];

describe('openTask of rows without labels', () => {
  const texts = file('texts.csv', `text\n${TEXTS.join('\n')}\n`);
  const plain = file('texts.txt', `${TEXTS.join('\n')}\n`);

  test.each([
    ['csv', texts],
    ['txt', plain],
  ])('%s: has the classes that it is told, and is scored by agreement', async (_, path) => {
    const said: string[] = [];
    const task = await openTask(path, {}, (text) => said.push(text), classes);
    expect(task).toMatchObject({ labelNames: ['neg', 'pos'], metrics: ['agreement'], isUnlabelled: true });
    expect([task.train.size, task.dev.size]).toEqual([18, 2]);
    expect(new Set(task.train.labels)).toEqual(new Set([-100]));
    expect(said[0]).toContain("the classes are the teacher's, 'neg', 'pos'");
  });

  test('a validation split with labels gives the metrics of a file, and labels that are no class are refused', async () => {
    const dev = file('dev.csv', 'text,label\na,pos\nb,neg\n');
    const task = await openTask(plain, { dev }, undefined, classes);
    expect([task.metrics[0], Array.from(task.dev.labels ?? [])]).toEqual(['accuracy', [1, 0]]);
    const other = file('other.csv', 'text,label\na,good\n');
    await expect(openTask(plain, { dev: other }, undefined, classes)).rejects.toThrow(
      /other.csv:2: wanted one of the labels 'neg', 'pos', got 'good'/,
    );
    const stars = file('stars.csv', 'text,stars\na,pos\n');
    const named = await openTask(plain, { dev: stars, labelColumn: 'stars' }, undefined, classes);
    expect(named.dev.labels).toEqual(Int32Array.of(1));
  });

  test('rows with labels are read as ever, and nobody is asked for classes', async () => {
    const labelled = file('labelled.csv', `text,label\n${TEXTS.map((text, row) => `${text},${row % 2}`).join('\n')}\n`);
    const task = await openTask(labelled, {}, undefined, () => Promise.reject(new Error('asked')));
    expect(task).toMatchObject({ labelNames: ['0', '1'], isUnlabelled: false });
  });

  test('a column that is named has to be there, and without anybody to say the classes labels have to be', async () => {
    await expect(openTask(texts, { labelColumn: 'stars' }, undefined, classes)).rejects.toThrow(/a column 'stars'/);
    await expect(openTask(texts, {})).rejects.toThrow(/a column 'label'/);
    await expect(openTask(plain, {})).rejects.toThrow(/wanted a data set/);
  });
});

const LABELLED = TEXTS.map((text, row) => `${text},${row % 2 ? 'yes' : 'no'}`);

describe('openTask of files with splits beside them', () => {
  /** A folder of files whose rows tell where they come from. */
  function folder(name: string, files: Readonly<Record<string, string>>): string {
    mkdirSync(join(root, name));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
    return join(root, name);
  }
  const of = (word: string) => `text,label\n${word} a,yes\n${word} b,no\n`;
  const all = folder('all', {
    'train.csv': `text,label\n${LABELLED.join('\n')}\n`,
    'validation.csv': of('dev'),
    'test.csv': of('test'),
  });

  async function opened(path: string, settings: Given<TaskSettings> = {}) {
    const said: string[] = [];
    const task = await openTask(path, settings, (text) => said.push(text));
    return { said, rows: [task.train.size, task.dev.size, task.test?.size], task };
  }

  test('they are used, and each is named with what does otherwise', async () => {
    const { said, rows, task } = await opened(join(all, 'train.csv'));
    expect(rows).toEqual([20, 2, 2]);
    expect([task.dev.texts[0], task.test?.texts[0]]).toEqual(['dev a', 'test a']);
    expect(said).toEqual([
      `${join(all, 'validation.csv')} beside ${join(all, 'train.csv')} is the validation split; --dev_share 0.1 sets aside training rows instead`,
      `${join(all, 'test.csv')} beside ${join(all, 'train.csv')} is the test split, scored once at the end; --test none leaves it out`,
    ]);
  });

  test('--dev_share and --test none do otherwise, and files that are named are told of no more', async () => {
    const share = await opened(join(all, 'train.csv'), { devShare: 0.25, test: 'none' });
    expect(share.rows).toEqual([15, 5, undefined]);
    expect(share.said).toEqual(['train has no validation split: 5 of its training rows become one']);
    const dev = join(all, 'test.csv');
    const named = await opened(join(all, 'train.csv'), { dev, test: join(all, 'validation.csv') });
    expect([named.task.dev.texts[0], named.task.test?.texts[0], named.said]).toEqual(['test a', 'dev a', []]);
  });

  test('a file that lacks a column is told of and not used; one of another name is nobody’s', async () => {
    const path = folder('others', {
      'reviews-train.csv': `text,label\n${LABELLED.join('\n')}\n`,
      'reviews-test.csv': 'text\nwithout a label\n',
      'dev.csv': of('dev'),
    });
    const { said, rows } = await opened(join(path, 'reviews-train.csv'));
    expect(rows).toEqual([18, 2, undefined]);
    expect(said[0]).toBe(
      `${join(path, 'reviews-test.csv')} beside ${join(path, 'reviews-train.csv')} is not used: it has no column 'label'`,
    );
  });

  test('a column of splits comes before files, and contradicts a share of its own', async () => {
    const path = folder('column', {
      'train.csv': `text,label,split\n${LABELLED.map((row, i) => `${row},${i < 4 ? 'dev' : 'train'}`).join('\n')}\n`,
      'dev.csv': of('dev'),
    });
    const train = join(path, 'train.csv');
    expect((await opened(train)).rows).toEqual([16, 4, undefined]);
    await expect(opened(train, { devShare: 0.2 })).rejects.toThrow(
      'devShare: wanted data without a validation split of its own, got train, which has one; leave it out',
    );
    await expect(opened(train, { dev: join(path, 'dev.csv') })).rejects.toThrow(/^dev: wanted no file/);
    expect((await opened(train, { splitColumn: 'none' })).rows).toEqual([20, 2, undefined]);
    await expect(opened(train, { splitColumn: 'fold' })).rejects.toThrow(/a column 'fold' \(split\)/);
  });

  test('a test split without labels is told of once and not scored; an empty one, and other labels, are errors', async () => {
    const path = folder('bad', {
      'data.csv': `text,label\n${LABELLED.join('\n')}\n`,
      'unlabelled.csv': 'text,label\na,\nb,-1\n',
      'empty.csv': 'text,label\n',
      'other.csv': 'text,label\na,maybe\n',
    });
    const data = join(path, 'data.csv');
    const { said, rows } = await opened(data, { test: join(path, 'unlabelled.csv') });
    expect(rows).toEqual([18, 2, undefined]);
    expect(said.filter((text) => text.includes('no row of data test has a label'))).toHaveLength(1);
    await expect(opened(data, { test: join(path, 'empty.csv') })).rejects.toThrow(/empty.csv: wanted at least one row/);
    await expect(opened(data, { test: join(path, 'other.csv') })).rejects.toThrow(/other.csv:2: .*got 'maybe'/);
    await expect(opened(data, { test: join(path, 'gone.csv') })).rejects.toThrow(/gone.csv/);
  });

  test('of a set by name the test split is its own where it has labels', async () => {
    const rows = 'sentence\tlabel\na\t0\nb\t1\n';
    const sst2 = folder('sst2', { 'train.tsv': rows, 'dev.tsv': rows, 'test.tsv': 'index\tsentence\n0\ta\n' });
    const { said, task } = await opened('sst2', { dataDir: root });
    expect([task.test, said]).toEqual([
      undefined,
      ['no row of sst2 test has a label or score: no test split is scored'],
    ]);
    writeFileSync(join(sst2, 'test-gold.tsv'), rows);
    expect((await opened('sst2', { dataDir: root })).task.test?.size).toBe(2);
    expect((await opened('sst2', { dataDir: root, test: 'none' })).task.test).toBeUndefined();
    await expect(opened('sst2', { dataDir: root, test: 'mine.tsv' })).rejects.toThrow(
      /^test: wanted a file beside a file/,
    );
  });

  test('rows without labels: those of other splits in the file are of the teacher’s classes', async () => {
    const mixed = file('mixed.csv', `text,label,split\na,,train\nb,,train\nc,pos,dev\nd,neg,test\n`);
    const task = await openTask(mixed, {}, undefined, classes);
    expect([task.isUnlabelled, task.train.size]).toEqual([true, 2]);
    expect([Array.from(task.dev.labels ?? []), Array.from(task.test?.labels ?? [])]).toEqual([[1], [0]]);
    const reversed = await openTask(mixed, {}, undefined, async () => ['pos', 'neg']);
    expect(Array.from(reversed.dev.labels ?? [])).toEqual([0]);
    await expect(openTask(mixed, {}, undefined, async () => ['good', 'bad'])).rejects.toThrow(/got 'pos'/);
  });
});
