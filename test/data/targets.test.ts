import { describe, expect, test } from 'vitest';
import { scoredRows } from '../../src/data/targets.js';
import { targetRows, textTable } from '../../src/data/text-table.js';
import { evidenceOf } from '../../src/experiments/evidence.js';
import { blobs } from '../training/blobs.js';

const texts = ['a', 'b', 'c', 'd'];

describe('scoredRows', () => {
  test('counts rows that have a label, or a score', () => {
    expect(targetRows(textTable('t', { texts, labels: [0, -100, 1, -100], labelNames: ['x', 'y'] }))).toBe(2);
    expect(targetRows(textTable('t', { texts, scores: [0, Number.NaN, 2.5, 1] }))).toBe(3);
    expect(targetRows(textTable('t', { texts }))).toBe(0);
    expect(scoredRows(blobs('images', 300), 290)).toBe(290);
    expect(scoredRows(blobs('images', 300, { isLabelled: false }))).toBe(0);
  });
});

describe('evidenceOf', () => {
  // 34 of 40 rows were labelled, and the report said "of 40 rows".
  test('speaks of the rows that have a label', () => {
    const said = (classes: number[]) => ({
      classes: Int32Array.from(classes),
      logits: new Float32Array(6),
      probabilities: new Float32Array(6).fill(0.5),
    });
    const answers = new Map(Object.entries({ teacher: said([0, 0, 0]), new: said([0, 1, 1]), old: said([1, 1, 0]) }));
    const { onlyRight } = evidenceOf({
      ...{ answers, classes: ['x', 'y'], labels: [0, 1, -100], seed: 1, arm: 'new', over: 'old' },
      exampleOf: (row) => ({ id: String(row) }),
    });
    expect(onlyRight[0]).toMatchObject({ rows: 2, onlyArm: 1, onlyOther: 0 });
  });
});
