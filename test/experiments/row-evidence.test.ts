import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { packRightRows } from '../../src/experiments/arm-result.js';
import { packAnswers } from '../../src/experiments/kept-answers.js';
import { rowEvidence, rowsPart } from '../../src/experiments/row-evidence.js';
import { rowsError } from '../../src/metrics/statistics.js';

const kept = (right: readonly number[]) => ({ right: packRightRows(right) });
const [a1, a2] = [kept([1, 1, 0, 1, 1]), kept([1, 1, 1, 0, 1])];
const [b1, b2] = [kept([0, 1, 0, 1, 1]), kept([0, 1, 1, 1, 0])];
const labels = Int32Array.from([1, 1, 0, 0]);
const answers = (logits: readonly number[]) => ({
  answers: packAnswers({ logits: Float32Array.from(logits), classes: 2, labels }),
});

describe('rowEvidence', () => {
  test('of several pairs is the error of the table of differences, in points', () => {
    const table = [
      [1, 0, 0, 0, 0],
      [1, 0, 0, -1, 1],
    ];
    expect(rowEvidence([a1, a2], [b1, b2], 'accuracy')).toEqual({ rows: { count: 5, error: 100 * rowsError(table) } });
  });

  test('of one pair are the rows on which they differ', () => {
    expect(rowEvidence([a2], [b2], 'accuracy')).toEqual({ discordant: { onlyArm: 2, onlyOther: 1, rows: 5 } });
    const said = answers([0, 1, 0, 1, 1, 0, 1, 0]);
    expect(rowEvidence([said], [said], 'f1')).toEqual({ resampled: { rows: 4, low: 0, high: 0 } });
  });

  test('is nothing where one run has not kept its rows', () => {
    expect(rowEvidence([a1, {}], [b1, b2], 'accuracy')).toEqual({});
    expect(rowEvidence([a1, a2], [b1, {}], 'accuracy')).toEqual({});
    expect(rowEvidence([a1, a2], [b1, b2], 'f1')).toEqual({});
    expect(rowEvidence([{}], [b1], 'accuracy')).toEqual({});
  });

  test('names the arms whose students give one answer in all runs, of whatever rows', () => {
    const one = { oneAnswer: true } as const;
    expect(rowEvidence([one, one], [one, one], 'accuracy')).toEqual({ collapsed: 'both' });
    expect(rowEvidence([one, one], [one, b2], 'accuracy')).toEqual({ collapsed: 'arm' });
    expect(rowEvidence([{ ...a1, ...one }], [{ ...b1, ...one }], 'accuracy')).toMatchObject({ collapsed: 'both' });
    expect(rowEvidence([one, a1], [one, one], 'f1')).toEqual({ collapsed: 'over' });
  });

  test('refuses answers to other rows', () => {
    const other = kept([1, 0]);
    for (const [ours, theirs] of [
      [[a1], [other]],
      [
        [a1, a2],
        [b1, other],
      ],
      [
        [a1, other],
        [b1, b2],
      ],
    ] as const) {
      expect(() => rowEvidence(ours, theirs, 'accuracy')).toThrow(OptionError);
      expect(() => rowEvidence(ours, theirs, 'accuracy')).toThrow(
        'wanted predictions of the same rows, got 5 rows and 2; evaluate both on the same data',
      );
    }
  });
});

describe('rowsPart', () => {
  test('of one arm is that of its own rows', () => {
    const table = [
      [1, 1, 0, 1, 1],
      [1, 1, 1, 0, 1],
    ];
    expect(rowsPart([a1, a2], [], 'accuracy')).toEqual({ count: 5, error: 100 * rowsError(table) });
    expect(rowsPart([a1], [], 'accuracy')).toBeUndefined();
    const one = kept([1]);
    expect(rowsPart([one, one], [one, one], 'accuracy')).toBeUndefined();
  });
});
