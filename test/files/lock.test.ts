import fs, { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { acquireLock, isLockName } from '../../src/files/lock.js';
import { thisProcess } from '../../src/files/process-identity.js';
import { temporaryFolder } from './processes.js';

const root = temporaryFolder();
const DEAD = JSON.stringify({ ...thisProcess(), pid: 2 ** 22 + 1 });
const ALIVE = JSON.stringify(thisProcess());

function deadLock(name: string): string {
  mkdirSync(join(root, name));
  const path = join(root, name, '.lock');
  writeFileSync(path, DEAD);
  return path;
}

const guardOf = (path: string): string => {
  const { ino, mtimeNs } = statSync(path, { bigint: true });
  return `${path}-after-${ino}-${mtimeNs}`;
};

/** Lets something happen right before a file is created exclusively, as if another process had done it. */
const realOpen = fs.openSync;
function beforeCreating(wanted: (path: string) => boolean, happening: () => void): void {
  let isDone = false;
  fs.openSync = (path, flags, mode) => {
    if (!isDone && flags === 'wx' && wanted(String(path))) {
      isDone = true;
      happening();
    }
    return realOpen(path, flags, mode);
  };
  syncBuiltinESMExports();
}

afterEach(() => {
  fs.openSync = realOpen;
  syncBuiltinESMExports();
});

describe('acquireLock', () => {
  test('takes over a dead lock and leaves no guard', () => {
    const path = deadLock('dead');
    const lock = acquireLock(path);
    expect(readFileSync(path, 'utf8')).toBe(`${ALIVE}\n`);
    expect(readdirSync(dirname(path))).toEqual(['.lock']);
    lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('gives way to a process that is just taking the dead lock over', () => {
    const path = deadLock('guarded');
    writeFileSync(guardOf(path), ALIVE);
    expect(() => acquireLock(path)).toThrow('in use by this very process');
    expect(readFileSync(path, 'utf8')).toBe(DEAD);
  });

  test('takes over from a process that was killed while taking over', () => {
    const path = deadLock('guard dead too');
    writeFileSync(guardOf(path), DEAD);
    acquireLock(path).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('a latecomer that still thinks the lock dead does not take the new one', () => {
    const path = deadLock('late');
    const guard = guardOf(path);
    beforeCreating(
      (created) => created === guard,
      () => {
        fs.rmSync(path);
        writeFileSync(path, ALIVE);
      },
    );
    expect(() => acquireLock(path)).toThrow('in use by this very process');
    expect(readFileSync(path, 'utf8')).toBe(ALIVE);
    expect(readdirSync(dirname(path))).toEqual(['.lock']);
  });

  test('a latecomer whose dead lock was taken over and released gets a fresh one', () => {
    const path = deadLock('late and free');
    const guard = guardOf(path);
    beforeCreating(
      (created) => created === guard,
      () => fs.rmSync(path),
    );
    acquireLock(path).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('does not create a lock over one that has just come up', () => {
    mkdirSync(join(root, 'new'));
    const path = join(root, 'new', '.lock');
    beforeCreating(
      (created) => created === path,
      () => writeFileSync(path, ALIVE),
    );
    expect(() => acquireLock(path)).toThrow('in use by this very process');
  });
});

describe('isLockName', () => {
  test('knows the lock and its guards', () => {
    expect(['.lock', '.lock-after-1-2', '.lockfile', 'lock'].map((name) => isLockName(name, '.lock'))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
