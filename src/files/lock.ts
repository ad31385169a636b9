/** @file Locks between processes, on one machine, in containers and on a folder that machines share. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, dirname, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, OutputError } from '../errors/failures.js';
import { outputFailure } from './file-failure.js';
import { startBeating } from './heartbeat.js';
import { createLock, type LockFile, readLock, replaceLock } from './lock-file.js';
import { OwnerWatch, STALE_MS } from './owner-watch.js';
import { type ProcessIdentity, thisProcess } from './process-identity.js';

/** The longest wait for an owner that lives, where one waits at all. */
export const PATIENCE_MS = 6 * 60 * 60 * 1000;
const POLL_MS = 250;
/** A shorter wait is not worth a line. */
const SAY_AFTER_MS = 1000;

const FOLDER_LOCK = '.lock';

export type Lock = {
  /** Gives the lock back. Does nothing if it is no longer ours. Synchronous, so that exit handlers may call it. */
  release(): void;
};

export type LockOptions = {
  /** Aborted: the wait ends. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for an owner that lives. Default: not at all. */
  readonly patienceMs?: number;
  /** What the lock is for. Default: of `.lock` its folder, of `FILE.lock` that file and `FILE.*`. */
  readonly guards?: Guarded;
  /** Told in one line of a wait. Default: standard error, whether the progress is shown or not. */
  readonly onWait?: (line: string) => void;
  /** Between two signs of life. Default: 5 s. */
  readonly beatMs?: number;
  readonly clock?: LockClock;
};

export type Guarded = { readonly path: string; readonly kind: 'folder' | 'file' };

export type LockClock = {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Ends early when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
};

type Kept = { readonly path: string; readonly id: string; readonly prefix: string };

const kept = new Set<Kept>();

/**
 * Takes a lock file, and keeps it by a sign of life every five seconds. One whose owner has died, even by `kill -9` or
 * with its machine, is taken over: at once where the owner can be seen from here, else when it has given no sign of
 * life for a minute. Of several processes that try at once exactly one wins.
 * @throws OutputError naming the process that holds it, or where it cannot be written; InterruptedError after `signal`.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const id = randomBytes(8).toString('hex');
  const { path: guarded, kind } = options.guards ?? namedAfter(path);
  try {
    await take(path, id, options);
  } catch (error) {
    throw outputFailure(error, guarded);
  }
  startBeating(path, id, options.beatMs);
  const lock = { path: resolve(path), id, prefix: resolve(guarded) + (kind === 'folder' ? sep : '') };
  kept.add(lock);
  return {
    release: () => {
      kept.delete(lock);
      if (readLock(path)?.id === id) rmSync(path, { force: true });
    },
  };
}

/**
 * To be called before anything is written under a lock.
 * @throws OutputError if this process has lost a lock that guards the path, as after a sleep of more than a minute.
 */
export function expectStillLocked(path: string): void {
  const target = resolve(path);
  for (const { path: lockPath, id, prefix } of kept) {
    if (!target.startsWith(prefix)) continue;
    const now = readLock(lockPath);
    if (now?.id === id) continue;
    throw new OutputError({
      where: lockPath,
      wanted: "this process's lock",
      got: now === undefined ? 'none: it was deleted' : `the lock of ${nameOf(now.owner)}`,
      fix: 'two processes would corrupt the files, so this one stops: let the other finish',
    });
  }
}

/** Whether a name in a locked folder belongs to the lock file or to one of its guards. */
export function isLockName(name: string, lockName: string): boolean {
  return name === lockName || name.startsWith(`${lockName}-after-`);
}

async function take(path: string, id: string, options: LockOptions): Promise<void> {
  const wait = new Wait(path, options);
  for (;;) {
    if (createLock(path, id)) return;
    const current = readLock(path);
    if (current === undefined || !(await wait.isDead(current))) continue;
    // Two processes that found the same dead lock compete for its guard, which is named after that very lock:
    // while one holds the guard, nobody else may touch the lock, and a latecomer finds another lock and starts over.
    const guard = `${path}-after-${current.id}`;
    await take(guard, id, { guards: namedAfter(path), ...options });
    try {
      // Not only the same lock: the same without a beat since.
      if (readLock(path)?.text === current.text) {
        replaceLock(path, id);
        return;
      }
    } finally {
      rmSync(guard, { force: true });
    }
  }
}

/** One who waits for a lock, and for how long. */
class Wait {
  readonly #path: string;
  readonly #options: LockOptions;
  readonly #clock: LockClock;
  readonly #begun: number;
  readonly #watch = new OwnerWatch();
  #isTold = false;

  constructor(path: string, options: LockOptions) {
    this.#path = path;
    this.#options = options;
    this.#clock = options.clock ?? { now: () => performance.now(), pause };
    this.#begun = this.#clock.now();
  }

  /**
   * Looks once, and pauses where it cannot be told yet.
   * @throws OutputError for an owner that lives, or may, once the patience is over; InterruptedError.
   */
  async isDead(lock: LockFile): Promise<boolean> {
    const now = this.#clock.now();
    const { isDead, runs, isUntold } = this.#watch.look(lock, now);
    if (isDead) return true;
    const { owner } = lock;
    const { patienceMs = 0, signal } = this.#options;
    const waited = now - this.#begun;
    if ((runs === true || isUntold || patienceMs > 0) && waited >= patienceMs) {
      throw this.#inUse(owner, runs === true);
    }
    if (waited >= SAY_AFTER_MS) this.#tell(owner);
    await this.#clock.pause(POLL_MS, signal);
    if (signal?.aborted) throw this.#interrupted();
    return false;
  }

  #tell(owner: ProcessIdentity | undefined): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const { patienceMs = 0, onWait = sayOnStderr } = this.#options;
    const stale = `no sign of life for ${STALE_MS / 1000} s`;
    const until = patienceMs === 0 ? `taken over after ${stale}` : `waiting until it is given back, or ${stale}`;
    onWait(`${this.#path} is the lock of ${nameOf(owner)}: ${until}`);
  }

  #inUse(owner: ProcessIdentity | undefined, isKnownToRun: boolean): OutputError {
    const { patienceMs = 0, guards = namedAfter(this.#path) } = this.#options;
    const { path: where, kind } = guards;
    const waited = patienceMs === 0 ? '' : `, after a wait of ${Math.round(patienceMs / 60_000)} min`;
    return new OutputError({
      where,
      wanted: `a ${kind} no other process uses`,
      got: `${kind} in use by ${nameOf(owner)}${waited}`,
      fix: isKnownToRun
        ? `wait for it or use another ${kind}`
        : `use another ${kind}, or delete ${this.#path} if that process is gone`,
    });
  }

  #interrupted(): InterruptedError {
    return new InterruptedError({
      where: this.#path,
      wanted: 'the lock of another process',
      got: 'a request to stop',
      fix: 'run the command again once that process has ended',
    });
  }
}

function namedAfter(path: string): Guarded {
  return basename(path) === FOLDER_LOCK
    ? { path: dirname(path), kind: 'folder' }
    : { path: path.slice(0, -FOLDER_LOCK.length), kind: 'file' };
}

/** In words, as somebody here would call it. */
export function nameOf(owner: ProcessIdentity | undefined): string {
  if (owner === undefined) return 'another process';
  const { pid, machine, namespace, host } = owner;
  const here = thisProcess();
  if (machine !== here.machine) return `process ${pid} on ${host}`;
  if (namespace !== undefined && namespace !== here.namespace) return `process ${pid} in another container of ${host}`;
  return pid === here.pid ? 'this process' : `process ${pid}`;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  // An abort is seen by whoever asked for the pause.
  await sleep(ms, undefined, signal && { signal }).catch(() => {});
}

/** Who waits without a word seems to hang. */
function sayOnStderr(line: string): void {
  process.stderr.write(`note: ${line}\n`);
}
