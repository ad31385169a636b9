import { describe, expect, test } from 'vitest';
import { hinton } from '../../src/methods/hinton.js';
import type { Method } from '../../src/methods/method.js';
import { supervised } from '../../src/methods/supervised.js';
import type { Teacher, TeacherAnswers } from '../../src/teachers/teacher.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { chanceNotice, checkTeacher } from '../../src/training/teacher-checks.js';
import { blobs } from './blobs.js';

const data = blobs('train', 200);
const answer = () => Promise.reject(new Error('not asked for'));
const teacher: Teacher = {
  name: 'old.ckpt',
  provides: ['logits'],
  classes: 3,
  labelNames: ['a', 'b', 'c'],
  contentHash: '',
  answer,
};
const needing = (...needs: Method['needs']): Method => ({ name: 'pkd', needs, options: {}, losses: () => ({}) });

/** A teacher that says `says(label)` for each row of the data. */
const answers = (says: (label: number, row: number) => number): TeacherAnswers => ({
  signals: { logits: { dtype: 'float32', shape: [3] } },
  batch: (rows, paddedTo) => {
    const { labels } = data.batch(rows, paddedTo);
    const logits = Array.from(labels?.data ?? [], (label, row) =>
      [0, 1, 2].map((c) => (c === says(Number(label), row) ? 1 : 0)),
    ).flat();
    return { logits: fromNumbers('float32', [paddedTo, 3], logits) };
  },
});

describe('checkTeacher', () => {
  test('a fitting teacher passes, and so does none where none is needed', () => {
    expect(() => checkTeacher(hinton(), teacher, 3, data)).not.toThrow();
    expect(() => checkTeacher(supervised(), undefined, 3, data)).not.toThrow();
  });

  test.each<[string, Method, Teacher | undefined, number, string]>([
    ['no teacher', hinton(), undefined, 3, "method 'hinton': wanted a teacher that gives logits, got no teacher"],
    [
      'missing signals',
      needing('logits', 'hiddenStates', 'attentionScores'),
      teacher,
      3,
      "method 'pkd' with teacher old.ckpt: wanted the signals hiddenStates, attentionScores, got a teacher that gives logits",
    ],
    [
      'another number of classes',
      hinton(),
      teacher,
      10,
      'teacher old.ckpt: wanted 10 classes, as the student has, got 3',
    ],
    [
      'other labels',
      hinton(),
      { ...teacher, labelNames: ['b', 'a', 'c'] },
      3,
      'teacher old.ckpt: wanted classes in the order a, b, c, got b, a, c',
    ],
    ['a teacher that nothing uses', supervised(), teacher, 3, "method 'supervised': wanted no teacher"],
  ])('%s is named', (_, method, given, classes, message) => {
    expect(() => checkTeacher(method, given, classes, data)).toThrow(message);
  });
});

describe('chanceNotice', () => {
  test('a good teacher gets none, nor one that is only half right', () => {
    expect(
      chanceNotice(
        teacher,
        answers((label) => label),
        data,
      ),
    ).toBeUndefined();
    expect(
      chanceNotice(
        teacher,
        answers((label, row) => (row % 4 === 0 ? (label + 1) % 3 : label)),
        data,
      ),
    ).toBeUndefined();
  });

  test('one that is always wrong, and one that always says the same, get one', () => {
    expect(
      chanceNotice(
        teacher,
        answers((label) => (label + 1) % 3),
        data,
      ),
    ).toMatch(
      /^teacher old.ckpt is right on 0\.0 % of 200 rows of train, no better than always naming the commonest class/,
    );
    for (const c of [0, 1, 2])
      expect(
        chanceNotice(
          teacher,
          answers(() => c),
          data,
        ),
      ).toBeDefined();
  });

  test('without labels nothing can be said', () => {
    expect(
      chanceNotice(
        teacher,
        answers(() => 0),
        blobs('pool', 50, { isLabelled: false }),
      ),
    ).toBeUndefined();
  });
});
