import { access, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutputError } from '../errors/failures.js';
import { followLinks, statIfThere, syncFolder } from './atomic-write.js';
import { outputFailure } from './file-failure.js';
import { expectStillLocked } from './lock.js';
import { removeStaleTemporaries, temporaryName } from './temporary.js';

const OLD_NAME = /^\.(.+)\.retort-old$/;

/**
 * Replaces a folder as a whole. `fill` writes the new one beside the target; it is synced, then
 *
 *   1. target → `.<name>.retort-old`   2. new folder → target   3. the old one is deleted.
 *
 * A kill before 1 leaves the old folder in place, a kill between 1 and 2 the old one under its other name, and a
 * kill after 2 the new one in place: `folderToRead` finds the complete folder in each case, and the next
 * `replaceFolderAtomic` or `recoverFolder` tidies up. One process may replace a folder at a time.
 * @throws OutputError naming the target when it cannot be written; what was there before then stays.
 */
export async function replaceFolderAtomic(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await followLinks(path);
    const parent = dirname(target);
    await recoverFolder(target);
    await removeStaleTemporaries(parent);
    const existing = await statIfThere(target);
    if (existing !== undefined && !existing.isDirectory()) {
      throw new OutputError({
        where: path,
        wanted: 'a folder, or nothing yet',
        got: 'a file of that name',
        fix: 'choose another path',
      });
    }
    temporary = join(parent, temporaryName());
    await mkdir(temporary);
    await fill(temporary);
    await syncTree(temporary);
    expectStillLocked(path);
    await swap(temporary, target, existing !== undefined);
  } catch (error) {
    if (temporary === undefined) throw outputFailure(error, path);
    await rm(temporary, { recursive: true, force: true });
    throw outputFailure(namedAfter(path, temporary, error), path);
  }
}

/** Where the last complete version of a folder lies: the path itself, unless a kill struck between two renames. */
export async function folderToRead(path: string): Promise<string> {
  const target = await followLinks(path);
  if (await exists(target)) return target;
  const old = oldName(target);
  return (await exists(old)) ? old : target;
}

/** Puts a folder that was being replaced when the process was killed back in its place. Only for its owner. */
export async function recoverFolder(path: string): Promise<void> {
  const old = oldName(path);
  if (!(await exists(old))) return;
  if (await exists(path)) await rm(old, { recursive: true, force: true });
  else await rename(old, path);
}

/** `recoverFolder` for everything in a folder. */
export async function recoverFoldersIn(parent: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    const name = OLD_NAME.exec(entry)?.[1];
    if (name !== undefined) await recoverFolder(join(parent, name));
  }
}

async function swap(temporary: string, target: string, replaces: boolean): Promise<void> {
  const old = oldName(target);
  if (replaces) await rename(target, old);
  try {
    await rename(temporary, target);
  } catch (error) {
    if (replaces) await rename(old, target);
    throw error;
  }
  await syncFolder(dirname(target));
  if (replaces) await rm(old, { recursive: true, force: true });
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncFolder(folder);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function oldName(target: string): string {
  return join(dirname(target), `.${basename(target)}.retort-old`);
}

/** A file that could not be written is reported under the name it would have had. */
function namedAfter(path: string, temporary: string, error: unknown): unknown {
  if (!(error instanceof OutputError) || !error.where.startsWith(temporary)) return error;
  const { wanted, got, fix, cause } = error;
  const where = path + error.where.slice(temporary.length);
  return new OutputError({ where, wanted, got, ...(fix === undefined ? {} : { fix }), cause });
}
