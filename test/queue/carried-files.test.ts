import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BlobStore } from '../../src/queue/blob.js';
import { openBlobStore } from '../../src/queue/blob-store.js';
import { carrier } from '../../src/queue/carried-files.js';
import { carriedFilesSchema, isCarriedName, MOST_FILES } from '../../src/queue/carried-files.schema.js';
import { runModule, temporaryFolder } from '../files/processes.js';
import { served, sha256Of, TOKEN } from './serving.js';

const temporary = temporaryFolder();
let count = 0;
let from = '';
let to = '';
let kept = '';
beforeEach(() => {
  count += 1;
  [from, to, kept] = ['from', 'to', 'kept'].map((name) => join(temporary, String(count), name)) as [
    string,
    string,
    string,
  ];
  for (const path of [from, to, kept]) mkdirSync(path, { recursive: true });
});

function written(root: string, name: string, content: string): void {
  mkdirSync(join(root, name, '..'), { recursive: true });
  writeFileSync(join(root, name), content);
}
const names = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !statSync(join(path, name)).isDirectory())
    .sort();

const KINDS = {
  'a folder': () => openBlobStore(kept),
  'a server': async () => openBlobStore(await served(kept), { token: TOKEN, patienceMs: 0 }),
} as const;

describe.each(Object.entries(KINDS))('carrier over %s', (_, open) => {
  test('brings files to the same names elsewhere', async () => {
    const store = await open();
    const contents = { 'a.txt': 'abc', 'runs/kd-1/last.ckpt': 'weights', 'runs/kd-1/empty': '', 'é/ü ö': 'abc' };
    for (const [name, content] of Object.entries(contents)) written(from, name, content);
    const files = await carrier({ store, root: from }).put(Object.keys(contents));
    expect(files).toEqual(
      Object.entries(contents).map(([name, content]) => {
        return { name, sha256: sha256Of(content), bytes: Buffer.byteLength(content) };
      }),
    );
    // Through a job, as text.
    await carrier({ store, root: to }).take(JSON.parse(JSON.stringify(files)));
    expect(names(to)).toEqual(Object.keys(contents).sort());
    for (const [name, content] of Object.entries(contents)) expect(readFileSync(join(to, name), 'utf8')).toBe(content);
  });

  test('what is there with the same content stays, all else is replaced', async () => {
    const store = await open();
    for (const name of ['same', 'shorter', 'other', 'folder/x']) written(from, name, 'abc');
    const files = await carrier({ store, root: from }).put(['same', 'shorter', 'other', 'folder/x']);
    written(to, 'same', 'abc');
    written(to, 'shorter', 'ab');
    written(to, 'other', 'abd');
    const { ino } = statSync(join(to, 'same'));
    await carrier({ store, root: to }).take(files);
    expect(statSync(join(to, 'same')).ino).toBe(ino);
    for (const name of names(to)) expect(readFileSync(join(to, name), 'utf8')).toBe('abc');
    expect(names(to)).toEqual(['folder/x', 'other', 'same', 'shorter']);
  });

  test('a damaged file stops it, and has no name', async () => {
    const store = await open();
    for (const name of ['a', 'b']) written(from, name, name);
    const files = await carrier({ store, root: from }).put(['a', 'b']);
    const sha256 = sha256Of('b');
    writeFileSync(join(kept, sha256.slice(0, 2), sha256), 'c');
    await expect(carrier({ store, root: to }).take(files)).rejects.toThrow(`wanted content with the SHA-256 ${sha256}`);
    expect(names(to)).toEqual(['a']);
  });
});

/** Fails where it is asked for anything. */
const UNASKED: BlobStore = {
  where: 'nowhere',
  put: () => expect.fail('put'),
  has: () => expect.fail('has'),
  get: () => expect.fail('get'),
};

const BAD_NAMES: readonly string[] = [
  ...['', '.', '..', '/', '/etc/passwd', '../x', 'a/../x', 'a/..', 'a/.', './a', 'a//b', 'a/', '//a', 'a/../../x'],
  ...['a\\b', '..\\x', 'C:\\x', 'a\0', '\0', 'a\nb', 'a\u007f', 'a\u0085', '\ud800', 'a/\udfff'],
  ...['x'.repeat(256), 'é'.repeat(128), Array(5).fill('x'.repeat(205)).join('/'), Array(513).fill('a').join('/')],
];

describe('names of files that travel', () => {
  test.each(BAD_NAMES)('%j is none', async (name) => {
    expect(isCarriedName(name)).toBe(false);
    const root = to;
    await expect(carrier({ store: UNASKED, root }).put(['a', name])).rejects.toThrow('wanted a path inside a folder');
    const file = { name, sha256: sha256Of(''), bytes: 0 };
    const good = { ...file, name: 'a' };
    const failure = await carrier({ store: UNASKED, root })
      .take([good, file])
      .catch((error) => error);
    expect(failure.message).toContain('files of a job: 1.name: wanted names below a folder, hashes and sizes of files');
    expect(failure.message).toContain('use the same version of retort on every machine');
    expect(readdirSync(to)).toEqual([]);
  });

  test.each(['a', '.hidden', '...', 'a/b', '..a', 'a..', 'ü/日本', 'a b', 'C:', '-', '~', '%2e%2e', 'x'.repeat(255)])(
    '%j is one',
    (name) => expect(isCarriedName(name)).toBe(true),
  );

  test('no name leads out of its folder, or to the folder itself, whatever it is made of', () => {
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '/', '\\', '\0', 'a', '...', '//', '~', ':', '%2e', '\u2215', '\uff0e', '\n', ' '),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const name = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    let good = 0;
    fc.assert(
      fc.property(name, (tried) => {
        if (!isCarriedName(tried)) return;
        good += 1;
        const root = resolve('/folder/of/files');
        expect(resolve(root, tried).startsWith(root + sep)).toBe(true);
        expect(resolve(root, tried)).toBe(join(root, tried));
        expect(resolve(root, tried).slice(root.length + 1)).toBe(tried);
        expect(Buffer.from(tried, 'utf8').toString('utf8')).toBe(tried);
      }),
      { numRuns: 20_000, seed: 1 },
    );
    expect(good).toBeGreaterThan(1000);
  });

  test('a file can be written under every name that is taken', async () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const tried = fc.sample(name.filter(isCarriedName), { numRuns: 200, seed: 1 });
    const store = await openBlobStore(kept);
    written(from, 'x', 'abc');
    const [file] = await carrier({ store, root: from }).put(['x']);
    for (const [i, one] of tried.entries()) {
      const root = join(to, String(i));
      await carrier({ store, root }).take([{ ...file, name: one }]);
      expect(names(root)).toEqual([one]);
    }
  });
});

describe('carrier.take', () => {
  const FILE = { name: 'a', sha256: sha256Of(''), bytes: 0 };

  test.each([
    [undefined, ''],
    [null, ''],
    [{}, ''],
    ['a', ''],
    [[null], '0: '],
    [[{}], '0.name: '],
    [[{ ...FILE, bytes: -1 }], '0.bytes: '],
    [[{ ...FILE, bytes: 0.5 }], '0.bytes: '],
    [[{ ...FILE, bytes: 2 ** 53 }], '0.bytes: '],
    [[{ ...FILE, bytes: '0' }], '0.bytes: '],
    [[{ ...FILE, sha256: '../x' }], '0.sha256: '],
    [[{ ...FILE, sha256: FILE.sha256.toUpperCase() }], '0.sha256: '],
    [[{ ...FILE, path: '/etc/passwd' }], '0: '],
    [[FILE, { ...FILE, bytes: 1 }], ''],
    [Array.from({ length: MOST_FILES + 1 }, (_, i) => ({ ...FILE, name: String(i) })), ''],
  ])('refuses %j', async (given, place) => {
    const failure = await carrier({ store: UNASKED, root: to })
      .take(given)
      .catch((error) => error);
    expect(failure).toMatchObject({ name: 'FileError' });
    expect(failure.message).toMatch(new RegExp(`^files of a job: ${place}wanted names below a folder`));
  });

  test('a file in the way of a folder, or the other way round, is named', async () => {
    const store = await openBlobStore(kept);
    written(from, 'x', 'abc');
    const [file] = await carrier({ store, root: from }).put(['x']);
    for (const order of [
      ['a', 'a/b'],
      ['a/b', 'a'],
    ]) {
      const root = join(to, order.join('-then-').replaceAll('/', '.'));
      const files = order.map((name) => ({ ...file, name }));
      const failure = await carrier({ store, root })
        .take(files)
        .catch((error) => error);
      expect(failure).toMatchObject({ name: 'OutputError', where: expect.stringContaining(root) });
    }
  });

  test('killed at each change to a folder, it leaves whole files, and the next one completes them', async () => {
    const store = await openBlobStore(kept);
    const contents = { 'a/b/c': 'x'.repeat(300_000), 'a/d': 'abc', e: '' };
    for (const [name, content] of Object.entries(contents)) written(from, name, content);
    const files = await carrier({ store, root: from }).put(Object.keys(contents));
    const source = `
      import { carrier } from 'DIST/queue/carried-files.js';
      import { openBlobStore } from 'DIST/queue/blob-store.js';
      const [kept, root, files] = process.argv.slice(1);
      await carrier({ store: await openBlobStore(kept), root }).take(JSON.parse(files));`;
    let kills = 0;
    for (let n = 1; ; n += 3) {
      const root = join(to, String(n));
      mkdirSync(root);
      const fault = `SIGKILL before change * ${n}`;
      const { code } = await runModule(source, [kept, root, JSON.stringify(files)], { fault }).ended;
      for (const name of names(root).filter((found) => !found.endsWith('.tmp'))) {
        expect(readFileSync(join(root, name), 'utf8')).toBe(contents[name as keyof typeof contents]);
      }
      await carrier({ store, root }).take(files);
      expect(names(root)).toEqual(Object.keys(contents).sort());
      if (code === 0) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(3);
  });

  test('a link is replaced, not what it leads to', async () => {
    const store = await openBlobStore(kept);
    written(from, 'x', 'abc');
    const files = await carrier({ store, root: from }).put(['x']);
    written(from, 'elsewhere', 'as before');
    symlinkSync(join(from, 'elsewhere'), join(to, 'x'));
    await carrier({ store, root: to }).take(files);
    expect(readFileSync(join(from, 'elsewhere'), 'utf8')).toBe('as before');
    expect(readFileSync(join(to, 'x'), 'utf8')).toBe('abc');
  });
});

test('carriedFilesSchema takes as many files as it says', () => {
  const files = Array.from({ length: MOST_FILES }, (_, i) => ({ name: String(i), sha256: sha256Of(''), bytes: 0 }));
  expect(carriedFilesSchema.safeParse(files).success).toBe(true);
});
