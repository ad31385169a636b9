import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { madeOf, PredictionFile } from '../../src/cli/commands/use/prediction-file.js';
import type { TextInput } from '../../src/inference/answer.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const MADE = 'a'.repeat(64);
const TEXTS = Array.from({ length: 25_000 }, (_, i) => `text ${i}`);

async function* source(texts: readonly TextInput[]): AsyncGenerator<TextInput, void> {
  yield* texts;
}

type Options = { readonly resume?: boolean; readonly overwrite?: boolean; readonly made?: string };

/** Answers with the text in capitals, `ahead` texts read before the first; fails after some. */
async function predicted(
  path: string,
  texts: readonly TextInput[],
  { failAfter = Infinity, ahead = 3, ...options }: Options & { failAfter?: number; ahead?: number } = {},
): Promise<PredictionFile | undefined> {
  const file = await PredictionFile.open({ path, made: MADE, resume: false, overwrite: false, ...options });
  if (file === undefined) return undefined;
  let isFinished = false;
  let answered = 0;
  try {
    let window: TextInput[] = [];
    const answer = async (): Promise<void> => {
      for (const one of window) {
        if (++answered > failAfter) throw new Error('a failure of the test');
        await file.add(String(one).toUpperCase());
      }
      window = [];
    };
    for await (const one of file.remaining(source(texts))) if (window.push(one) === ahead) await answer();
    await answer();
    await file.finish();
    isFinished = true;
  } finally {
    await file.close({ isFinished });
  }
  return file;
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
const WANTED = TEXTS.map((text) => text.toUpperCase());

describe('PredictionFile', () => {
  test('has a line for each text, and nothing is left beside it', async () => {
    const path = join(root, 'whole');
    expect((await predicted(path, TEXTS))?.rows).toBe(TEXTS.length);
    expect(linesOf(path)).toEqual(WANTED);
    for (const end of ['.part', '.part.json', '.lock']) expect(existsSync(path + end)).toBe(false);
  });

  test.each([0, 1, 3, 9_999, 10_000, 10_001, 24_999])(
    'a failure after %i lines is resumed there',
    async (failAfter) => {
      const path = join(root, `failed-${failAfter}`);
      await expect(predicted(path, TEXTS, { failAfter })).rejects.toThrow('a failure of the test');
      expect(existsSync(path)).toBe(false);
      const resumed = await predicted(path, TEXTS, { resume: true, ahead: 1000 });
      expect(resumed?.resumedAt).toBe(failAfter);
      expect(linesOf(path)).toEqual(WANTED);
      // Once more: it is complete.
      expect(await predicted(path, TEXTS, { resume: true })).toBeUndefined();
    },
  );

  test('lines that no state counts, as a kill leaves them, are cut off', async () => {
    const path = join(root, 'torn');
    await expect(predicted(path, TEXTS, { failAfter: 12_000 })).rejects.toThrow();
    writeFileSync(`${path}.part`, 'TEXT 12000\nTEXT 12', { flag: 'a' });
    await predicted(path, TEXTS, { resume: true });
    expect(linesOf(path)).toEqual(WANTED);
  });

  test('other texts, another model or a shorter file are refused', async () => {
    const path = join(root, 'others');
    await expect(predicted(path, TEXTS, { failAfter: 50 })).rejects.toThrow();
    const changed = TEXTS.with(7, 'another text');
    const said = 'others: wanted first the 50 texts whose predictions are there, got';
    await expect(predicted(path, changed, { resume: true })).rejects.toThrow(`${said} others (their SHA-256 differs)`);
    await expect(predicted(path, TEXTS.slice(0, 20), { resume: true })).rejects.toThrow(`${said} 20 texts in all`);
    // What comes after them may be new.
    await expect(predicted(path, TEXTS, { resume: true, made: 'b'.repeat(64) })).rejects.toThrow(
      'wanted the model, format and options that it was begun with, got others',
    );
    await expect(predicted(path, TEXTS)).rejects.toThrow(
      /others: wanted a new file, got one that was begun .*--resume/,
    );
    writeFileSync(`${path}.part`, 'TEXT 0\n');
    await expect(predicted(path, TEXTS, { resume: true })).rejects.toThrow(
      /others\.part: wanted at least \d+ bytes, got 7/,
    );
    writeFileSync(`${path}.part.json`, '{"format": "retort-predictions", "version": 1, "made": 5}');
    await expect(predicted(path, TEXTS, { resume: true })).rejects.toThrow(/others\.part\.json: made: wanted a text/);
    await predicted(path, TEXTS.slice(0, 3), { overwrite: true });
    expect(linesOf(path)).toEqual(WANTED.slice(0, 3));
    await expect(predicted(path, TEXTS)).rejects.toThrow(/wanted a new file, got one that is there/);
    await expect(predicted(path, TEXTS, { resume: true, overwrite: true })).rejects.toThrow(
      'wanted one of them, got both',
    );
  });

  test('two commands do not write one file', async () => {
    const path = join(root, 'locked');
    const options = { path, made: MADE, resume: false, overwrite: false };
    const file = await PredictionFile.open(options);
    await expect(PredictionFile.open({ ...options, resume: true })).rejects.toThrow(/locked/);
    await file?.close({ isFinished: false });
  });
});

describe('madeOf', () => {
  test('another file of the model, name or option is another', async () => {
    const folder = join(root, 'model');
    mkdirSync(join(folder, 'onnx'), { recursive: true });
    writeFileSync(join(folder, 'model.onnx'), 'a');
    writeFileSync(join(folder, 'README.md'), 'a');
    const before = await madeOf(folder, { format: 'tsv' });
    writeFileSync(join(folder, 'README.md'), 'b');
    expect(await madeOf(folder, { format: 'tsv' })).toBe(before);
    expect(await madeOf(folder, { format: 'jsonl' })).not.toBe(before);
    writeFileSync(join(folder, 'onnx', 'model.onnx'), 'a');
    const more = await madeOf(folder, { format: 'tsv' });
    expect(more).not.toBe(before);
    writeFileSync(join(folder, 'model.onnx'), 'b');
    expect(await madeOf(folder, { format: 'tsv' })).not.toBe(more);
    expect(await madeOf(join(folder, 'model.onnx'), {})).toHaveLength(64);
    await expect(madeOf(join(root, 'nothing'), {})).rejects.toThrow('nothing: wanted an existing file');
  });
});
