import fs, { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { InterruptedError, OutputError } from '../../src/errors/failures.js';
import { writeFileAtomic } from '../../src/files/atomic-write.js';
import { appendJsonLine, openLineLog } from '../../src/files/json-lines.js';
import { acquireLock, isLockName, type LockOptions, PATIENCE_MS } from '../../src/files/lock.js';
import { STALE_MS } from '../../src/files/owner-watch.js';
import { type ProcessIdentity, thisProcess } from '../../src/files/process-identity.js';
import { replaceFolderAtomic } from '../../src/files/replace-folder.js';
import { runModule, temporaryFolder } from './processes.js';

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

/** A clock that moves while it is waited for, and what happens meanwhile, by the millisecond. */
function waiting(happenings: Readonly<Record<number, () => void>> = {}) {
  const begun = 1e9;
  let ms = 0;
  const told: string[] = [];
  const options: LockOptions = {
    onWait: (line) => told.push(line),
    clock: {
      now: () => begun + ms,
      pause: async (pauseMs) => {
        ms += pauseMs;
        happenings[ms]?.();
      },
    },
  };
  return { options, told, ms: () => ms };
}

const lockText = (owner: Partial<ProcessIdentity>, beats?: number): string => {
  const beat = beats === undefined ? {} : { beat: String(beats).padStart(9, '0'), id: 'theirs' };
  return `${JSON.stringify({ ...beat, ...thisProcess(), ...owner })}\n`;
};

/** A folder locked by another process, as its lock file would tell. */
function lockedBy(name: string, owner: Partial<ProcessIdentity>, text: string = lockText(owner, 0)): string {
  mkdirSync(join(root, name));
  const path = join(root, name, '.lock');
  writeFileSync(path, text);
  return path;
}

let pods = 0;
/** Of a process that no other test has seen die. */
const otherPod = () => ({ pid: 7, started: String(++pods), machine: '00000000', host: 'pod-a', namespace: 'pid:[1]' });
/** Its number is no process here. */
const otherContainer = () => ({ pid: 2 ** 22 + 1, started: String(++pods), namespace: 'pid:[1]' });
/** As retort 0.1 wrote it. */
const oldText = (owner: Partial<ProcessIdentity>): string => {
  const { pid, started, machine, host } = { ...thisProcess(), ...owner };
  return `${JSON.stringify({ pid, started, machine, host })}\n`;
};

describe('acquireLock', () => {
  test('takes over a dead lock and leaves no guard', async () => {
    const path = deadLock('dead');
    const lock = await acquireLock(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(thisProcess());
    expect(readdirSync(dirname(path))).toEqual(['.lock']);
    lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('gives way to a process that is just taking the dead lock over', async () => {
    const path = deadLock('guarded');
    writeFileSync(guardOf(path), ALIVE);
    await expect(acquireLock(path)).rejects.toThrow(
      `${dirname(path)}: wanted a folder no other process uses, got folder in use by this process`,
    );
    expect(readFileSync(path, 'utf8')).toBe(DEAD);
  });

  test('takes over from a process that was killed while taking over', async () => {
    const path = deadLock('guard dead too');
    writeFileSync(guardOf(path), DEAD);
    (await acquireLock(path)).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('a latecomer that still thinks the lock dead does not take the new one', async () => {
    const path = deadLock('late');
    const guard = guardOf(path);
    beforeCreating(
      (created) => created === guard,
      () => {
        fs.rmSync(path);
        writeFileSync(path, ALIVE);
      },
    );
    await expect(acquireLock(path)).rejects.toThrow('in use by this process');
    expect(readFileSync(path, 'utf8')).toBe(ALIVE);
    expect(readdirSync(dirname(path))).toEqual(['.lock']);
  });

  test('a latecomer whose dead lock was taken over and released gets a fresh one', async () => {
    const path = deadLock('late and free');
    const guard = guardOf(path);
    beforeCreating(
      (created) => created === guard,
      () => fs.rmSync(path),
    );
    (await acquireLock(path)).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('says which file is in use, where it is one', async () => {
    const file = join(root, 'held.jsonl');
    writeFileSync(`${file}.lock`, ALIVE);
    await expect(acquireLock(`${file}.lock`)).rejects.toThrow(
      `${file}: wanted a file no other process uses, got file in use by this process; wait for it or use another file`,
    );
  });

  test('does not create a lock over one that has just come up', async () => {
    mkdirSync(join(root, 'new'));
    const path = join(root, 'new', '.lock');
    beforeCreating(
      (created) => created === path,
      () => writeFileSync(path, ALIVE),
    );
    await expect(acquireLock(path)).rejects.toThrow('in use by this process');
  });
});

describe('a lock whose owner cannot be seen', () => {
  test.each([
    ['on another machine', otherPod(), 'process 7 on pod-a'],
    // Two containers with one hostname both got the folder: the other's process numbers are none here.
    [
      'in another PID namespace',
      otherContainer(),
      `process ${2 ** 22 + 1} in another container of ${thisProcess().host}`,
    ],
    [
      'of this host before it was started anew',
      { machine: '00000000' },
      `process ${process.pid} on ${thisProcess().host}`,
    ],
  ])('%s is taken over after 60 s without a beat, and not before', async (name, owner, shown) => {
    const path = lockedBy(`silent ${name}`, owner);
    const { options, told, ms } = waiting();
    const lock = await acquireLock(path, options);
    expect(ms()).toBe(STALE_MS);
    expect(STALE_MS).toBe(60_000);
    expect(told).toEqual([`${path} is the lock of ${shown}: taken over after no sign of life for 60 s`]);
    lock.release();
  });

  test.each([
    ['on another machine', otherPod()],
    ['in another PID namespace', otherContainer()],
  ])('%s is left alone once it beats', async (name, owner) => {
    const path = lockedBy(`alive ${name}`, owner);
    const { options, ms } = waiting({ 59750: () => writeFileSync(path, lockText(owner, 1)) });
    const taking = acquireLock(path, options);
    await expect(taking).rejects.toBeInstanceOf(OutputError);
    await expect(taking).rejects.toThrow(/in use by process \d+ .*; wait for it or use another folder$/);
    expect(ms()).toBe(59_750);
    expect(readFileSync(path, 'utf8')).toBe(lockText(owner, 1));
  });

  test('that comes to look dead is left alone for its sign of life', async () => {
    const path = lockedBy('looks dead', otherPod());
    const { options } = waiting({ 5000: () => writeFileSync(path, DEAD) });
    await expect(acquireLock(path, options)).rejects.toThrow('in use by');
    expect(readFileSync(path, 'utf8')).toBe(DEAD);
  });

  test('is judged by the clock of the one who waits, whatever the time of the file', async () => {
    const path = lockedBy('skewed', otherPod());
    utimesSync(path, 0, 0);
    const { options, ms } = waiting({ 1000: () => utimesSync(path, 2e9, 2e9) });
    (await acquireLock(path, options)).release();
    expect(ms()).toBe(STALE_MS);
  });

  test('is watched once: what else a dead owner left is taken at once', async () => {
    const owner = otherPod();
    const [first, second] = [lockedBy('left 1', owner), lockedBy('left 2', owner)];
    (await acquireLock(first, waiting().options)).release();
    const { options, ms } = waiting();
    (await acquireLock(second, options)).release();
    expect(ms()).toBe(0);
  });

  test('that is being taken over by another machine is left to it', async () => {
    const path = lockedBy('race', otherPod());
    const other = { ...otherPod(), host: 'pod-b', pid: 10 };
    const { options } = waiting({
      59750: () => writeFileSync(`${path}-after-theirs`, lockText(other, 0)),
      60250: () => {
        writeFileSync(path, lockText(other, 0));
        fs.rmSync(`${path}-after-theirs`);
      },
      65000: () => writeFileSync(path, lockText(other, 1)),
    });
    await expect(acquireLock(path, options)).rejects.toThrow('in use by process 10 on pod-b');
  });

  test.each(['', '{"pid":', '[]', 'null', '{"pid":"1"}', '{"pid":-1,"started":"","machine":"","host":""}'])(
    'because the file says %j is watched as well',
    async (content) => {
      const path = lockedBy(`unfilled ${content.length}`, {});
      writeFileSync(path, content);
      const { options, told, ms } = waiting();
      (await acquireLock(path, options)).release();
      expect(ms()).toBe(STALE_MS);
      expect(told).toEqual([`${path} is the lock of another process: taken over after no sign of life for 60 s`]);
    },
  );
});

describe('a lock of retort 0.1, which gave no signs of life', () => {
  test('keeps its folder while its process runs here', async () => {
    const path = lockedBy('old and running', {}, oldText({}));
    const { options } = waiting();
    await expect(acquireLock(path, { ...options, patienceMs: 2 * STALE_MS })).rejects.toThrow('in use by');
  });

  test('is taken over after 60 s where its process is not to be seen on its own machine', async () => {
    const path = lockedBy('old and dead', {}, oldText({ pid: 2 ** 22 + 1 }));
    const { options, ms } = waiting();
    (await acquireLock(path, options)).release();
    expect(ms()).toBe(STALE_MS);
  });

  test('of another host is for people to delete', async () => {
    const path = lockedBy('old and far', {}, oldText({ ...otherPod(), host: 'far' }));
    await expect(acquireLock(path, waiting().options)).rejects.toThrow(
      `got folder in use by process 7 on far; use another folder, or delete ${path} if that process is gone`,
    );
  });
});

describe('waiting for a lock', () => {
  const owner = { ...otherPod(), pid: 11 };

  test('goes on while its owner beats, and says so in one line', async () => {
    const path = lockedBy('waits', owner);
    const happenings: Record<number, () => void> = { 200000: () => fs.rmSync(path) };
    for (let beat = 1; beat < 39; beat++) happenings[beat * 5000] = () => writeFileSync(path, lockText(owner, beat));
    const { options, told, ms } = waiting(happenings);
    (await acquireLock(path, { ...options, patienceMs: PATIENCE_MS })).release();
    expect(ms()).toBe(200_000);
    expect(told).toEqual([
      `${path} is the lock of process 11 on pod-a: waiting until it is given back, or no sign of life for 60 s`,
    ]);
  });

  test.each([
    [1000, 0],
    [1250, 1],
  ])('of %i ms is told in %i lines', async (ms, lines) => {
    const path = lockedBy(`waits ${ms}`, owner);
    const { options, told } = waiting({ [ms]: () => fs.rmSync(path) });
    (await acquireLock(path, { ...options, patienceMs: PATIENCE_MS })).release();
    expect(told).toHaveLength(lines);
  });

  test.each([
    [1, 250],
    [500, 500],
  ])('with a patience of %i ms ends after %i', async (patienceMs, waited) => {
    const path = lockedBy(`patient ${patienceMs}`, owner);
    const { options, ms } = waiting();
    await expect(acquireLock(path, { ...options, patienceMs })).rejects.toThrow('in use by process 11 on pod-a');
    expect(ms()).toBe(waited);
  });

  test('lasts six hours at most', () => {
    expect(PATIENCE_MS).toBe(6 * 3_600_000);
  });

  test('ends when its owner, that was seen to run here, is silent: it may have been stopped', async () => {
    const path = lockedBy('stopped', {});
    const { options, ms } = waiting();
    (await acquireLock(path, { ...options, patienceMs: PATIENCE_MS })).release();
    expect(ms()).toBe(STALE_MS);
  });

  test('ends in an error that names the file', async () => {
    const path = lockedBy('too long', owner);
    const { options } = waiting({ 30000: () => writeFileSync(path, lockText(owner, 1)) });
    await expect(acquireLock(path, { ...options, patienceMs: STALE_MS })).rejects.toThrow(
      `got folder in use by process 11 on pod-a, after a wait of 1 min; use another folder, or delete ${path} if that process is gone`,
    );
  });

  test('is interrupted', async () => {
    const path = lockedBy('interrupted', owner);
    const stop = new AbortController();
    const { options, ms } = waiting({ 5000: () => stop.abort() });
    const taking = acquireLock(path, { ...options, patienceMs: PATIENCE_MS, signal: stop.signal });
    await expect(taking).rejects.toBeInstanceOf(InterruptedError);
    await expect(taking).rejects.toThrow(
      `${path}: wanted the lock of another process, got a request to stop; run the command again once that process has ended`,
    );
    expect(ms()).toBe(5000);
  });

  test('is interrupted in the midst of a pause', async () => {
    const path = lockedBy('interrupted pause', owner);
    const stop = new AbortController();
    const taking = acquireLock(path, { patienceMs: PATIENCE_MS, signal: stop.signal });
    stop.abort();
    // Not when the pause is over: before anything that has to wait.
    const later = new Promise((done) => setImmediate(done));
    await expect(Promise.race([taking, later])).rejects.toBeInstanceOf(InterruptedError);
  });
});

describe('the sign of life', () => {
  const beatsIn = (path: string): number => Number(JSON.parse(readFileSync(path, 'utf8')).beat);
  const untilBeats = (path: string, count: number): void => {
    while (beatsIn(path) < count);
  };

  test('comes while the main thread is blocked', async () => {
    mkdirSync(join(root, 'beating'));
    const path = join(root, 'beating', '.lock');
    const lock = await acquireLock(path, { beatMs: 1 });
    const first = beatsIn(path);
    untilBeats(path, first + 3);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(thisProcess());
    lock.release();
    expect(readdirSync(join(root, 'beating'))).toEqual([]);
  });

  test('comes from the built package, whose process ends all the same', async () => {
    mkdirSync(join(root, 'child'));
    const child = runModule(
      `import { acquireLock } from 'DIST/files/lock.js';
       import { readFileSync } from 'node:fs';
       const [path] = process.argv.slice(1);
       await acquireLock(path, { beatMs: 1 });
       while (JSON.parse(readFileSync(path, 'utf8')).beat < 3);
       console.log('beaten');`,
      [join(root, 'child', '.lock')],
    );
    expect(await child.ended).toEqual({ code: 0, stdout: 'beaten\n', stderr: '' });
  });

  test('never touches a lock that took its place', async () => {
    mkdirSync(join(root, 'replaced'));
    const [lost, own] = [join(root, 'replaced', 'lost.lock'), join(root, 'replaced', 'own.lock')];
    await acquireLock(lost, { beatMs: 1 });
    const other = lockText(otherPod(), 0);
    writeFileSync(`${lost}.new`, other);
    fs.renameSync(`${lost}.new`, lost);
    const lock = await acquireLock(own, { beatMs: 1 });
    untilBeats(own, 5);
    expect(readFileSync(lost, 'utf8')).toBe(other);
    lock.release();
  });
});

describe('an owner that has lost its lock', () => {
  const thief = { ...otherPod(), pid: 12 };

  test.each<[string, (folder: string) => unknown]>([
    ['append to a log', (folder) => appendJsonLine(join(folder, 'log.jsonl'), { step: 2 })],
    ['write a file', (folder) => writeFileAtomic(join(folder, 'deeper', 'metrics.json'), 'new')],
    ['replace a folder', (folder) => replaceFolderAtomic(join(folder, 'resume'), async () => {})],
  ])('does not %s', async (name, write) => {
    const path = join(root, `lost ${name}`, '.lock');
    const folder = dirname(path);
    mkdirSync(join(folder, 'deeper'), { recursive: true });
    const lock = await acquireLock(path);
    await write(folder);
    writeFileSync(path, lockText(thief, 0));
    const before = readdirSync(folder, { encoding: 'utf8', recursive: true });
    const log = (): string | undefined =>
      before.includes('log.jsonl') ? readFileSync(join(folder, 'log.jsonl'), 'utf8') : '';
    const logged = log();
    await expect((async () => write(folder))()).rejects.toThrow(
      `${path}: wanted this process's lock, got the lock of process 12 on pod-a; two processes would corrupt the files, so this one stops: let the other finish`,
    );
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
    expect(log()).toBe(logged);
    lock.release();
    expect(readFileSync(path, 'utf8')).toBe(lockText(thief, 0));
    await write(folder);
  });

  test('does not append to an open log, once its lock was deleted', async () => {
    const file = join(root, 'replies.jsonl');
    const lock = await acquireLock(`${file}.lock`);
    const log = openLineLog(file);
    log.append({ reply: 1 });
    fs.rmSync(`${file}.lock`);
    expect(() => log.append({ reply: 2 })).toThrow('got none: it was deleted');
    log.close();
    lock.release();
    expect(readFileSync(file, 'utf8')).toBe('{"reply":1}\n');
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
