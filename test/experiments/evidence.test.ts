import { describe, expect, test } from 'vitest';
import { evidenceOf, scoreEvidenceOf } from '../../src/experiments/evidence.js';

const classes = ['no', 'yes'];
const labels = [0, 1, 1, -100];
const exampleOf = (row: number) => ({ id: String(row) });
const said = (...values: number[]) => ({
  classes: Int32Array.from(values),
  logits: Float32Array.from(values.flatMap((value) => (value === 0 ? [1, 0] : [0, 1]))),
  probabilities: Float32Array.from(values.flatMap((value) => (value === 0 ? [0.7, 0.3] : [0.3, 0.7]))),
});

describe('evidence of one arm alone', () => {
  // By hand: rows 0 and 1 are right, row 2 is a yes that it calls no, row 3 has no label.
  const counts = [
    [1, 0],
    [1, 1],
  ];

  test('of a teacher without outputs it has the student’s confusion matrix, and nothing that takes a teacher', () => {
    const answers = new Map([['hinton', said(0, 1, 0, 1)]]);
    expect(evidenceOf({ answers, classes, labels, exampleOf, seed: 1, arm: 'hinton' })).toEqual({
      classes,
      confusion: [{ by: 'hinton', seed: 1, counts }],
      softened: [],
      onlyRight: [],
    });
  });

  test('of a pair without the teacher the examples have the answers of the two', () => {
    const answers = new Map([
      ['hinton', said(0, 1, 0, 1)],
      ['no-teacher', said(1, 1, 1, 1)],
    ]);
    const [pair] = evidenceOf({
      answers,
      classes,
      labels,
      exampleOf,
      seed: 1,
      arm: 'hinton',
      over: 'no-teacher',
    }).onlyRight;
    expect(pair).toMatchObject({ onlyArm: 1, onlyOther: 1, rows: 3 });
    expect(pair?.examples[0]?.answers.map(({ by, label }) => [by, label])).toEqual([
      ['hinton', 0],
      ['no-teacher', 1],
    ]);
  });

  test('of a regression it has the student’s predictions, and no rows far from a teacher', () => {
    const answers = new Map([['hinton', { ...said(0, 0), logits: Float32Array.from([0.5, 2]) }]]);
    const scores = Float32Array.from([1, Number.NaN]);
    expect(scoreEvidenceOf({ answers, scores, exampleOf, seed: 1, arm: 'hinton' }).scores).toEqual({
      answers: [{ by: 'hinton', seed: 1, points: [[1, 0.5]] }],
      ...{ rows: 1, arm: 'hinton', seed: 1, furthest: [] },
    });
  });
});
