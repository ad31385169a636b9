import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readTextTask } from '../../src/data/read-text-task.js';

const folder = mkdtempSync(join(tmpdir(), 'retort-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('readTextTask', () => {
  const train = file('reviews.csv', 'review,stars\na,5\nb,1\nc,3\n');

  test('dev gets the numbers of the training labels, though it has fewer', async () => {
    const dev = file('dev.csv', 'review,stars\nd,5\ne,3\n');
    const task = await readTextTask({ train, dev, text: 'review', label: 'stars' });
    expect(task).toMatchObject({ name: 'reviews', labelNames: ['1', '3', '5'], metrics: ['accuracy'], isPair: false });
    expect(Array.from(task.dev?.labels ?? [])).toEqual([2, 1]);
  });

  // 2 is not the place of '5' among '1', '3', '5'.
  test('a label that the training file lacks is named, not taken for a place among those it has', async () => {
    const dev = file('more.csv', 'review,stars\nd,2\n');
    await expect(readTextTask({ train, dev, text: 'review', label: 'stars' })).rejects.toThrow(
      /more\.csv:2: wanted one of the labels '1', '3', '5', got '2'/u,
    );
  });

  test('numbers in dev stand for the names that train was found to have: told, or refused without a 0', async () => {
    const named = file('named.csv', 'text,label\na,good\nb,bad\n');
    const told: string[] = [];
    const onNotice = (text: string) => told.push(text);
    const zero = file('zero.csv', 'text,label\na,1\nb,0\n');
    const task = await readTextTask({ train: named, dev: zero, onNotice });
    expect(Array.from(task.dev?.labels ?? [])).toEqual([1, 0]);
    expect(told).toEqual([`${zero}: its labels are numbers, taken from 0: 0 is bad, 1 is good`]);
    await expect(readTextTask({ train: named, dev: file('one.csv', 'text,label\na,1\n') })).rejects.toThrow(
      /one\.csv: wanted labels by name \('bad', 'good'\), or numbers from 0, got the numbers 1 without a 0/u,
    );
  });

  test('a map goes for every file; scores make a regression', async () => {
    const dev = file('map.csv', 'review,stars\nd,1\n');
    const labelMap = { 1: 'bad', 3: 'bad', 5: 'good' };
    const mapped = await readTextTask({ train, dev, text: 'review', label: 'stars', labelMap });
    expect([Array.from(mapped.train?.labels ?? []), Array.from(mapped.dev?.labels ?? [])]).toEqual([[1, 0, 0], [0]]);
    const scored = await readTextTask({ train, text: 'review', score: 'stars' });
    expect(scored).toMatchObject({ isRegression: true, metrics: ['pearson', 'spearman'], labelNames: [] });
  });
});

describe('readTextTask of a column of splits', () => {
  const rows =
    'text,label,split\na,good,train\nb,bad,Train\nc,good,VAL\nd,bad,validation\ne,good,valid\nf,bad,dev\ng,good,Test\n';
  const mixed = file('mixed.csv', rows);

  test('each row goes to its split, with its number in the file, whatever the case and the word for validation', async () => {
    const { train, dev, test: tested } = await readTextTask({ train: mixed });
    expect([train?.name, dev?.name, tested?.name]).toEqual(['mixed train', 'mixed dev', 'mixed test']);
    expect([train?.ids, dev?.ids, tested?.ids].map((ids) => [...(ids ?? [])])).toEqual([
      ['1', '2'],
      ['3', '4', '5', '6'],
      ['7'],
    ]);
    expect(Array.from(dev?.labels ?? [])).toEqual([1, 0, 1, 0]);
  });

  test('another column is named, null reads none, and a file of objects has one too', async () => {
    const fold = file('fold.csv', rows.replace('split', 'fold'));
    expect((await readTextTask({ train: fold })).train?.size).toBe(7);
    expect((await readTextTask({ train: fold, split: 'fold' })).dev?.size).toBe(4);
    const all = await readTextTask({ train: mixed, split: null });
    expect([all.train?.size, all.dev]).toEqual([7, undefined]);
    const objects = file(
      'mixed.jsonl',
      '{"text":"a","label":"x","split":"train"}\n{"text":"b","label":"x","split":"test"}\n',
    );
    expect((await readTextTask({ train: objects })).test?.texts[0]).toBe('b');
    const scores = file('scores.csv', 'text,score,split\na,1.5,train\nb,2.5,dev\n');
    expect(Array.from((await readTextTask({ train: scores, score: 'score' })).dev?.scores ?? [])).toEqual([2.5]);
  });

  test('another value is a bad row: an error that names its line, or it is left out', async () => {
    const odd = file('odd.csv', 'text,label,split\na,good,train\nb,bad,train\nc,bad,left\nd,bad,\n');
    const wanted = 'wanted train, dev (or validation, valid, val) or test in the column of splits';
    await expect(readTextTask({ train: odd })).rejects.toThrow(`odd.csv:4: ${wanted}, got 'left'; correct that row`);
    await expect(readTextTask({ train: odd })).rejects.toThrow('--split_column none');
    // Who has named the column need not be told that it may be another.
    await expect(readTextTask({ train: odd, split: 'split' })).rejects.not.toThrow('--split_column none');
    const told: string[] = [];
    const task = await readTextTask({ train: odd, onBadRow: ({ message }) => told.push(message) });
    expect([task.train?.size, told.length]).toEqual([2, 2]);
    expect(told[1]).toContain('odd.csv:5');
    expect(told[1]).toContain('got an empty cell');
  });

  test('no training row, and a label that only another split has, are errors', async () => {
    const none = file('none.csv', 'text,label,split\na,good,dev\nb,bad,test\n');
    await expect(readTextTask({ train: none })).rejects.toThrow(
      'none.csv: wanted training rows in the column of splits, got dev and test alone',
    );
    const late = file('late.csv', 'text,label,split\na,c,train\nb,z,test\nc,a,train\nd,c,test\n');
    await expect(readTextTask({ train: late })).rejects.toThrow(
      "late.csv, row 2 (late test): wanted one of the labels 'a', 'c', got 'z'",
    );
    const told: string[] = [];
    const task = await readTextTask({ train: late, onBadRow: ({ where }) => told.push(where) });
    expect([task.labelNames, task.test?.labelNames]).toEqual([
      ['a', 'c'],
      ['a', 'c'],
    ]);
    expect([Array.from(task.test?.labels ?? []), told.length]).toEqual([[1], 1]);
  });

  test('a file of a split that the column has is refused, one of a split that it lacks is read', async () => {
    const dev = file('own.csv', 'text,label\nz,good\n');
    await expect(readTextTask({ train: mixed, dev })).rejects.toThrow(
      /^dev: wanted no file: the column of splits of \S+mixed\.csv has these rows, got \S+own\.csv; leave it out/u,
    );
    await expect(readTextTask({ train: mixed, test: dev })).rejects.toThrow(/^test: wanted no file/u);
    const two = file('two.csv', 'text,label,split\na,good,train\nb,bad,train\ng,good,test\n');
    const task = await readTextTask({ train: two, dev });
    expect([task.dev?.texts[0], task.test?.texts[0]]).toEqual(['z', 'g']);
  });

  test('pairs keep both texts', async () => {
    const pairs = file('pairs.csv', 'text,other,label,split\na,b,x,train\nc,d,x,dev\n');
    expect((await readTextTask({ train: pairs, pair: 'other' })).dev?.pairs?.[0]).toBe('d');
  });
});
