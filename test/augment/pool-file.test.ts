import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { augmentedRows } from '../../src/augment/augmentation.js';
import { writePool } from '../../src/augment/pool-file.js';
import { tang } from '../../src/augment/tang.js';
import { readTextTable } from '../../src/data/read-text-table.js';
import { textTable } from '../../src/data/text-table.js';
import { collected } from './collected.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-pool-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const path = (name: string): string => join(scratch, name);

// A row without words gives no texts, in the middle and at the end.
const table = textTable('reviews', {
  texts: ['good film', 'the plot is a “good” one — naïve', ' ', 'bad', 'a very long plot with no end', ''],
  ids: ['1', '11', '2', 'x/1', '7', '8'],
});
const masking = tang({ copies: 4, maskRate: 0.4, posRate: 0 });
const stateOf = (file: string) => JSON.parse(readFileSync(`${file}.state.json`, 'utf8'));
const forgetWhole = (file: string): void => {
  const { whole: _whole, ...rest } = stateOf(file);
  writeFileSync(`${file}.state.json`, JSON.stringify(rest));
};

describe('writePool', () => {
  test('the file has the texts of augmentedRows, and is read as a table of texts', async () => {
    const file = path('made/pool.jsonl');
    const made = await writePool(file, table, masking, { seed: 3 });
    const rows = await collected(augmentedRows(table, masking, { seed: 3 }));
    expect(readFileSync(file, 'utf8')).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect(made).toEqual({ status: 'made', texts: rows.length });
    const read = await readTextTable(file, { id: 'id' });
    expect(read.texts).toEqual(rows.map(({ text }) => text));
    expect(read.ids).toEqual(rows.map(({ id }) => id));
  });

  test('cut off after any byte and resumed, it ends in the same bytes', async () => {
    const file = path('cut.jsonl');
    await writePool(file, table, masking);
    const whole = readFileSync(file, 'utf8');
    const { length } = Buffer.from(whole);
    expect(length).toBeGreaterThan(500);
    for (let bytes = length; bytes >= 0; bytes -= 7) {
      truncateSync(file, bytes);
      forgetWhole(file);
      await writePool(file, table, masking, { resume: true });
      expect(readFileSync(file, 'utf8'), `cut after ${bytes} bytes`).toBe(whole);
    }
  });

  test('a row with more texts than a first look takes is found too', async () => {
    const file = path('long.jsonl');
    const long = textTable('long', { texts: ['one', `word ${'x'.repeat(4000)} `.repeat(3), 'two'] });
    const many = tang({ copies: 30, maskRate: 0.5, posRate: 0, ngramRate: 0 });
    await writePool(file, long, many);
    const whole = readFileSync(file, 'utf8');
    const secondRow = whole.split('\n').filter((line) => line.includes('"from":"2"'));
    truncateSync(file, whole.indexOf(secondRow.at(-1) ?? '') + 9);
    forgetWhole(file);
    expect(secondRow.join('').length).toBeGreaterThan(2 ** 16);
    await writePool(file, long, many, { resume: true });
    expect(readFileSync(file, 'utf8')).toBe(whole);
  });

  test('made of the same things it is left as it is; of others it is not touched', async () => {
    const file = path('again.jsonl');
    const { texts } = await writePool(file, table, masking);
    const before = readFileSync(file, 'utf8');
    expect(await writePool(file, table, masking)).toEqual({ status: 'already-made', texts });
    await expect(writePool(file, table, masking, { seed: 1 })).rejects.toThrow(
      'got one with another seed; overwrite it, or choose another file',
    );
    const other = textTable('other', { ...table, texts: table.texts.with(0, 'fine film') });
    await expect(writePool(file, other, masking, { resume: true })).rejects.toThrow('resuming with another texts');
    const fewer = tang({ copies: 3, maskRate: 0.4, posRate: 0 });
    await expect(writePool(file, table, fewer, { resume: true })).rejects.toThrow(
      'resuming with another copies: wanted 4, as at the start, got 3',
    );
    const madeUp: object = { madeUp: 1 };
    await expect(writePool(file, table, masking, { resume: true, ...madeUp })).rejects.toThrow(
      'resuming with another madeUp: wanted none, as at the start, got 1',
    );
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect((await writePool(file, table, fewer, { overwrite: true })).texts).toBeLessThan(texts);
    forgetWhole(file);
    await expect(writePool(file, table, fewer)).rejects.toThrow('got an unfinished one; resume to continue it');
    writeFileSync(path('mine.jsonl'), 'mine\n');
    await expect(writePool(path('mine.jsonl'), table, fewer, { resume: true })).rejects.toThrow(
      'got a file that is not a pool of texts',
    );
  });

  test('an interruption stops after the row under way, and says how to go on', async () => {
    const file = path('stopped.jsonl');
    const stop = new AbortController();
    const stopping = {
      ...masking,
      copies: (...given: Parameters<typeof masking.copies>) => {
        stop.abort();
        return masking.copies(...given);
      },
    };
    // A minute a look: each row is slow enough for the event loop to get a turn after it.
    let clock = 0;
    const watch = vi.spyOn(performance, 'now').mockImplementation(() => (clock += 60_000));
    await expect(writePool(file, table, stopping, { signal: stop.signal })).rejects.toThrow(
      /an interruption after row 1; the finished ones are in .*stopped.jsonl: run the same command with --resume/,
    );
    watch.mockRestore();
    await writePool(file, table, masking, { resume: true });
    await writePool(path('whole.jsonl'), table, masking);
    expect(readFileSync(file, 'utf8')).toBe(readFileSync(path('whole.jsonl'), 'utf8'));
  });
});
