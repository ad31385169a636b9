import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SignalError } from '../../src/errors/failures.js';
import { openForward } from '../../src/models/forward.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { tokenizerHash } from '../../src/tokenizers/tokenizer-hash.js';
import { temporaryFolder } from '../files/processes.js';
import { blobs } from '../training/blobs.js';
import { STUDENT_VOCABULARY, savedBert, TEXTS, textData, tokenizerIn } from './text-models.js';

const root = temporaryFolder();
const own = await tokenizerIn(join(root, 'teacher'));
const students = await tokenizerIn(join(root, 'student'), STUDENT_VOCABULARY);
const data = textData(TEXTS, students);
const saved = savedBert();

/** The network on one text at a time, as its own tokenizer reads it. */
async function logitsOf(texts: readonly string[]): Promise<number[][]> {
  const forward = await openForward(saved.model, ['logits'], { threads: 1 });
  const rows: number[][] = [];
  for (const text of texts) {
    const { logits } = await forward.run(saved.weights, own.encode([text], undefined, { maxLength: 12 }));
    rows.push(Array.from(logits?.data as Float32Array));
  }
  await forward.release();
  return rows;
}

describe('textTeacher', () => {
  test("reads the texts with its own tokenizer, whatever the student's is", async () => {
    expect(tokenizerHash(own)).not.toBe(tokenizerHash(students));
    const teacher = textTeacher(saved, own, { maxLength: 12, threads: 1 });
    const answers = await teacher.answer(data, ['logits']);
    const rows = [TEXTS.length - 1, 0, 3];
    const wanted = await logitsOf(rows.map((row) => TEXTS[row] ?? ''));
    const { logits } = answers.batch(rows, 4);
    expect(logits?.shape).toEqual([4, 3]);
    [...wanted, wanted[0] ?? []].flat().forEach((value, i) => {
      // float32 in batches of other sizes.
      expect(logits?.data[i]).toBeCloseTo(value, 4);
    });
  });

  test('its classes are put into the order of the labels by their names', async () => {
    const teacher = textTeacher(saved, own, { maxLength: 12, threads: 1 });
    const notices: string[] = [];
    const turned = textTeacher(saved, own, {
      maxLength: 12,
      threads: 1,
      labelNames: ['Yes', 'no', 'maybe'],
      onNotice: (text) => notices.push(text),
    });
    expect(turned.labelNames).toEqual(['Yes', 'no', 'maybe']);
    expect(turned.contentHash).not.toBe(teacher.contentHash);
    expect(notices).toEqual(['teacher bert-1: its classes are taken by name, yes as Yes, no as no, maybe as maybe']);
    const [plain, put] = [await teacher.answer(data, ['logits']), await turned.answer(data, ['logits'])];
    const [no, maybe, yes] = Array.from(plain.batch([2], 1).logits?.data as Float32Array);
    expect(Array.from(put.batch([2], 1).logits?.data as Float32Array)).toEqual([yes, no, maybe]);
    // The same class twice is no order.
    expect(() => textTeacher(saved, own, { labelNames: ['yes', 'YES', 'no'] })).toThrow(SignalError);
  });

  test('is part of a step only if asked to be, and only with its classes in the order of the labels', () => {
    expect(textTeacher(saved, own).traced).toBeUndefined();
    const options = { isInStep: true, labelNames: ['no', 'maybe', 'yes'] };
    expect(textTeacher(saved, own, options).traced?.model).toBe(saved.model);
    expect(textTeacher(saved, own, { ...options, labelNames: ['yes', 'no', 'maybe'] }).traced).toBeUndefined();
  });

  test('classes without names are taken as they stand, and said so; other names are refused with both lists', () => {
    const notices: string[] = [];
    const unnamed = savedBert(1, ['LABEL_0', 'LABEL_1', 'LABEL_2']);
    const options = { labelNames: ['a', 'b', 'c'], onNotice: (text: string) => notices.push(text) };
    expect(textTeacher(unnamed, own, options).labelNames).toEqual(['a', 'b', 'c']);
    expect(notices).toEqual(['teacher bert-1 does not name its classes; they are taken to be a, b, c, in this order']);
    expect(() => textTeacher(saved, own, options)).toThrow(
      'teacher bert-1: wanted the labels of the data: a, b, c, got no, maybe, yes; use a teacher with the same labels',
    );
    expect(() => textTeacher(unnamed, own, { labelNames: ['a', 'b'] })).toThrow(SignalError);
  });

  test('what its answers depend on is in its hash; other data is refused', async () => {
    const hash = textTeacher(saved, own).contentHash;
    expect(textTeacher(savedBert(1), own).contentHash).toBe(hash);
    expect(textTeacher(savedBert(2), own).contentHash).not.toBe(hash);
    expect(textTeacher(saved, students).contentHash).not.toBe(hash);
    expect(textTeacher(saved, own, { maxLength: 12 }).contentHash).not.toBe(hash);
    await expect(textTeacher(saved, own).answer(blobs('train', 3), ['logits'])).rejects.toThrow(
      'teacher bert-1: wanted rows of text, got train, which has none',
    );
    expect(() => textTeacher(saved, own, { maxLength: 41 })).toThrow(
      'teacher bert-1, maxLength: wanted at most 40, its maximum, got 41',
    );
    await expect(textTeacher(saved, own).answer(data, ['hiddenStates'])).rejects.toThrow('trace the teacher');
  });
});
