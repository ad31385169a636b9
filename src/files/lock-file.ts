/** @file The file that is a lock: whose it is, and how it comes into being. */
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from './file-failure.js';
import { NO_BEAT } from './heartbeat.js';
import { type ProcessIdentity, thisProcess } from './process-identity.js';
import { temporaryName } from './temporary.js';

export type LockFile = {
  /** Two locks that ever lay under one name differ in it. */
  readonly id: string;
  /** Absent in a file that was not, or not yet, written whole. */
  readonly owner: ProcessIdentity | undefined;
  /** Whether its owner gives signs of life: retort 0.1 did not. */
  readonly beats: boolean;
  /** Changes with each sign of life. */
  readonly text: string;
};

/** What lies at the path now; `undefined` if nothing does. */
export function readLock(path: string): LockFile | undefined {
  const fd = openUnless('ENOENT', path, 'r');
  if (fd === undefined) return undefined;
  try {
    const { ino, mtimeNs } = fstatSync(fd, { bigint: true });
    const text = readFileSync(fd, 'utf8');
    return { id: `${ino}-${mtimeNs}`, owner: undefined, beats: false, text, ...parsedLock(text) };
  } finally {
    closeSync(fd);
  }
}

/** @returns false if the file is there already. */
export function createLock(path: string, id: string): boolean {
  const fd = openUnless('EEXIST', path, 'wx');
  if (fd === undefined) return false;
  try {
    writeFileSync(fd, ownText(id));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Puts another file in the place of a lock, so that whoever still writes to the old one changes nothing. */
export function replaceLock(path: string, id: string): void {
  const temporary = join(dirname(path), temporaryName());
  try {
    writeFileSync(temporary, ownText(id), { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Undefined for the one failure that is no surprise. */
function openUnless(code: string, path: string, flags: string): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (errorCode(error) === code) return undefined;
    throw error;
  }
}

function ownText(id: string): string {
  return `${NO_BEAT},${JSON.stringify({ id, ...thisProcess() }).slice(1)}\n`;
}

function parsedLock(text: string): Partial<Omit<LockFile, 'text'>> {
  try {
    const { beat, id, pid, started, machine, host, namespace }: Partial<Record<string, unknown>> = JSON.parse(text);
    if (!(typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0)) return {};
    if (typeof started !== 'string' || typeof machine !== 'string' || typeof host !== 'string') return {};
    const owner = { pid, started, machine, host, ...(typeof namespace === 'string' && { namespace }) };
    // The id becomes part of a file's name.
    return { owner, beats: typeof beat === 'string', ...(typeof id === 'string' && /^\w+$/.test(id) && { id }) };
  } catch {
    return {};
  }
}
