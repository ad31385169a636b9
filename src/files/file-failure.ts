import { statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { FileError, OutputError } from '../errors/failures.js';
import type { ErrorDetails } from '../errors/retort-error.js';

type Reason = Pick<ErrorDetails, 'wanted' | 'got' | 'fix'>;

/**
 * What the system's error codes mean for somebody who wanted to write.
 * @returns OutputError for an error of the operating system; anything else as it came.
 */
export function outputFailure(error: unknown, path: string): Error {
  const code = errorCode(error);
  return code === undefined
    ? asError(error)
    : new OutputError({ where: path, ...outputReason(code, path), cause: error });
}

/**
 * The same for somebody who wanted to read.
 * @returns FileError for an error of the operating system; anything else as it came.
 */
export function inputFailure(error: unknown, path: string): Error {
  const code = errorCode(error);
  return code === undefined ? asError(error) : new FileError({ where: path, ...inputReason(code, path), cause: error });
}

/** `ENOENT` and the like; `undefined` for errors that the operating system did not raise. */
export function errorCode(error: unknown): string | undefined {
  // Node's own errors have a code too, but no number.
  if (!(error instanceof Error && 'code' in error && 'errno' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function outputReason(code: string, path: string): Reason {
  switch (code) {
    case 'ENOSPC':
      return {
        wanted: 'free space on the disk',
        got: 'a full disk (ENOSPC)',
        fix: 'free some space or write elsewhere',
      };
    case 'EDQUOT':
      return {
        wanted: 'room in your disk quota',
        got: 'a used-up quota (EDQUOT)',
        fix: 'free some space or write elsewhere',
      };
    case 'EFBIG':
      return {
        wanted: 'a file of this size',
        got: 'a size limit (EFBIG)',
        fix: 'raise the limit (ulimit -f) or write elsewhere',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        wanted: 'permission to write here',
        got: `none (${code})`,
        fix: 'change the permissions or write elsewhere',
      };
    case 'EROFS':
      return { wanted: 'a place to write', got: 'a read-only file system (EROFS)', fix: 'write elsewhere' };
    case 'ENOTDIR':
      return { wanted: 'a path through folders', got: obstacle(path), fix: 'choose another path' };
    case 'EEXIST':
      return { wanted: 'a folder, or nothing yet', got: 'a file of that name', fix: 'choose another path' };
    case 'EISDIR':
      return { wanted: 'a file name', got: 'a folder of that name', fix: 'choose another name' };
    case 'ENOENT':
      return missingFolder(dirname(resolve(path)));
    case 'EPIPE':
      return { wanted: 'a reader at the other end', got: 'a closed pipe (EPIPE)' };
    default:
      return { wanted: 'a place to write', got: code, fix: 'write elsewhere' };
  }
}

function missingFolder(folder: string): Reason {
  return isFolder(folder)
    ? { wanted: 'a place to write', got: `${folder}, which takes no new files (ENOENT)`, fix: 'write elsewhere' }
    : { wanted: 'an existing folder to write into', got: `no folder ${folder}`, fix: 'create it first' };
}

function inputReason(code: string, path: string): Reason {
  switch (code) {
    case 'ENOENT':
      return { wanted: 'an existing file', got: 'nothing of that name', fix: 'check the path' };
    case 'ENOTDIR':
      return { wanted: 'a path through folders', got: obstacle(path), fix: 'check the path' };
    case 'EISDIR':
      return { wanted: 'a file', got: 'a folder', fix: 'check the path' };
    case 'EACCES':
    case 'EPERM':
      return { wanted: 'permission to read', got: `none (${code})`, fix: 'change the permissions' };
    default:
      return { wanted: 'a readable file', got: code };
  }
}

/** The first thing on the way that is no folder. */
function obstacle(path: string): string {
  let place: string = sep;
  for (const name of resolve(path).split(sep)) {
    place = join(place, name);
    if (!isFolder(place)) return `a file at ${place}`;
  }
  return 'a file in the middle of the path (ENOTDIR)';
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
