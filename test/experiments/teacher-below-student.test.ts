import { describe, expect, test } from 'vitest';
import { teacherBelowStudent } from '../../src/experiments/teacher-below-student.js';

const found = (teacher: number, alone: readonly number[], rows = 1000) =>
  teacherBelowStudent(
    { metric: 'accuracy', arms: [{ arm: { name: 'no-teacher' }, runs: [], scores: alone }] },
    { name: 'old-bert', score: teacher, rows },
    'no-teacher',
  );

describe('teacherBelowStudent', () => {
  test('a teacher far below the students without it is named, with both scores', () => {
    const [warning, ...more] = found(49.5, [70, 70.2]);
    expect(more).toEqual([]);
    expect(warning?.name).toBe('teacher-below-student');
    expect(warning?.text).toBe(
      'teacher old-bert has 49.50 % on the evaluation rows, below the 70.10 % of no-teacher: there is nothing that the ' +
        'student could learn from it but its errors',
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
    expect(
      teacherBelowStudent({ metric: 'accuracy', arms: [] }, { name: 't', score: 1, rows: 9 }, 'no-teacher'),
    ).toEqual([]);
  });
});
