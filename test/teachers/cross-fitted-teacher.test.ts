import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import { cachedTeacher } from '../../src/teachers/cached-teacher.js';
import { type CrossFittedOptions, crossFittedTeacher } from '../../src/teachers/cross-fitted-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { smallBert } from '../data/small-bert.js';
import { words } from '../data/words.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const TEXTS = ['good film', 'bad film', 'the end', 'a plot', 'not very good'];
const data = textDataset(textTable('texts', { texts: TEXTS }), words, { model: smallBert(1) });
/** The last text is no training row. */
const foldOf: CrossFittedOptions['foldOf'] = ({ texts }, row) => {
  const place = TEXTS.indexOf(texts[row] ?? '');
  return place === 4 ? undefined : place % 2;
};

/** Says of each text its number of letters and its own number; keeps what it was asked. */
function member(number: number, asked: string[] = []): Teacher {
  const logitsOf = (text: string) => [text.length, number];
  const answer = (given: Dataset, rows: ArrayLike<number>) => {
    const texts = Array.from(rows, (row) => given.text?.table.texts[row] ?? '');
    asked.push(...texts);
    return Float32Array.from(texts.flatMap(logitsOf));
  };
  const signals = { logits: { dtype: 'float32', shape: [2] } } as const;
  return {
    name: `fold ${number}`,
    provides: ['logits', 'pooledOutput'],
    classes: 2,
    labelNames: ['no', 'yes'],
    contentHash: `member ${number}`,
    reads: ['texts'],
    open: async () => ({
      signals,
      answer: async (given, rows) => ({ logits: answer(given, rows) }),
      release: async () => {},
    }),
    answer: async (given) => ({
      signals,
      batch: (rows, paddedTo) => ({ logits: fromNumbers('float32', [paddedTo, 2], [...answer(given, rows)]) }),
    }),
  };
}

const said = async (teacher: Pick<Teacher, 'answer'>) => {
  const { batch } = await teacher.answer(data, ['logits']);
  const values = batch([0, 1, 2, 3, 4], 5).logits?.data as Float32Array;
  return TEXTS.map((_, row) => [...values.subarray(2 * row, 2 * row + 2)]);
};

describe('crossFittedTeacher', () => {
  test('a training row is answered by the model of its fold alone, another row by the mean of all', async () => {
    const asked: string[][] = [[], []];
    const members = asked.map((texts, number) => member(number, texts));
    const answers = await said(crossFittedTeacher(members, { foldOf, of: 'logits' }));
    expect(answers.slice(0, 4)).toEqual([
      [9, 0],
      [8, 1],
      [7, 0],
      [6, 1],
    ]);
    // By hand: the means of 13 and 13, of 0 and 1.
    expect(answers[4]).toEqual([13, 0.5]);
    expect(asked.map((texts) => new Set(texts))).toEqual([
      new Set(['good film', 'the end', 'not very good']),
      new Set(['bad film', 'a plot', 'not very good']),
    ]);
  });

  test('the mean is of probabilities, unless told otherwise', async () => {
    const answers = await said(crossFittedTeacher([member(0), member(3)], { foldOf }));
    const [first = Number.NaN, second = Number.NaN] = answers[4] ?? [];
    const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
    // Closed form: softmax of two logits is the sigmoid of their difference.
    expect(sigmoid(second - first)).toBeCloseTo((sigmoid(-13) + sigmoid(-10)) / 2, 9);
  });

  test('what a model says that has seen a row is that of the next fold', async () => {
    const { crossFitted } = crossFittedTeacher([member(0), member(1)], { foldOf, of: 'logits' });
    const answers = await said({ answer: (given, signals) => crossFitted?.seen(given, signals) as never });
    expect(answers.map(([, number]) => number)).toEqual([1, 0, 1, 0, 0.5]);
  });

  test('its hash is that of its models, which it names, and no ensemble has it', () => {
    const made = crossFittedTeacher([member(0), member(1)], { foldOf });
    expect(made.crossFitted?.hashes).toEqual(['member 0', 'member 1']);
    const hashes = [
      made.contentHash,
      crossFittedTeacher([member(1), member(0)], { foldOf }).contentHash,
      crossFittedTeacher([member(0), member(1)], { foldOf, of: 'logits' }).contentHash,
    ];
    expect(new Set(hashes).size).toBe(3);
    expect(made.provides).toEqual(['logits']);
  });

  test('answers are kept by model: a plan counts those that are to come, a row of no fold once for each model', async () => {
    const asked: string[] = [];
    const members = [0, 1].map((number) => cachedTeacher(member(number, asked), { folder: join(root, 'answers') }));
    const teacher = crossFittedTeacher(members, { foldOf });
    expect(teacher.remembers).toBe(true);
    const request = { signals: ['logits'], isTimed: true } as const;
    const before = await teacher.plan?.(data, request);
    expect(before).toMatchObject({ rows: 5, unanswered: 6 });
    expect(before?.seconds).toBeGreaterThanOrEqual(0);
    const first = await said(teacher);
    const asking = asked.length;
    expect(await said(teacher)).toEqual(first);
    expect(asked).toHaveLength(asking);
    expect(await teacher.plan?.(data, request)).toMatchObject({ unanswered: 0, seconds: 0, bytes: 0 });
  });

  test('refuses signals by token, and rows that are no texts', async () => {
    const teacher = crossFittedTeacher([member(0), member(1)], { foldOf, name: 'T' });
    await expect(teacher.answer(data, ['pooledOutput'])).rejects.toThrow(
      'teacher T: wanted logits, the only signal that an ensemble averages, got pooledOutput',
    );
    const { text: _text, ...images } = data;
    await expect(teacher.answer(images, ['logits'])).rejects.toThrow(
      'teacher T: wanted rows of text, got texts, which',
    );
  });
});
