import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileError, OutputError } from '../../src/errors/failures.js';
import { appendJsonLine, openLineLog, openLineReader, readJsonLines } from '../../src/files/json-lines.js';
import { temporaryFolder } from './processes.js';

const root = temporaryFolder();

describe('appendJsonLine', () => {
  test('adds lines that readJsonLines gives back in order', async () => {
    const path = join(root, 'log');
    appendJsonLine(path, { step: 1, text: 'two\nlines' });
    appendJsonLine(path, { step: 2 });
    expect(await readJsonLines(path)).toEqual([{ step: 1, text: 'two\nlines' }, { step: 2 }]);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);
  });

  test.each(['{"step":2,"lo', 'x'.repeat(200_000), '{"step":2}'])(
    'cuts off a torn last line first (%#)',
    async (torn) => {
      const path = join(root, `torn ${torn.length}`);
      writeFileSync(path, '{"step":1}\n');
      appendFileSync(path, torn);
      appendJsonLine(path, { step: 3 });
      expect(await readJsonLines(path)).toEqual([{ step: 1 }, { step: 3 }]);
    },
  );

  test('starts anew on a file of one torn line', async () => {
    const path = join(root, 'only torn');
    writeFileSync(path, '{"st');
    appendJsonLine(path, { step: 1 });
    expect(readFileSync(path, 'utf8')).toBe('{"step":1}\n');
  });

  test('a full disk is one error', () => {
    expect(() => appendJsonLine('/dev/full', {})).toThrow(OutputError);
    expect(() => appendJsonLine('/dev/full', {})).toThrow('/dev/full: wanted free space on the disk');
  });
});

describe('openLineLog', () => {
  test('says where each line is, after a torn one was cut, and gives it back', async () => {
    const path = join(root, 'places');
    writeFileSync(path, '{"é":1}\n{"to');
    const log = openLineLog(path);
    // Bytes by hand: é has two.
    expect([log.append({ a: 'é' }), log.append({})]).toEqual([
      { at: 9, bytes: 10 },
      { at: 20, bytes: 2 },
    ]);
    expect(log.read({ at: 9, bytes: 10 })).toBe('{"a":"é"}');
    await Promise.all([log.synced(), log.synced(), log.synced()]);
    log.close();
    const reader = openLineReader(path);
    expect(reader.read({ at: 0, bytes: 8 })).toBe('{"é":1}');
    reader.close();
    expect(() => openLineReader(join(root, 'missing'))).toThrow(FileError);
  });
});

describe('readJsonLines', () => {
  test('leaves out a torn last line', async () => {
    const path = join(root, 'torn');
    writeFileSync(path, '{"step":1}\n{"step":2');
    expect(await readJsonLines(path)).toEqual([{ step: 1 }]);
  });

  test('names a broken line before the last by its number', async () => {
    const path = join(root, 'broken');
    writeFileSync(path, '{"step":1}\n{"st{"step":2}\n{"step":3}\n');
    await expect(readJsonLines(path)).rejects.toBeInstanceOf(FileError);
    await expect(readJsonLines(path)).rejects.toThrow(`${path}:2: wanted one JSON value, got {"st{"step":2}`);
  });

  test('names a file that is missing', async () => {
    const path = join(root, 'none');
    await expect(readJsonLines(path)).rejects.toThrow(`${path}: wanted an existing file, got nothing of that name`);
  });
});
