import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError, OptionError } from '../../src/errors/failures.js';
import { openAnyModel } from '../../src/models/any-model.js';
import { saveHuggingFace } from '../../src/models/hugging-face.js';
import { modelHash, saveModel } from '../../src/models/saved-model.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, VOCABULARY } from '../inference/text-student.js';

const root = temporaryFolder();
const run = join(root, 'run');
const checkpoint = join(run, 'last.ckpt');
const huggingFace = join(root, 'hub');

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  const tokenizer = await loadTokenizer(root);
  mkdirSync(run);
  await saveModel(checkpoint, { ...smallBert(), tokenizerFiles: tokenizer.files });
  await saveHuggingFace(huggingFace, { ...smallBert(), tokenizer });
});

describe('openAnyModel', () => {
  test('a run, its checkpoint, a Hugging Face folder and a name give the same model, its tokenizer in path', async () => {
    const find = async (name: string) => {
      expect(name).toBe('student');
      return huggingFace;
    };
    const places = [
      [run, checkpoint],
      [checkpoint, checkpoint],
      [huggingFace, huggingFace],
      ['student', huggingFace],
    ] as const;
    for (const [given, folder] of places) {
      const { path, model, weights, labelNames, contentHash, notices } = await openAnyModel(given, { find });
      expect(path).toBe(folder);
      expect(model.config).toEqual(smallBert().model.config);
      expect(labelNames).toEqual(LABELS);
      expect(contentHash).toBe(modelHash({ model, weights }));
      expect(notices).toEqual([]);
      expect((await loadTokenizer(path)).encodeRow('the film')).toEqual(
        (await loadTokenizer(root)).encodeRow('the film'),
      );
    }
  });

  test('what is neither is one message', async () => {
    await expect(openAnyModel(root)).rejects.toThrow(CheckpointError);
    await expect(openAnyModel(root)).rejects.toThrow(/wanted a checkpoint folder, got a folder without config.json/);
    writeFileSync(join(root, 'model.bin'), Uint8Array.of(0x50, 0x4b, 3, 4));
    await expect(openAnyModel(join(root, 'model.bin'))).rejects.toThrow(/got a pickle/);
    const notThere = join(root, 'missing\0');
    await expect(openAnyModel(notThere)).rejects.toThrow(CheckpointError);
  });
});

describe("a model's tokenizer", () => {
  test('lies beside it as it was read, and changes no hash', async () => {
    expect(readFileSync(join(checkpoint, 'vocab.txt'), 'utf8')).toBe(VOCABULARY);
    const bare = join(root, 'bare');
    await saveModel(bare, smallBert());
    expect((await openAnyModel(bare)).contentHash).toBe((await openAnyModel(checkpoint)).contentHash);
    expect(readFileSync(join(bare, 'config.json'), 'utf8')).toBe(readFileSync(join(checkpoint, 'config.json'), 'utf8'));
  });

  test.each(['../vocab.txt', 'config.json', 'model.safetensors', '.hidden', ''])(
    '%j is no name of its files',
    async (name) => {
      const tokenizerFiles = new Map([[name, 'x']]);
      await expect(saveModel(join(root, 'refused'), { ...smallBert(), tokenizerFiles })).rejects.toThrow(OptionError);
    },
  );
});
