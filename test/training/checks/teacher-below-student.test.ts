import { describe, expect, test } from 'vitest';
import { findWarnings } from '../../../src/training/checks/table.js';

const found = (teacher: number, alone: readonly number[], rows = 1000) =>
  findWarnings({
    experiment: {
      ...{ metric: 'accuracy', judged: 'hinton', noTeacher: 'no-teacher' },
      arms: [{ arm: { name: 'no-teacher' }, runs: [], scores: alone }],
      teacher: { name: 'old-bert', score: teacher, rows },
    },
  });

describe('teacher-below-student', () => {
  test('a teacher far below the students without it is named, with both scores', () => {
    const [warning, ...more] = found(49.5, [70, 70.2]);
    expect(more).toEqual([]);
    expect(warning?.name).toBe('teacher-below-student');
    expect(warning?.text).toBe(
      'teacher old-bert has 49.50 % on the evaluated rows, below the 70.10 % of no-teacher: the student could only ' +
        'learn its errors',
    );
    expect(warning?.fix).toMatch(/right checkpoint/);
  });

  // By hand: at 80 % of 1,000 rows two standard errors are 2 · √(0.8 · 0.2 / 1000) = 2.53 points; of 100,000 rows 0.25.
  test.each([
    [80, 82.5, 1000, 0],
    [80, 82.6, 1000, 1],
    [80, 80.9, 100_000, 0],
    [80, 81, 100_000, 1],
    [80, 79, 1000, 0],
  ])('a teacher of %f beside students of %f on %i rows: %i findings', (teacher, student, rows, findings) => {
    expect(found(teacher, [student], rows)).toHaveLength(findings);
  });

  test('without an arm of labels alone nothing is said', () => {
    const teacher = { name: 't', score: 1, rows: 9 };
    const experiment = { metric: 'accuracy', judged: 'hinton', noTeacher: 'no-teacher', arms: [], teacher } as const;
    expect(findWarnings({ experiment })).toEqual([]);
  });
});
