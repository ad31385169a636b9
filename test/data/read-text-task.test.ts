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
