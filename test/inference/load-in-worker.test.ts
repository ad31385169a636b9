import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import type { load as loadHere } from '../../src/inference/load.js';
import type { loadInWorker as loadThere } from '../../src/inference/load-in-worker.js';
import type { Inference } from '../../src/inference/text-model.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { smallBert, TEXTS, VOCABULARY } from './text-student.js';

// A thread runs what is built.
const built = new URL('../../dist/entries/inference.js', import.meta.url).href;
const { load, loadInWorker } = (await import(built)) as {
  load: typeof loadHere;
  loadInWorker: typeof loadThere;
};

const root = temporaryFolder();
let here: Inference;
let there: Inference;

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  await saveOnnx(join(root, 'student'), { ...smallBert(), tokenizer: await loadTokenizer(root) });
  here = await load(join(root, 'student'), { threads: 1 });
  there = await loadInWorker(join(root, 'student'), { threads: 1 });
});
afterAll(async () => {
  await here.release();
  await there.release();
});

describe('loadInWorker', () => {
  test('answers as load does: facts, lists, single texts and streams', async () => {
    const { labels, maxLength, isTagger } = here;
    expect(there).toMatchObject({ labels, maxLength, isTagger });
    const wanted = await here.predict(TEXTS);
    expect(await there.predict(TEXTS)).toEqual(wanted);
    expect(await there.predict(TEXTS[0] ?? '')).toEqual([wanted[0]]);
    const streamed: unknown[] = [];
    for await (const answer of there.stream(TEXTS, { window: 7 })) streamed.push(answer);
    expect(streamed).toHaveLength(TEXTS.length);
    expect((streamed[8] as (typeof wanted)[0])?.label).toBe(wanted[8]?.label);
  });

  test('errors come back as what they are, bad rows by their number in the whole stream', async () => {
    await expect(there.predict(5 as unknown as string)).rejects.toThrow(/^predict: wanted a text/);
    await expect(there.tag(['a'])).rejects.toThrow('wanted a model that labels each word');
    const rows = ['a', 'b', 'c', null, 'd'] as string[];
    const errors: unknown[] = [];
    for await (const { error } of there.stream(rows, { window: 2 })) errors.push(error?.message);
    expect(errors[3]).toBe('text 4: wanted a text, or [text, pair], got null');
    const [bad] = await there.predict([7 as unknown as string]);
    expect(bad?.error).toMatchObject({ name: 'OptionError', where: 'text 1', exitCode: 2 });
    await expect(there.predict([() => 'a'] as unknown as string[])).rejects.toThrow(
      /^predict: wanted what can be sent/,
    );
    await expect(loadInWorker(join(root, 'nothing'))).rejects.toThrow('nothing: wanted an exported model');
    await expect(loadInWorker(join(root, 'student'), { maxLength: 1000 })).rejects.toThrow("the model's maximum");
  });

  test('this thread goes on while the other answers', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await there.predict(Array.from({ length: 20 }, () => TEXTS).flat());
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  test('a signal ends the call at once, and the model answers on', async () => {
    const controller = new AbortController();
    const call = there.predict(TEXTS, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(there.predict(TEXTS, { signal: controller.signal })).rejects.toThrow('enough');
    expect(await there.predict(TEXTS.slice(0, 3))).toHaveLength(3);
  });

  test('after release a call says so', async () => {
    const other = await loadInWorker(join(root, 'student'));
    await other.release();
    await expect(other.predict('a')).rejects.toThrow('worker: wanted a running worker, got one that was released');
  });
});
