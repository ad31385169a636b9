import { describe, expect, test } from 'vitest';
import { packRightRows } from '../../src/experiments/arm-result.js';
import { baselineText } from '../../src/experiments/baseline.js';
import { definedControls } from '../../src/experiments/distillation/controls.js';
import { experimentRecord } from '../../src/experiments/experiment-record.js';
import { hinton } from '../../src/methods/hinton.js';
import { supervised } from '../../src/methods/supervised.js';

const ROWS = 400;

/** The first `count` of the rows are right. */
function arm(name: string, counts: readonly number[]) {
  const runs = counts.map((count, i) => ({
    ...{ arm: name, seed: i + 1, seconds: 1, peakRssBytes: 1 },
    result: {
      score: count / ROWS,
      parameters: 1,
      right: packRightRows(Array.from({ length: ROWS }, (_, row) => row < count)),
    },
  }));
  return { arm: { name }, runs, scores: runs.map(({ result }) => 100 * result.score) };
}

function recordOf(method: readonly number[], linear: readonly number[], others: ReturnType<typeof arm>[] = []) {
  return experimentRecord({
    outcome: {
      ...{ name: 'distillation', metric: 'accuracy', seeds: method.map((_, i) => i + 1), settings: {} },
      ...{ arms: [arm('hinton', method), arm('linear', linear), ...others], seconds: 1, peakRssBytes: 1 },
    },
    question: '?',
    comparisons: [{ arm: 'hinton', over: 'linear' }],
    environment: {
      ...{ retort: '0', node: '0', onnxruntime: '0', platform: 'none', cpu: 'none', cores: 1, memoryBytes: 1 },
    },
    date: new Date(0),
  });
}

describe('baselineText', () => {
  test.each([
    [
      [360, 361, 362, 361, 360],
      [300, 300, 300, 300, 300],
      'hinton beats the linear baseline: 90.20 % against 75.00 %.',
    ],
    [
      [300, 301, 302, 301, 300],
      [360, 360, 360, 360, 360],
      'The linear baseline beats hinton: 90.00 % against 75.20 %.',
    ],
    [
      [300, 340, 310, 330, 320],
      [318, 318, 318, 318, 318],
      "Not shown that hinton beats the linear baseline: 80.00 % against 79.50 % (CAN'T TELL).",
    ],
  ])('says who wins, with the means', (method, linear, text) => {
    expect(baselineText(recordOf(method, linear))).toBe(text);
  });

  test('a linear student without a teacher is the baseline: nothing more is claimed', () => {
    const [scores, better] = [
      [300, 300, 300, 300, 300],
      [360, 361, 362, 361, 360],
    ] as const;
    const same = baselineText(recordOf(better, scores, [arm('no-teacher', scores)]));
    expect(same).toMatch(/^The linear baseline is no-teacher by another name: .* is said of both\.$/);
    const other = baselineText(recordOf(better, scores, [arm('no-teacher', better)]));
    expect(other).toMatch(/^hinton beats the linear baseline/);
  });

  test('nothing without such an arm', () => {
    const record = recordOf([300, 301], [300, 301]);
    expect(baselineText({ ...record, gains: [] })).toBeUndefined();
  });
});

describe('definedControls', () => {
  const all = ['no-teacher', 'linear', 'hard-labels', 'shuffled-teacher', 'label-smoothing'] as const;

  test('a baseline of n-grams is of texts alone', () => {
    const of = (isOfTexts: boolean) =>
      definedControls(all, { classes: 3, method: hinton(), isOfTexts, isLabelled: true }).controls;
    expect(of(true)).toEqual(all);
    expect(of(false)).toEqual(all.filter((name) => name !== 'linear'));
  });

  test('a regression keeps it and says what it leaves out; a method without a teacher has no shuffled one', () => {
    expect(definedControls(all, { classes: 1, method: supervised(), isOfTexts: true, isLabelled: true })).toEqual({
      controls: ['no-teacher', 'linear'],
      leftOut: [{ controls: ['hard-labels', 'label-smoothing'], needs: 'classes, and this is a regression' }],
    });
  });

  test('without labels what is left is what the teacher says', () => {
    expect(definedControls(all, { classes: 3, method: hinton(), isOfTexts: true, isLabelled: false })).toEqual({
      controls: ['hard-labels', 'shuffled-teacher'],
      leftOut: [
        { controls: ['no-teacher', 'linear', 'label-smoothing'], needs: 'labels, and no training row has one' },
      ],
    });
  });
});
