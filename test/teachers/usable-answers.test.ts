/** @file Answers from which nothing can be learnt, of every kind of teacher. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RetortError } from '../../src/errors/retort-error.js';
import { answersInMemory } from '../../src/teachers/answers.js';
import { cachedTeacher } from '../../src/teachers/cached-teacher.js';
import { ensembleTeacher } from '../../src/teachers/ensemble-teacher.js';
import { shuffledTeacher } from '../../src/teachers/shuffled-teacher.js';
import type { OpenTeacher, Teacher } from '../../src/teachers/teacher.js';
import { temporaryFolder } from '../files/processes.js';
import { textData, tokenizerIn } from './text-models.js';

const root = temporaryFolder();
const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
const labelNames = ['no', 'maybe', 'yes'];
const SIZE = 1100;
const texts = Array.from({ length: SIZE }, (_, i) => `text ${i}`);
const data = textData(texts, tokenizer);
let folders = 0;
const newFolder = () => join(root, `cache-${++folders}`);

/** Says [1, 2, 3] of each text but one, beyond the first part; counts what it was asked. */
function saying(odd: readonly number[], at = 1050, more: Partial<Teacher> = {}) {
  const asked: string[] = [];
  const name = 'odd';
  const open = async (): Promise<OpenTeacher> => ({
    signals: { logits: { dtype: 'float32', shape: [3] } },
    answer: async (from, rows) => {
      const read = Array.from(rows, (row) => from.text?.table.texts[row] as string);
      asked.push(...read);
      return { logits: Float32Array.from(read.flatMap((text) => (text === `text ${at}` ? odd : [1, 2, 3]))) };
    },
    release: async () => {},
  });
  const teacher: Teacher = {
    ...{ name, classes: 3, labelNames, contentHash: 'odd', reads: ['texts'], provides: ['logits'], open },
    answer: (from, signals) => answersInMemory({ name, open, ...more }, from, signals),
    ...more,
  };
  return { teacher, asked };
}

const ask = async (teacher: Teacher, rows: readonly number[]) => {
  const { signals, batch } = await teacher.answer(data, ['logits']);
  const { logits, remainder } = batch(rows, rows.length);
  return {
    signals: Object.keys(signals),
    logits: logits && [...logits.data],
    remainder: remainder && [...remainder.data],
  };
};

const ODD: readonly (readonly [string, readonly number[]])[] = [
  ['NaN', [0, Number.NaN, 0]],
  ['all impossible', [-Infinity, -Infinity, -Infinity]],
  ['beyond float32', [1e39, 0, 0]],
  ['beyond the squares of float32', [3e38, -3e38, 0]],
];

describe.each(ODD)('%s', (_, odd) => {
  const where = 'teacher odd, logits of row 1051 of train: wanted finite numbers';

  test('is an error that names the row; a hole where the teacher is told of it', async () => {
    await expect(ask(saying(odd).teacher, [0])).rejects.toThrow(where);
    const told: RetortError[] = [];
    const { teacher } = saying(odd, 1050, { onBadRow: (failure) => told.push(failure) });
    // Of the others nothing changes; of the hole the sum alone is known.
    expect(await ask(teacher, [1049, 1050])).toEqual({
      ...{ signals: ['logits', 'remainder'], logits: [1, 2, 3, 0, 0, 0], remainder: [0, 0, 0, 1, 1, 1] },
    });
    expect(told.map(({ message }) => message)).toEqual([expect.stringContaining(where)]);
  });

  test('stops a labelling and costs nothing: it goes on from there, and the answers are found again', async () => {
    const folder = newFolder();
    const stopped = saying(odd);
    await expect(ask(cachedTeacher(stopped.teacher, { folder }), [0])).rejects.toThrow(where);
    expect(stopped.asked).toHaveLength(SIZE);
    const goingOn = saying(odd, 1050, { onBadRow: () => {} });
    const found = await ask(cachedTeacher(goingOn.teacher, { folder }), [1049, 1050]);
    expect(found.remainder).toEqual([0, 0, 0, 1, 1, 1]);
    // The first part of 1,024 was kept.
    expect(goingOn.asked).toHaveLength(SIZE - 1024);
    // By who wants no holes, and by who reads the answers from disk.
    const strict = saying(odd);
    await expect(ask(cachedTeacher(strict.teacher, { folder }), [0])).rejects.toThrow(where);
    const again = saying(odd, 1050, { onBadRow: () => {} });
    const onDisk = cachedTeacher(again.teacher, { folder, memoryBytes: 0 });
    expect(await ask(onDisk, [1049, 1050])).toEqual(found);
    expect([...strict.asked, ...again.asked]).toEqual([]);
    // Its neighbours of the same class: a hole moves with its row.
    const shuffled = await shuffledTeacher(cachedTeacher(again.teacher, { folder }), data, 1);
    const rows = Array.from({ length: SIZE }, (_row, i) => i);
    expect((await ask(shuffled, rows)).remainder?.filter((value) => value === 1)).toHaveLength(3);
  });

  test('does not count among several teachers that say something', async () => {
    const onBadRow = () => {};
    const one = cachedTeacher(saying(odd, 1050, { onBadRow }).teacher, { folder: newFolder() });
    const other = cachedTeacher(saying([7, 8, 9], 3, { onBadRow }).teacher, { folder: newFolder() });
    const mean = ensembleTeacher([one, other], { of: 'logits' });
    expect(await ask(mean, [3, 1050])).toMatchObject({ signals: ['logits'], logits: [4, 5, 6, 1, 2, 3] });
    expect(await ask(ensembleTeacher([one, one], { of: 'logits' }), [3, 1050])).toMatchObject({
      ...{ logits: [1, 2, 3, 0, 0, 0], remainder: [0, 0, 0, 1, 1, 1] },
    });
    const strict = cachedTeacher(saying(odd).teacher, { folder: newFolder() });
    await expect(ask(ensembleTeacher([strict, other]), [0])).rejects.toThrow(where);
  });
});

test('a teacher of which no row can be used is an error, whoever is told', async () => {
  const { teacher } = saying([Number.NaN, 0, 0], 5, { onBadRow: () => {} });
  await expect(teacher.answer(textData(['text 5'], tokenizer), ['logits'])).rejects.toThrow(
    'teacher odd, logits of row 1 of train: wanted finite numbers, got NaN; fix the teacher, or leave such rows out (--bad_rows skip)',
  );
});
