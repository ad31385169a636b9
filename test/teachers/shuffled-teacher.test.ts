import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import { SignalError } from '../../src/errors/failures.js';
import { bilstm } from '../../src/models/bilstm.js';
import { mlp } from '../../src/models/mlp.js';
import type { SavedModel } from '../../src/models/model.js';
import { modelHash } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import { scoreGroups, shuffledTeacher } from '../../src/teachers/shuffled-teacher.js';
import { words, wordTable } from '../data/words.js';
import { blobs, CLASSES, PIXELS } from '../training/blobs.js';

const ROWS = 90;
const data = blobs('train', ROWS);
const unlabelled = blobs('train', ROWS, { isLabelled: false });
const all = Uint32Array.from({ length: ROWS }, (_, row) => row);

function saved(): SavedModel {
  const model = mlp({ inputs: PIXELS, hidden: [6], classes: CLASSES });
  const weights = initialiseParameters(model.parameters, 1);
  return { path: 'teacher', model, weights, labelNames: ['a', 'b', 'c'], contentHash: modelHash({ model, weights }) };
}
const teacher = modelTeacher(saved(), { threads: 1 });
const seen = async (seed: number, rows = data) => {
  const shuffled = await shuffledTeacher(teacher, rows, seed);
  return Array.from(all, (row) => shuffled.traced?.seenRow?.(row) ?? row);
};

describe('shuffledTeacher', () => {
  test('every row sees another row of its class, and every row is seen once', async () => {
    const labels = Array.from(data.batch(all).labels?.data ?? [], Number);
    const partners = await seen(7);
    for (const row of all) {
      expect(partners[row]).not.toBe(row);
      expect(labels[partners[row] as number]).toBe(labels[row]);
    }
    expect([...partners].sort((a, b) => a - b)).toEqual(Array.from(all));
  });

  test('who sees whom is a function of the seed', async () => {
    expect(await seen(7)).toEqual(await seen(7));
    expect(await seen(8)).not.toEqual(await seen(7));
    const [first, second] = [await shuffledTeacher(teacher, data, 7), await shuffledTeacher(teacher, data, 8)];
    expect(new Set([teacher, first, second].map(({ contentHash }) => contentHash)).size).toBe(3);
  });

  test("its answers are the teacher's to the rows that are seen, padding included", async () => {
    const partners = await seen(7);
    const shuffled = await shuffledTeacher(teacher, data, 7);
    const answers = await shuffled.answer(data, ['logits']);
    const plain = await teacher.answer(data, ['logits']);
    const rows = Uint32Array.of(5, 80, 3);
    const wanted = plain.batch(
      Uint32Array.from(rows, (row) => partners[row] as number),
      5,
    );
    expect(answers.batch(rows, 5)).toEqual(wanted);
  });

  test('rows without a label are shuffled within the classes that the teacher predicts', async () => {
    const logits = (await teacher.answer(unlabelled, ['logits'])).batch(all, ROWS).logits?.data as Float32Array;
    const predicted = (row: number) => {
      const values = Array.from(logits.subarray(row * CLASSES, (row + 1) * CLASSES));
      return values.indexOf(Math.max(...values));
    };
    // An untrained teacher, so that its classes are not the labels'.
    expect(new Set(Array.from(all, predicted)).size).toBeGreaterThan(1);
    const partners = await seen(7, unlabelled);
    for (const row of all) expect(predicted(partners[row] as number)).toBe(predicted(row));
    const silent = { ...teacher, provides: [] };
    await expect(shuffledTeacher(silent, unlabelled, 7)).rejects.toThrow(SignalError);
  });

  test('refuses rows that it was not shuffled for', async () => {
    const shuffled = await shuffledTeacher(teacher, data, 7);
    await expect(shuffled.answer(blobs('other', ROWS), ['logits'])).rejects.toThrow(
      'teacher teacher, shuffled: wanted the rows that were shuffled, of train, got other',
    );
  });
});

describe('shuffledTeacher of a regression', () => {
  const { texts } = wordTable('train', ROWS, { seed: 1 });
  const scores = Float32Array.from(texts, (text) => text.length);
  const model = bilstm({
    ...{ vocab_size: words.vocabularySize, embedding_size: 3, hidden_size: 2, dense_size: 3, num_labels: 1 },
  });
  const weights = initialiseParameters(model.parameters, 1);
  const named = { path: 'scorer', model, weights, labelNames: [], contentHash: modelHash({ model, weights }) };
  const scorer = modelTeacher(named, { threads: 1 });
  const scored = (given: Float32Array) => textDataset(textTable('train', { texts, scores: given }), words, { model });
  const partnersIn = async (given: Float32Array) => {
    const { traced } = await shuffledTeacher(scorer, scored(given), 7);
    return Array.from(all, (row) => traced?.seenRow?.(row) ?? row);
  };

  test('every row sees another of its fifth of the scores', async () => {
    const groups = scoreGroups(scores);
    const partners = await partnersIn(scores);
    expect(new Set(groups).size).toBe(5);
    for (const row of all) {
      expect(partners[row]).not.toBe(row);
      expect(groups[partners[row] as number]).toBe(groups[row]);
    }
  });

  test('a row without a score is taken by the teacher’s', async () => {
    const given = scores.map((score, row) => (row % 3 === 0 ? Number.NaN : score));
    const said = (await scorer.answer(scored(given), ['logits'])).batch(all, ROWS).logits?.data as Float32Array;
    const groups = scoreGroups(given.map((score, row) => (Number.isNaN(score) ? (said[row] as number) : score)));
    const partners = await partnersIn(given);
    for (const row of all) expect(groups[partners[row] as number]).toBe(groups[row]);
  });
});

describe('scoreGroups', () => {
  test('are fifths from the lowest, whatever the order', () => {
    // by hand: of 10 scores two in each
    const scores = Float32Array.of(9, 0, 3, 7, 1, 2, 8, 4, 6, 5);
    expect([...scoreGroups(scores)]).toEqual([4, 0, 1, 3, 0, 1, 4, 2, 3, 2]);
  });

  test('keep equal scores together', () => {
    const groups = scoreGroups(Float32Array.of(1, 1, 1, 1, 5, 1, 1));
    expect(new Set([0, 1, 2, 3, 5, 6].map((row) => groups[row])).size).toBe(1);
    expect(groups[4]).not.toBe(groups[0]);
  });

  test('are one for a single row', () => {
    expect(scoreGroups(Float32Array.of(2.5))).toHaveLength(1);
  });
});
