import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors/failures.js';
import { writeFileAtomic } from '../../src/files/atomic-write.js';
import { runModule, temporaryFolder } from './processes.js';

const root = temporaryFolder();

function folder(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

const WRITE = `
  import { writeFileAtomic } from 'DIST/files/atomic-write.js';
  const [path, size] = process.argv.slice(1);
  try { await writeFileAtomic(path, 'x'.repeat(Number(size))); console.log('written'); }
  catch (error) { console.log(error.name + ': ' + error.message); }
`;

describe('writeFileAtomic', () => {
  test('writes text and bytes, new and over what was there, and leaves nothing else', async () => {
    const path = join(folder('plain'), 'a.txt');
    await writeFileAtomic(path, 'first\n');
    expect(readFileSync(path, 'utf8')).toBe('first\n');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect(readdirSync(join(root, 'plain'))).toEqual(['a.txt']);
  });

  test('replaces the file and does not write into it, so that a reader of the old one keeps it', async () => {
    const path = join(folder('replace'), 'a');
    writeFileSync(path, 'old');
    const before = statSync(path).ino;
    await writeFileAtomic(path, 'new');
    expect(statSync(path).ino).not.toBe(before);
  });

  test('keeps the permissions of the file that it replaces', async () => {
    const path = join(folder('mode'), 'a');
    writeFileSync(path, 'secret');
    chmodSync(path, 0o600);
    await writeFileAtomic(path, 'still secret');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('writes through a symbolic link, relative and chained, and keeps the link', async () => {
    const path = folder('links');
    mkdirSync(join(path, 'below'));
    writeFileSync(join(path, 'below', 'real'), 'old');
    symlinkSync('below/real', join(path, 'inner'));
    symlinkSync(join(path, 'inner'), join(path, 'outer'));
    await writeFileAtomic(join(path, 'outer'), 'new');
    expect(readFileSync(join(path, 'below', 'real'), 'utf8')).toBe('new');
    expect(lstatSync(join(path, 'outer')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(path, 'inner')).isSymbolicLink()).toBe(true);
  });

  test('creates the file that a dangling link names', async () => {
    const path = folder('dangling');
    symlinkSync('later', join(path, 'link'));
    await writeFileAtomic(join(path, 'link'), 'new');
    expect(readFileSync(join(path, 'later'), 'utf8')).toBe('new');
  });

  test('a full device is one error, and the device stays one', async () => {
    await expect(writeFileAtomic('/dev/full', 'x')).rejects.toThrow(
      '/dev/full: wanted free space on the disk, got a full disk (ENOSPC); free some space or write elsewhere',
    );
    expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  test('a named pipe gets the bytes and stays a pipe', async () => {
    const path = join(folder('pipe'), 'fifo');
    execFileSync('mkfifo', [path]);
    const reader = runModule(
      `import { readFileSync } from 'node:fs'; console.log(readFileSync(process.argv[1], 'utf8'))`,
      [path],
    );
    await writeFileAtomic(path, 'through the pipe');
    expect((await reader.ended).stdout).toBe('through the pipe\n');
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  test.each(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])(
    '%s is the output that is open, in order',
    async (path) => {
      // The other end is a socket, which cannot be opened by that name.
      const { stdout } = await runModule(WRITE, [path, '3']).ended;
      expect(stdout).toBe('xxxwritten\n');
    },
  );

  test('a path below a regular file is an error that names the file', async () => {
    const file = join(folder('below'), 'file');
    writeFileSync(file, '');
    const path = join(file, 'deeper', 'a.txt');
    const writing = writeFileAtomic(path, 'x');
    await expect(writing).rejects.toBeInstanceOf(OutputError);
    await expect(writing).rejects.toThrow(
      `${path}: wanted a path through folders, got a file at ${file}; choose another path`,
    );
  });

  test.each([
    ['a folder', '.', 'wanted a file name, got a folder of that name; choose another name'],
    [
      'a folder that is missing',
      'none/a.txt',
      /wanted an existing folder to write into, got no folder .*none; create it first/,
    ],
    ['a name that is too long', 'x'.repeat(300), /got ENAMETOOLONG/],
  ])('%s is one error', async (_, name, message) => {
    await expect(writeFileAtomic(join(root, name), 'x')).rejects.toThrow(message);
    await expect(writeFileAtomic(join(root, name), 'x')).rejects.toBeInstanceOf(OutputError);
  });

  test('when the disk takes half of it, the old file stays and the temporary one goes', async () => {
    const path = join(folder('limit'), 'a');
    writeFileSync(path, 'old');
    // Any shell can set a size limit for files; a small disk needs rights that CI may lack.
    const { stdout } = await runModule(WRITE, [path, '1000000'], { shell: 'ulimit -f 1' }).ended;
    expect(stdout).toMatch(/^OutputError: .*\/limit\/a: wanted a file of this size, got a size limit \(EFBIG\)/);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(join(root, 'limit'))).toEqual(['a']);
  });

  test('killed before, in the middle of or after any of its calls, it leaves the old content or the new, whole', async () => {
    const path = join(folder('kill'), 'a');
    const source = `
      const { writeFileAtomic } = await import('DIST/files/atomic-write.js');
      await writeFileAtomic(process.argv[1], 'new'.repeat(100_000));
    `;
    const points = ['before open', 'after open', 'during write', 'after write', 'before rename', 'after rename'];
    const left: string[] = [];
    for (const point of points) {
      writeFileSync(path, 'old'.repeat(100_000));
      const { code } = await runModule(source, [path], { fault: `SIGKILL ${point} * 1` }).ended;
      expect(code, point).toBe(null);
      left.push(/^(old|new)\1{99999}$/.exec(readFileSync(path, 'utf8'))?.[1] ?? 'torn');
    }
    expect(left).toEqual(['old', 'old', 'old', 'old', 'old', 'new']);
  });
});
