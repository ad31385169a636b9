/** @file Where a pool of texts that a kill has left half made is to be gone on with. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { FileError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import { outputFailure } from '../files/file-failure.js';
import { objectOf, parsedJson } from '../options/json.js';

const NEWLINE = 0x0a;
const FIRST_LOOK_BYTES = 2 ** 16;

/**
 * Cuts off the last row of a pool with all of its texts, of which some may be missing, and a torn line after them.
 * @returns the id of that row, which is to be made again; undefined for a pool without one whole line.
 * @throws FileError for a line that is no row of a pool; OutputError if the file cannot be written.
 */
export function cutLastRow(path: string): string | undefined {
  try {
    const fd = openSync(path, 'r+');
    try {
      const { size } = fstatSync(fd);
      for (let look = FIRST_LOOK_BYTES; ; look *= 2) {
        const start = Math.max(0, size - look);
        const found = lastRow(readEnd(fd, start, size), start === 0, path);
        if (found === undefined) continue;
        ftruncateSync(fd, start + found.offset);
        return found.from;
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw outputFailure(error, path);
  }
}

function readEnd(fd: number, start: number, size: number): Buffer {
  const bytes = Buffer.alloc(size - start);
  for (let read = 0; read < bytes.length; ) {
    const count = readSync(fd, bytes, read, bytes.length - read, start + read);
    if (count === 0) return bytes.subarray(0, read);
    read += count;
  }
  return bytes;
}

type LastRow = { readonly from: string | undefined; readonly offset: number };

/** The last row's id and where its first line begins; undefined if that may be before these bytes. */
function lastRow(bytes: Buffer, isWhole: boolean, path: string): LastRow | undefined {
  let end = bytes.lastIndexOf(NEWLINE);
  let from: string | undefined;
  while (end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(NEWLINE, end - 1);
    // What begins in mid-line is no line.
    if (before < 0 && !isWhole) return undefined;
    const own = originOf(bytes.toString('utf8', before + 1, end), path);
    if (from !== undefined && own !== from) return { from, offset: end + 1 };
    from = own;
    end = before;
  }
  return isWhole ? { from, offset: 0 } : undefined;
}

function originOf(line: string, path: string): string {
  const { from } = objectOf(parsedJson(line));
  if (typeof from === 'string') return from;
  throw new FileError({
    where: path,
    wanted: 'lines of a pool of texts, each with its source row',
    got: shortened(line),
    fix: 'make it again with overwrite',
  });
}
