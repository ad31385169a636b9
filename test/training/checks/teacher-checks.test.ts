import { describe, expect, test } from 'vitest';
import { hinton } from '../../../src/methods/hinton.js';
import type { Method } from '../../../src/methods/method.js';
import { phased } from '../../../src/methods/phased.js';
import { selfKd } from '../../../src/methods/self-kd.js';
import { supervised } from '../../../src/methods/supervised.js';
import { METHODS } from '../../../src/methods/table.js';
import type { Teacher } from '../../../src/teachers/teacher.js';
import { checkTargets, checkTeacher } from '../../../src/training/checks/teacher-checks.js';
import { blobs } from '../blobs.js';

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

describe('checkTargets', () => {
  test('takes a method that compares classes for two or more, and refuses it for a regression by name', () => {
    const others = ['decoupled', 'hard-labels'] as const;
    for (const name of others) {
      const method = METHODS[name].fromRecord({});
      expect(() => checkTargets(method, 2)).not.toThrow();
      expect(() => checkTargets(method, 1)).toThrow(`method '${name}': wanted a model of at least two classes`);
    }
    expect(() => checkTargets(selfKd({ mode: 'embedding' }), 1)).toThrow("method 'self-kd'");
    expect(() => checkTargets(selfKd(), 1)).not.toThrow();
    const stages = [
      { name: 'one', method: selfKd() },
      { name: 'two', method: METHODS.decoupled.fromRecord({}) },
    ] as const;
    expect(() => checkTargets(phased({ name: 'both', options: {}, stages }), 1)).toThrow("method 'both'");
  });

  test('of a teacher and a student of one score each is part of what is checked', () => {
    const scoring = { ...teacher, classes: 1, labelNames: [] };
    expect(() => checkTeacher(hinton(), scoring, 1, data)).not.toThrow();
    expect(() => checkTeacher(hinton({ preset: 'fastformers' }), scoring, 1, data)).toThrow(
      "method 'hinton': wanted a model of at least two classes: it compares classes, with these options, got a regression",
    );
  });
});
