import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetortError } from '../../src/errors/retort-error.js';
import { resolveModel } from '../../src/models/hugging-face-cache.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();

describe('resolveModel', () => {
  const cache = join(root, 'hub');
  const env = { HF_HUB_CACHE: cache };
  const repository = join(cache, 'models--sentence-transformers--all-MiniLM-L6-v2');

  test('a folder is itself; a name or short name is what main of the cache says', async () => {
    mkdirSync(join(repository, 'snapshots', 'abc'), { recursive: true });
    mkdirSync(join(repository, 'snapshots', 'def'), { recursive: true });
    mkdirSync(join(repository, 'refs'), { recursive: true });
    writeFileSync(join(repository, 'refs', 'main'), 'def\n');
    expect(await resolveModel(root, env)).toBe(root);
    expect(await resolveModel('minilm-l6', env)).toBe(join(repository, 'snapshots', 'def'));
    expect(await resolveModel('sentence-transformers/all-MiniLM-L6-v2', env)).toBe(
      join(repository, 'snapshots', 'def'),
    );
  });

  test('the small BERTs are found under the names that their authors gave them; without main, the only snapshot is it', async () => {
    const snapshot = join(cache, 'models--google--bert_uncased_L-2_H-128_A-2', 'snapshots', 'abc');
    mkdirSync(snapshot, { recursive: true });
    expect(await resolveModel('bert-tiny', env)).toBe(snapshot);
    mkdirSync(join(snapshot, '..', 'def'));
    await expect(resolveModel('bert-tiny', env)).rejects.toThrow(/hf download google\/bert_uncased_L-2_H-128_A-2$/);
  });

  test('a revision that leads out of the cache is refused', async () => {
    writeFileSync(join(repository, 'refs', 'main'), '../../../..');
    await expect(resolveModel('minilm-l6', env)).rejects.toThrow(
      /refs\/main: wanted the hash of a revision, got "\.\.\/\.\.\/\.\.\/\.\."/,
    );
  });

  test('any other name is one error that names the cache', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ minLength: 1, unit: 'binary' }),
          fc.constantFrom('../x/y', 'a/../b', 'x'.repeat(5000), 'a\0b'),
        ),
        async (name) => {
          const found = await resolveModel(`no-such-${name}`, env).catch((error: unknown) => error);
          expect(found).toBeInstanceOf(RetortError);
        },
      ),
      { numRuns: 100 },
    );
    await expect(resolveModel('minilm-l12', env)).rejects.toThrow(
      new RegExp(`a model in the hub's cache ${cache}, got neither; .*minilm-l6`),
    );
  });
});
