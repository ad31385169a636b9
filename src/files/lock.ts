import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OutputError } from '../errors/failures.js';
import { errorCode } from './file-failure.js';
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.js';
import { temporaryName } from './temporary.js';

/** A lock is created empty and filled at once; one that stays empty longer was left by a kill in between. */
const UNFILLED_AGE_MS = 2000;

export type Lock = {
  /** Gives the lock back. Does nothing if it is no longer ours. Synchronous, so that exit handlers may call it. */
  release(): void;
};

type Held = {
  /** Two locks that ever lay under one name differ in it. */
  readonly id: string;
  /** Absent while the file is still empty. */
  readonly owner: ProcessIdentity | undefined;
  readonly ageMs: number;
};

/**
 * Takes a lock file that names this process, or throws. A lock whose process has died, even by `kill -9`, is
 * taken over; of several processes that try at once exactly one wins.
 * @throws OutputError naming the process that holds it; errors of the file system as they come.
 */
export function acquireLock(path: string): Lock {
  take(path);
  const own = held(path)?.id;
  return {
    release: () => {
      if (held(path)?.id === own) rmSync(path, { force: true });
    },
  };
}

/** Whether a name in a locked folder belongs to the lock file or to one of its guards. */
export function isLockName(name: string, lockName: string): boolean {
  return name === lockName || name.startsWith(`${lockName}-after-`);
}

function take(path: string): void {
  for (;;) {
    if (createFilled(path)) return;
    const current = held(path);
    if (current === undefined) continue;
    if (!isAbandoned(current)) throw inUse(path, current);
    // Two processes that found the same dead lock compete for its guard, which is named after that very lock:
    // while one holds the guard, nobody else may touch the lock, and a latecomer finds another lock and starts over.
    const guard = `${path}-after-${current.id}`;
    take(guard);
    try {
      if (held(path)?.id === current.id) {
        overwrite(path);
        return;
      }
    } finally {
      rmSync(guard, { force: true });
    }
  }
}

/** @returns false if the file is there already. */
function createFilled(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx');
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeFileSync(fd, ownContent());
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return true;
}

function overwrite(path: string): void {
  const temporary = join(dirname(path), temporaryName());
  try {
    writeFileSync(temporary, ownContent(), { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function ownContent(): string {
  return `${JSON.stringify(thisProcess())}\n`;
}

/** What lies at the path now; `undefined` if nothing does. */
function held(path: string): Held | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { ino, mtimeNs, mtimeMs } = fstatSync(fd, { bigint: true });
    return {
      id: `${ino}-${mtimeNs}`,
      owner: parseOwner(readFileSync(fd, 'utf8')),
      ageMs: Date.now() - Number(mtimeMs),
    };
  } finally {
    closeSync(fd);
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    const { pid, started, machine, host }: Partial<Record<keyof ProcessIdentity, unknown>> = JSON.parse(text);
    const isOwner =
      Number.isSafeInteger(pid) &&
      typeof pid === 'number' &&
      pid > 0 &&
      typeof started === 'string' &&
      typeof machine === 'string' &&
      typeof host === 'string';
    return isOwner ? { pid, started, machine, host } : undefined;
  } catch {
    return undefined;
  }
}

function isAbandoned({ owner, ageMs }: Held): boolean {
  return owner === undefined ? ageMs > UNFILLED_AGE_MS : isRunning(owner) === false;
}

function inUse(path: string, { owner }: Held): OutputError {
  const folder = dirname(path);
  if (owner === undefined) {
    return new OutputError({
      where: folder,
      wanted: 'an output folder no other process uses',
      got: 'one that another process is just claiming',
      fix: 'wait a moment, or use another folder',
    });
  }
  const here = owner.machine === thisProcess().machine;
  const who = owner.pid === process.pid && here ? 'this very process' : `process ${owner.pid}`;
  return new OutputError({
    where: folder,
    wanted: 'an output folder no other process uses',
    got: `output folder in use by ${who}${here ? '' : ` on ${owner.host}`}`,
    fix: here ? 'wait for it or use another folder' : `use another folder, or delete ${path} if that process is gone`,
  });
}
