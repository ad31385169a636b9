/** @file Epochs and steps of phases. Every expected number is worked out by hand. */
import { describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { hinton } from '../../../src/methods/hinton.js';
import type { Phase } from '../../../src/methods/method.js';
import { selfKd } from '../../../src/methods/self-kd.js';
import { takd } from '../../../src/methods/takd.js';
import { tinyBert } from '../../../src/methods/tinybert.js';
import { bert } from '../../../src/models/bert.js';
import { budgetsOf, lineageOf, studentSteps } from '../../../src/training/phases/phase-budgets.js';
import { words, wordTable } from '../../data/words.js';

const phase = (more: Partial<Phase>): Phase => ({ name: 'a', method: hinton(), ...more });
const first = phase({ share: 0.75 });
const second = phase({ share: 0.25, from: 'previous' });

describe('budgetsOf', () => {
  test.each([
    // Ends at 0.75 · 10 = 7.5, rounded 8, and at 10.
    [10, [8, 2]],
    [4, [3, 1]],
    // 0.75 rounds to 1; the second has its one at least.
    [1, [1, 1]],
  ])('%i epochs, shared 3 to 1, are %j', (epochs, wanted) => {
    expect(budgetsOf([first, second], { epochs }).map((budget) => budget.epochs)).toEqual(wanted);
  });

  test('steps are shared in the same way', () => {
    const budgets = budgetsOf([first, second], { epochs: 4, maxSteps: 10 });
    expect(budgets).toEqual([
      { epochs: 3, maxSteps: 8 },
      { epochs: 1, maxSteps: 2 },
    ]);
  });

  test('epochs that a phase names are taken off the next one’s', () => {
    const warm = phase({ epochs: 3 });
    expect(budgetsOf([warm, phase({ from: 'previous' })], { epochs: 8, maxSteps: 16 })).toEqual([
      { epochs: 3, maxSteps: 6 },
      { epochs: 5, maxSteps: 10 },
    ]);
  });

  test('a phase that starts anew has all of them', () => {
    expect(budgetsOf([first, second, phase({})], { epochs: 4 }).map(({ epochs }) => epochs)).toEqual([3, 1, 4]);
  });
});

describe('the student', () => {
  test('has been through the phases that its weights come from', () => {
    expect(lineageOf([first, second])).toEqual([0, 1]);
    expect(lineageOf([phase({}), first, second])).toEqual([1, 2]);
    expect(lineageOf([first, second, phase({})])).toEqual([2]);
  });

  test('its steps are theirs, each on its own rows', async () => {
    const model = bert({
      vocab_size: words.vocabularySize,
      hidden_size: 4,
      num_hidden_layers: 1,
      num_attention_heads: 1,
    });
    const rows = (count: number) => textDataset(wordTable('rows', count), words, { model });
    // 16 rows are 2 steps of 8, 40 are 5.
    const [length, data] = [
      { epochs: 4, batchSize: 8 },
      { train: rows(16), transfer: rows(40) },
    ] as const;
    expect(await studentSteps(tinyBert({ intermediateShare: 0.5 }), length, data)).toBe(4 * 5);
    // One epoch of labels, three that the snapshot answers.
    expect(await studentSteps(selfKd(), length, data)).toBe(2 + 3 * 5);
    // The assistants' steps are not the student's.
    expect(await studentSteps(takd(), length, data, ['assistant-1'])).toBe(4 * 5);
    expect(await studentSteps(hinton({ alpha: 0 }), length, data)).toBe(4 * 2);
  });
});
