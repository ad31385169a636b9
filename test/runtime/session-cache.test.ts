import { afterEach, describe, expect, test } from 'vitest';
import { openSession } from '../../src/runtime/session.js';
import { programKey, SessionCache } from '../../src/runtime/session-cache.js';
import { tensor } from '../../src/tensor/tensor.js';
import { binary } from './programs.js';

/** Stands for a session: remembers in `log` when it was opened and released. */
class Fake {
  constructor(
    readonly key: string,
    readonly log: string[],
  ) {
    log.push(`open ${key}`);
  }
  async release(): Promise<void> {
    this.log.push(`release ${this.key}`);
  }
}

const log: string[] = [];
afterEach(() => log.splice(0));
const opener = (key: string) => async () => new Fake(key, log);
const nothing = async () => {};

describe('SessionCache', () => {
  test('opens a key once, and releases the least recently used before it opens one too many', async () => {
    const cache = new SessionCache<Fake>(2);
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.use(key, opener(key), nothing);
    expect(log).toEqual(['open a', 'open b', 'release b', 'open c', 'release c', 'open b']);
    expect(cache.keys).toEqual(['a', 'b']);
  });

  test('holds four unless told otherwise', async () => {
    const cache = new SessionCache<Fake>();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await cache.use(key, opener(key), nothing);
    expect(cache.keys).toEqual(['b', 'c', 'd', 'e']);
  });

  test('two uses of a key at once share one session', async () => {
    const cache = new SessionCache<Fake>();
    const key = async ({ key }: Fake) => key;
    const both = [cache.use('a', opener('a'), key), cache.use('a', opener('other'), key)];
    expect(await Promise.all(both)).toEqual(['a', 'a']);
    expect(log).toEqual(['open a']);
  });

  test('a session in use is released only when its work is done', async () => {
    const cache = new SessionCache<Fake>(1);
    await cache.use('a', opener('a'), async () => {
      await cache.use('b', opener('b'), nothing);
      await cache.release();
      log.push('a works');
    });
    expect(log).toEqual(['open a', 'open b', 'release b', 'a works']);
    await cache.use('c', opener('c'), nothing);
    expect(log.slice(4)).toEqual(['release a', 'open c']);
  });

  test('work that fails frees its session and passes its error on', async () => {
    const cache = new SessionCache<Fake>(1);
    const failing = cache.use('a', opener('a'), () => Promise.reject(new Error('of the work')));
    await expect(failing).rejects.toThrow('of the work');
    await cache.release();
    expect(log).toEqual(['open a', 'release a']);
  });

  test('a session that failed to open is opened anew at the next use', async () => {
    const cache = new SessionCache<Fake>();
    const failing = cache.use('a', () => Promise.reject(new Error('no memory')), nothing);
    await expect(failing).rejects.toThrow('no memory');
    expect(cache.keys).toEqual([]);
    await cache.use('a', opener('a'), nothing);
    expect(log).toEqual(['open a']);
  });

  test('with real sessions: one evicted and used again computes as before', async () => {
    const cache = new SessionCache(1);
    const two = tensor('float32', [1], Float32Array.of(2));
    const values: (number | bigint | undefined)[] = [];
    for (const op of ['Add', 'Pow', 'Div', 'Add'] as const) {
      const program = binary(op, { dtype: 'float32', shape: [1] });
      const { z } = await cache.use(
        programKey(program),
        () => openSession(program, { threads: 1 }),
        (session) => session.run({ x: two, y: two }),
      );
      values.push(z?.data[0]);
    }
    expect(values).toEqual([4, 4, 1, 4]);
    await cache.release();
    expect(cache.keys).toEqual([]);
  });
});

describe('programKey', () => {
  test('is the SHA-256 of the bytes', () => {
    // witness: FIPS 180-2, appendix B.1: the digest of "abc"
    const abc = { bytes: new TextEncoder().encode('abc'), inputs: [], outputs: [] };
    expect(programKey(abc)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
