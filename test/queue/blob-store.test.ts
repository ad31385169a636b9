import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { checked, writePieces } from '../../src/queue/blob-content.js';
import { openBlobStore } from '../../src/queue/blob-store.js';
import { FolderBlobs } from '../../src/queue/folder-blobs.js';
import { runModule, temporaryFolder } from '../files/processes.js';
import { served, sha256Of, TOKEN } from './serving.js';

/** What `sha256sum` of coreutils says of nothing, and of `abc` (FIPS 180-2, appendix B.1). */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

const root = temporaryFolder();
let count = 0;
let folder = '';
let kept = '';
let own = '';
beforeEach(() => {
  count += 1;
  folder = join(root, String(count));
  [kept, own] = [join(folder, 'kept'), join(folder, 'own')];
  for (const path of [kept, own]) mkdirSync(path, { recursive: true });
});

const ownFile = (name: string, content: Uint8Array | string): string => {
  writeFileSync(join(own, name), content);
  return join(own, name);
};
/** Names below a folder, and whether anything temporary is among them. */
const names = (path: string): string[] => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();

const KINDS = {
  'a folder': (signal?: AbortSignal) => openBlobStore(kept, { signal }),
  'a server': async (signal?: AbortSignal) =>
    openBlobStore(await served(kept), { token: TOKEN, patienceMs: 0, signal }),
} as const;

describe.each(Object.entries(KINDS))('openBlobStore of %s', (_, open) => {
  test.each([0, 1, 3 * 2 ** 18, 2 ** 20 + 7])('gives %i bytes back as they were put', async (bytes) => {
    const store = await open();
    const content = Uint8Array.from({ length: bytes }, (_, i) => (i * i) % 251);
    const blob = await store.put(ownFile('a', content));
    expect(blob).toEqual({ sha256: sha256Of(content), bytes });
    await store.get(blob, join(own, 'b'));
    expect(readFileSync(join(own, 'b')).equals(content)).toBe(true);
    expect(names(own)).toEqual(['a', 'b']);
  });

  test('names files by their SHA-256 in a subfolder of two digits', async () => {
    const store = await open();
    expect(await store.put(ownFile('a', ''))).toEqual({ sha256: EMPTY, bytes: 0 });
    expect(await store.put(ownFile('b', 'abc'))).toEqual({ sha256: ABC, bytes: 3 });
    expect(names(kept)).toEqual(['ba', `ba/${ABC}`, 'e3', `e3/${EMPTY}`]);
    expect(await store.has(ABC)).toBe(true);
    expect(await store.has(sha256Of('abd'))).toBe(false);
  });

  test('does not write again what is kept, and replaces what has another size', async () => {
    const store = await open();
    const place = join(kept, 'ba', ABC);
    await store.put(ownFile('a', 'abc'));
    const { ino } = statSync(place);
    await store.put(ownFile('other', 'abc'));
    expect(statSync(place).ino).toBe(ino);
    truncateSync(place, 2);
    await store.put(join(own, 'a'));
    expect(readFileSync(place, 'utf8')).toBe('abc');
    expect(names(kept)).toEqual(['ba', `ba/${ABC}`]);
  });

  test.each([
    ['ab', 'wanted 3 bytes, got 2'],
    ['', 'wanted 3 bytes, got 0'],
    ['abcd', 'wanted 3 bytes, got more'],
    ['abd', `wanted content with the SHA-256 ${ABC}, got ${sha256Of('abd')}`],
  ])('never gives "%s" for "abc"', async (content, message) => {
    const store = await open();
    const blob = await store.put(ownFile('a', 'abc'));
    writeFileSync(join(kept, 'ba', ABC), content);
    const into = ownFile('b', 'as before');
    const failure = await store.get(blob, into).catch((error) => error);
    expect(failure).toMatchObject({ name: 'FileError', message: expect.stringContaining(message) });
    expect(failure.message).toContain(`/${ABC}: `);
    expect(failure.fix).toMatch(/^the file is damaged.* put it into the store again$/);
    expect(readFileSync(into, 'utf8')).toBe('as before');
    expect(names(own)).toEqual(['a', 'b']);
  });

  test('says that it has no such file', async () => {
    const store = await open();
    await expect(store.get({ sha256: ABC, bytes: 3 }, join(own, 'b'))).rejects.toMatchObject({
      name: 'FileError',
      wanted: 'a file that was put into this store',
    });
    expect(names(own)).toEqual([]);
  });

  test('says what cannot be put', async () => {
    const store = await open();
    execFileSync('mkfifo', [join(own, 'pipe')]);
    for (const [name, got] of [
      ['none', 'nothing of that name'],
      ['', 'a folder'],
      ['pipe', 'a device or pipe'],
    ] as const) {
      await expect(store.put(join(own, name))).rejects.toMatchObject({ name: 'FileError', got });
    }
    expect(names(kept)).toEqual([]);
  });

  test('says where it cannot write', async () => {
    const store = await open();
    const blob = await store.put(ownFile('a', 'abc'));
    await expect(store.get(blob, join(own, 'no', 'b'))).rejects.toMatchObject({ name: 'OutputError' });
    mkdirSync(join(own, 'taken'));
    await expect(store.get(blob, join(own, 'taken'))).rejects.toMatchObject({
      name: 'OutputError',
      got: 'a folder of that name',
    });
    expect(names(own)).toEqual(['a', 'taken']);
  });

  test('ends when it is asked to', async () => {
    const stop = new AbortController();
    const store = await open(stop.signal);
    const blob = await store.put(ownFile('a', 'abc'));
    stop.abort();
    await expect(store.get(blob, join(own, 'b'))).rejects.toMatchObject({ name: 'InterruptedError' });
    await expect(store.put(ownFile('c', 'd'))).rejects.toMatchObject({ name: 'InterruptedError' });
    expect(names(own)).toEqual(['a', 'c']);
  });

  test('is of no use for what is no hash', async () => {
    const store = await open();
    for (const sha256 of ['', '..', ABC.toUpperCase(), `${ABC}0`, `../ba/${ABC}`, `${ABC}\n`]) {
      await expect(store.get({ sha256, bytes: 3 }, join(own, 'b'))).rejects.toThrow(
        'wanted a SHA-256 in 64 hexadecimal digits',
      );
    }
  });

  test('two that put the same at once keep one file', async () => {
    const store = await open();
    const paths = Array.from({ length: 8 }, (_, i) => ownFile(`a${i}`, 'abc'));
    await Promise.all(paths.map((path) => store.put(path)));
    expect(names(kept)).toEqual(['ba', `ba/${ABC}`]);
  });
});

describe('openBlobStore', () => {
  test.each([
    ['s3://bucket/x', 'got "s3://bucket/x"'],
    ['', 'got ""'],
    ['http://user:password@host', 'wanted an address such as http://coordinator:7070, without user name and query'],
    ['http://host/?a=b', 'got one with more'],
    ['http://', 'got http://'],
    [join(root, 'not-mounted'), 'wanted an existing folder that all machines see'],
  ])('refuses %s', async (where, message) => {
    await expect(openBlobStore(where, { token: TOKEN })).rejects.toThrow(message);
  });

  test.each([
    [undefined, 'got none'],
    ['', 'got none'],
    ['fifteen-letters', 'got 15 characters'],
    ['sixteen letters!', 'got one with spaces or other signs'],
    ['sixteen-letters\n', 'got one with spaces or other signs'],
  ])('refuses the token %j of a server', async (token, message) => {
    await expect(openBlobStore('http://127.0.0.1:1', { token })).rejects.toThrow(message);
    await expect(served(kept, { token: String(token ?? '') })).rejects.toThrow(message);
  });
});

describe('a file that changes while it is put', () => {
  test('is kept under no name', async () => {
    const path = ownFile('a', 'abc');
    class Changing extends FolderBlobs {
      override async sizeOf(sha256: string) {
        writeFileSync(path, 'abd');
        return super.sizeOf(sha256);
      }
    }
    await expect(new Changing(kept).put(path)).rejects.toThrow(
      `got ${sha256Of('abd')}; it changed while it was copied`,
    );
    expect(names(kept)).toEqual(['ba']);
  });
});

describe('writePieces', () => {
  test('leaves nothing where the pieces end in the middle', async () => {
    async function* cut() {
      yield new Uint8Array(10);
      throw new Error('cut');
    }
    const pieces = checked(cut(), { sha256: ABC, bytes: 20 }, { where: 'x', fix: 'y' });
    await expect(writePieces(join(own, 'a'), pieces)).rejects.toThrow('cut');
    expect(names(own)).toEqual([]);
  });
});

test('128 MiB are put and had over HTTP in memory for a few pieces', async () => {
  const source = `
    import { truncateSync, writeFileSync } from 'node:fs';
    import { serveBlobs } from 'DIST/queue/blob-server.js';
    import { openBlobStore } from 'DIST/queue/blob-store.js';
    const [folder] = process.argv.slice(1);
    const { port, close } = await serveBlobs({ folder, host: '127.0.0.1', port: 0, token: '${TOKEN}' });
    const store = await openBlobStore('http://127.0.0.1:' + port, { token: '${TOKEN}' });
    const once = async (name, bytes) => {
      writeFileSync(folder + name, 'x');
      truncateSync(folder + name, bytes);
      await store.get(await store.put(folder + name), folder + name + '-back');
      return process.resourceUsage().maxRSS;
    };
    const before = await once('small', 32 * 2 ** 20);
    console.log(((await once('large', 128 * 2 ** 20)) - before) / 1024);
    await close();`;
  const { stdout, stderr } = await runModule(source, [join(own, 'x')]).ended;
  expect(stderr).toBe('');
  // Both ends in one process, and when garbage is collected differs: a whole file in memory would be 96 MiB more.
  expect(Number(stdout)).toBeLessThan(64);
});
