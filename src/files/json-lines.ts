import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { FileError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import { jsonOf } from '../options/json.js';
import { inputFailure, outputFailure } from './file-failure.js';
import { expectStillLocked } from './lock.js';
import { textIn } from './path-entry.js';

const NEWLINE = 0x0a;
const SEARCH_BYTES = 65_536;

/**
 * Appends one value as one line of JSON, in one write, so that a kill leaves the line whole or its beginning.
 * Such a torn line at the end of the file is cut off first.
 * @throws OutputError naming the path when it cannot be written.
 */
export function appendJsonLine(path: string, value: object): void {
  try {
    expectStillLocked(path);
    const fd = openSync(path, 'a+');
    try {
      cutTornLine(fd);
      writeLine(fd, value);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw outputFailure(error, path);
  }
}

/** Where a line of a file is, in bytes, without its end. */
export type LinePlace = { readonly at: number; readonly bytes: number };

export type LineReader = {
  /** The text of a line. @throws FileError naming the path. */
  read(place: LinePlace): string;
  close(): void;
};

export type LineLog = LineReader & {
  /** Appends a value as a line, which outlives this process. @throws OutputError naming the path. */
  append(value: object): LinePlace;
  /** Done when all lines so far outlive a power cut, too; those of many callers take one wait. @throws as `append`. */
  synced(): Promise<void>;
};

/**
 * Opens a file of JSON lines to be appended to, without the torn line that a kill may have left at its end.
 * @throws OutputError naming the path when it cannot be written.
 */
export function openLineLog(path: string): LineLog {
  try {
    const fd = openSync(path, 'a+');
    cutTornLine(fd);
    return {
      ...readerOf(fd, path),
      append: (value) => {
        try {
          expectStillLocked(path);
          const at = fstatSync(fd).size;
          return { at, bytes: writeLine(fd, value) - 1 };
        } catch (error) {
          throw outputFailure(error, path);
        }
      },
      synced: groupedSync(fd, path),
    };
  } catch (error) {
    throw outputFailure(error, path);
  }
}

const dataSync = promisify(fdatasync);

/** A sync that has begun may not hold what was written since: who comes meanwhile waits for the next, all together. */
function groupedSync(fd: number, path: string): () => Promise<void> {
  const sync = () =>
    dataSync(fd).catch((error: unknown) => {
      throw outputFailure(error, path);
    });
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = (): Promise<void> => {
    next = undefined;
    running = sync().finally(() => {
      if (next === undefined) running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return begin();
    next ??= running.then(begin, begin);
    return next;
  };
}

/** Opens a file of lines whose places are known. @throws FileError naming the path. */
export function openLineReader(path: string): LineReader {
  try {
    return readerOf(openSync(path, 'r'), path);
  } catch (error) {
    throw inputFailure(error, path);
  }
}

function readerOf(fd: number, path: string): LineReader {
  return {
    read: ({ at, bytes }) => {
      try {
        const line = Buffer.alloc(bytes);
        return line.toString('utf8', 0, readSync(fd, line, 0, bytes, at));
      } catch (error) {
        throw inputFailure(error, path);
      }
    },
    close: () => closeSync(fd),
  };
}

/**
 * The values of a file of JSON lines. A last line without its newline was torn by a kill and is left out.
 * @throws FileError if the file cannot be read, or naming the line that is no JSON.
 */
export async function readJsonLines(path: string): Promise<unknown[]> {
  const lines = (await textIn(path)).split('\n').slice(0, -1);
  return lines.map((line, index) => {
    try {
      return jsonOf(line);
    } catch (error) {
      throw new FileError({
        where: `${path}:${index + 1}`,
        wanted: 'one JSON value',
        got: shortened(line) || 'an empty line',
        fix: 'correct or delete that line',
        cause: error,
      });
    }
  });
}

function writeLine(fd: number, value: object): number {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
  return bytes.length;
}

function cutTornLine(fd: number): void {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return;
  const chunk = Buffer.alloc(Math.min(SEARCH_BYTES, stat.size));
  for (let end = stat.size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    readSync(fd, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, end - start).lastIndexOf(NEWLINE);
    if (newline >= 0) {
      if (start + newline + 1 < stat.size) ftruncateSync(fd, start + newline + 1);
      return;
    }
    end = start;
  }
  if (stat.size > 0) ftruncateSync(fd, 0);
}
