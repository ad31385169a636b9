import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openTask } from '../../src/data/open-task.js';

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
