/** @file What a path that somebody named leads to. */
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { errorCode, inputFailure } from './file-failure.js';

/** Of names that cannot be paths too. */
const NOTHING = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];

/** The entry there, links followed; undefined if there is none. @throws FileError where that cannot be told. */
export async function entryAt(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (NOTHING.includes(errorCode(error) ?? '')) return undefined;
    // A name with a NUL is no path.
    if (error instanceof TypeError) return undefined;
    throw inputFailure(error, path);
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return (await entryAt(path))?.isDirectory() === true;
}

export async function isFile(path: string): Promise<boolean> {
  return (await entryAt(path))?.isFile() === true;
}

/** Whether something is there. @throws as `entryAt`. */
export async function isThere(path: string): Promise<boolean> {
  return (await entryAt(path)) !== undefined;
}

/** The text in a file. @throws FileError if it cannot be read. */
export async function textIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw inputFailure(error, path);
  }
}
