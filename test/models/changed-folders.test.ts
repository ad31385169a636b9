/** @file Folders of models that were changed after they had been written, by hand or by accident, and stay well formed. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { load } from '../../src/inference/load.js';
import { openAnyModel } from '../../src/models/any-model.js';
import { saveHuggingFace } from '../../src/models/hugging-face.js';
import { saveModel } from '../../src/models/saved-model.js';
import { loadTextModel } from '../../src/models/text-model.js';
import { onnxTeacher } from '../../src/teachers/onnx-teacher.js';
import { temporaryFolder } from '../files/processes.js';
import { savedBert, tokenizerIn } from '../teachers/text-models.js';

const root = temporaryFolder();
const FIXTURES = fileURLToPath(new URL('../fixtures/retort-0.1.0', import.meta.url));

type Told = (note: string) => void;
const READERS: Readonly<Record<string, (path: string, onNotice?: Told) => Promise<unknown>>> = {
  ours: (path, onNotice) => loadTextModel(path, { ...(onNotice && { onNotice }) }),
  hf: (path, onNotice) => openAnyModel(path, { onNotice }),
  onnx: async (path, onNotice) => (await load(path, { ...(onNotice && { onNotice }) })).release(),
};

beforeAll(async () => {
  const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
  const saved = savedBert();
  await saveModel(join(root, 'ours'), { ...saved, tokenizerFiles: tokenizer.files });
  await saveHuggingFace(join(root, 'hf'), { ...saved, tokenizer });
  await saveOnnx(join(root, 'onnx'), { ...saved, tokenizer });
});

function changed(kind: string, file: string, change: (text: string) => string): string {
  const path = join(root, 'changed');
  rmSync(path, { recursive: true, force: true });
  cpSync(join(root, kind), path, { recursive: true });
  const before = readFileSync(join(path, file), 'latin1');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(join(path, file), after, 'latin1');
  return path;
}

/** Two words with each other's ids. */
const permuted = (text: string): string =>
  text.replace(/"the":(\d+)/, '"of":$1').replace(/"of":(\d+)(?!.*"of")/s, '"the":$1');
const swapped = (text: string): string => text.replace('"yes"', '"?"').replace('"no"', '"yes"').replace('"?"', '"no"');

describe.each(Object.keys(READERS))('a changed folder: %s', (kind) => {
  const read = READERS[kind] as (typeof READERS)[string];

  test.each([
    ['the ids of words', 'tokenizer.json', permuted],
    ['the names of the classes', 'config.json', swapped],
    [
      'a size that weights do not show',
      'config.json',
      (text: string) => text.replace('attention_heads": 2', 'attention_heads": 4'),
    ],
  ])('%s', async (_, file, change) => {
    const path = changed(kind, file, change);
    await expect(read(path)).rejects.toThrow(
      `${join(path, file)}: wanted the file that was written, as in manifest.json, got another one (its SHA-256 differs)`,
    );
  });

  test('without its manifest, and as 0.1.0 wrote it, it is read with a note', async () => {
    const path = changed(kind, 'config.json', (text) => `${text}\n`);
    rmSync(join(path, 'manifest.json'));
    for (const folder of [path, join(FIXTURES, kind === 'ours' ? 'teacher/last.ckpt' : kind)]) {
      const notes: string[] = [];
      await read(folder, (note) => notes.push(note));
      expect(notes).toEqual([
        `${folder} has no manifest.json (from retort 0.1 or another tool), so changes to it are not detected`,
      ]);
    }
  });
});

test('weights of an export are held against its manifest, and so is an ONNX teacher', async () => {
  const flip = (text: string) => `${text.slice(0, -9)}${text.at(-9) === 'a' ? 'b' : 'a'}${text.slice(-8)}`;
  await expect(openAnyModel(changed('hf', 'model.safetensors', flip))).rejects.toThrow(
    'model.safetensors: wanted the file',
  );
  const path = changed('onnx', 'model.onnx', flip);
  await expect(load(path)).rejects.toThrow('model.onnx: wanted the file that was written');
  await expect(onnxTeacher(join(path, 'model.onnx'))).rejects.toThrow('model.onnx: wanted the file that was written');
});
