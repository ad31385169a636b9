import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensembleTeacher } from '../../src/teachers/ensemble-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { temporaryFolder } from '../files/processes.js';
import { readGolden } from '../losses/golden-cases.js';
import { expectNear, savedBert, TEXTS, textData, tokenizerIn } from './text-models.js';

const tokenizer = await tokenizerIn(join(temporaryFolder(), 'teacher'));
const data = textData(TEXTS.slice(0, 3), tokenizer);

/** Says these rows. */
function saying(rows: readonly (readonly number[])[], labelNames: readonly string[], name = 'said'): Teacher {
  return {
    name,
    provides: ['logits'],
    classes: labelNames.length,
    labelNames,
    contentHash: JSON.stringify(rows),
    answer: async () => ({
      signals: { logits: { dtype: 'float32', shape: [labelNames.length] } },
      batch: (wanted, paddedTo) => ({
        logits: fromNumbers(
          'float32',
          [paddedTo, labelNames.length],
          Array.from(wanted, (row) => rows[row] ?? rows[0] ?? []).flat(),
        ),
      }),
    }),
  };
}

type Case = { readonly inputs: { readonly teacher_logits_list: readonly (readonly (readonly number[])[])[] } };
const golden = readGolden<Record<string, Case>>('golden.json');
const lists = golden['mtdnn_kd/avg_probs_soft_plus_hard']?.inputs.teacher_logits_list ?? [];
const names = ['a', 'b', 'c'];
const softmax = (logits: ArrayLike<number>): number[] => {
  const powers = Array.from(logits, (value) => Math.exp(value));
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
};
const said = async (teacher: Teacher, row = 0) =>
  (await teacher.answer(data, ['logits'])).batch([row], 1).logits?.data as Float32Array;

describe('ensembleTeacher', () => {
  test("the mean of the members' probabilities", async () => {
    const members = lists.map((rows) => saying(rows, names));
    expect(members.length).toBeGreaterThan(1);
    const found = softmax(await said(ensembleTeacher(members)));
    // Witness: the method specification's table, Q of row 0.
    expectNear(found, [0.6115582066, 0.2561261877, 0.1323156057], 6);
  });

  test('or of their logits, which is another target; classes go by their names', async () => {
    const turned = saying([[6, 4, 5]], ['c', 'a', 'b'], 'turned');
    const found = await said(ensembleTeacher([saying([[1, 2, 3]], names), turned], { of: 'logits' }));
    expect(Array.from(found)).toEqual([2.5, 3.5, 4.5]);
  });

  test('the mean of one model and itself is that model; its hash is its members and its kind', async () => {
    const member = textTeacher(savedBert(), tokenizer, { threads: 1 });
    const twice = ensembleTeacher([member, member]);
    const [one, both] = [softmax(await said(member, 2)), softmax(await said(twice, 2))];
    expectNear(both, one, 6);
    expect(twice).toMatchObject({ reads: ['texts'], temperatures: 'any', classes: 3 });
    expect(ensembleTeacher([member, member], { of: 'logits' }).contentHash).not.toBe(twice.contentHash);
    expect(twice.threads).toBeUndefined();
    expect(ensembleTeacher([member, { ...member, threads: [2] }]).threads).toEqual([2]);
  });

  test.each([
    [() => ensembleTeacher([]), 'ensemble: wanted teachers, got none'],
    [
      () => ensembleTeacher([saying([[1, 2, 3]], names), saying([[1, 2]], ['a', 'b'], 'small')]),
      'ensemble, teacher small: wanted 3 classes, as said has, got 2',
    ],
    [
      () => ensembleTeacher([saying([[1, 2, 3]], names), saying([[1, 2, 3]], ['x', 'y', 'z'], 'other')]),
      'teacher other: wanted the labels of the data: a, b, c, got x, y, z',
    ],
  ])('refuses what has no mean', (make, message) => {
    expect(make).toThrow(message);
  });
});
