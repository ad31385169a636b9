import { describe, expect, test } from 'vitest';
import type { Answer, TextInput } from '../../src/inference/answer.js';
import type { Row, RowWork } from '../../src/inference/row-windows.js';
import { EngineError } from '../../src/runtime/engine-error.js';
import { Batches, BusyError, CallerGone } from '../../src/server/batches.js';

/** Answers with the length of each text; a text 'bad' fails the batch that it is in, 'nan' its own row alone. */
function counting() {
  const batches: string[][] = [];
  let [running, most] = [0, 0];
  const work: RowWork<TextInput, Row & { readonly text: string }, Answer> = {
    encode: (input) => ({ first: { ids: [1, 2], typeIds: [0, 0] }, text: String(input) }),
    isReleased: () => false,
    run: async (rows) => {
      batches.push(rows.map(({ text }) => text));
      running += 1;
      most = Math.max(most, running);
      await new Promise((done) => setImmediate(done));
      running -= 1;
      if (rows.some(({ text }) => text === 'bad')) {
        throw new EngineError({ where: 'ONNX Runtime', wanted: 'the inference call to succeed', got: 'no' });
      }
      return (row) => {
        const { text } = rows[row] as (typeof rows)[number];
        if (text === 'nan') throw new Error('not finite');
        return { label: text, score: text.length, probabilities: [] };
      };
    },
  };
  return { batches, mostAtOnce: () => most, work: work as unknown as RowWork<TextInput, Row, Answer> };
}

describe('Batches', () => {
  test('what waits while one runs is the next batch, of 32 at most; a full one is sent on before that', async () => {
    const { batches, work, mostAtOnce } = counting();
    const line = new Batches(work, 1000);
    const texts = Array.from({ length: 70 }, (_, i) => `text ${i}`);
    const answers = await Promise.all(texts.map((text) => line.answer(line.encode(text))));
    expect(answers.map(({ label }) => label)).toEqual(texts);
    expect(batches.map(({ length }) => length)).toEqual([1, 32, 32, 5]);
    expect(mostAtOnce()).toBe(2);
    expect([line.calls, line.rows, line.waiting]).toEqual([4, 70, 0]);
  });

  test('a row at fault harms no other in its batch', async () => {
    const { work } = counting();
    const line = new Batches(work, 1000);
    const texts = ['first', 'a', 'bad', 'b', 'nan', 'c'];
    const ends = await Promise.allSettled(texts.map((text) => line.answer(line.encode(text))));
    expect(ends.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, false, true]);
  });

  test('is bounded, and takes rows again when there is room', async () => {
    const { work } = counting();
    const line = new Batches(work, 2);
    const first = line.answer(line.encode('runs'));
    const waiting = [line.answer(line.encode('a')), line.answer(line.encode('b'))];
    await expect(line.answer(line.encode('c'))).rejects.toThrow(BusyError);
    expect(() => line.expectRoom(1)).toThrow(BusyError);
    await Promise.all([first, ...waiting]);
    expect((await line.answer(line.encode('c'))).label).toBe('c');
  });

  test('a row whose caller is gone is not run', async () => {
    const { batches, work } = counting();
    const line = new Batches(work, 1000);
    const caller = { isGone: false };
    const first = line.answer(line.encode('runs'));
    const second = line.answer(line.encode('gone'), caller);
    const third = line.answer(line.encode('stays'));
    caller.isGone = true;
    await expect(second).rejects.toThrow(CallerGone);
    await Promise.all([first, third]);
    expect(batches).toEqual([['runs'], ['stays']]);
  });
});
