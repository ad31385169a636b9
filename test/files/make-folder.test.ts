import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors/failures.js';
import { makeFolder } from '../../src/files/make-folder.js';
import { temporaryFolder } from './processes.js';

const root = temporaryFolder();

describe('makeFolder', () => {
  test('creates a folder with its parents, and accepts one that is there', async () => {
    const path = join(root, 'a', 'b', 'c');
    await makeFolder(path);
    await makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test('accepts a link to a folder', async () => {
    mkdirSync(join(root, 'real'));
    symlinkSync('real', join(root, 'link'));
    await makeFolder(join(root, 'link'));
    await makeFolder(join(root, 'link', 'below'));
    expect(statSync(join(root, 'real', 'below')).isDirectory()).toBe(true);
  });

  test('several calls for one path at once all succeed', async () => {
    const path = join(root, 'x', 'y', 'z');
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)));
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test('a file on the way, a file there, and a place that takes no folders are one error each', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(makeFolder(join(root, 'file', 'a', 'b'))).rejects.toThrow(`got a file at ${join(root, 'file')};`);
    await expect(makeFolder(join(root, 'file'))).rejects.toThrow('got a file of that name');
    // Node's recursive mkdir never came back from this.
    await expect(makeFolder('/proc/retort')).rejects.toThrow('got /proc, which takes no new files (ENOENT)');
    await expect(makeFolder('/proc/retort/deeper')).rejects.toBeInstanceOf(OutputError);
  });
});
