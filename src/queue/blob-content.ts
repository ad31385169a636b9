/** @file The content of files that travel: read in pieces, checked on the way, and written as a whole or not at all. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError, InterruptedError } from '../errors/failures.js';
import { syncFolder } from '../files/atomic-write.js';
import { inputFailure, outputFailure } from '../files/file-failure.js';
import { expectStillLocked } from '../files/lock.js';
import { temporaryName } from '../files/temporary.js';
import type { Blob } from './blob.js';

export type Pieces = AsyncIterable<Uint8Array>;

const PIECE_BYTES = 2 ** 18;

/** @throws FileError for what is missing, no regular file, or cannot be read. */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    // Before it is opened: opening a pipe waits for its writer.
    const found = await stat(path);
    if (!found.isFile()) {
      const got = found.isDirectory() ? 'a folder' : 'a device or pipe';
      throw new FileError({ where: path, wanted: 'a regular file', got });
    }
    yield* createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/** Hash and size of a file, whose bytes are not kept. @throws as `piecesOf`; InterruptedError. */
export async function hashedFile(path: string, signal?: AbortSignal): Promise<Blob> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of piecesOf(path)) {
    expectGoing(path, signal);
    hash.update(piece);
    bytes += piece.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

export type CheckOptions = {
  /** Where the pieces come from, and what to do if they are others; for the message. */
  readonly where: string;
  readonly fix: string;
  readonly signal?: AbortSignal | undefined;
};

/**
 * The same pieces. No more of them are given than the blob has bytes, and the end comes only if they have its hash.
 * @throws FileError else; InterruptedError.
 */
export async function* checked(
  pieces: Pieces,
  blob: Blob,
  { where, fix, signal }: CheckOptions,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of pieces) {
    expectGoing(where, signal);
    bytes += piece.length;
    if (bytes > blob.bytes) throw new FileError({ where, wanted: `${blob.bytes} bytes`, got: 'more', fix });
    hash.update(piece);
    yield piece;
  }
  if (bytes < blob.bytes) throw new FileError({ where, wanted: `${blob.bytes} bytes`, got: `${bytes}`, fix });
  const sha256 = hash.digest('hex');
  if (sha256 === blob.sha256) return;
  throw new FileError({ where, wanted: `content with the SHA-256 ${blob.sha256}`, got: sha256, fix });
}

/**
 * Writes a file of any size beside its place, syncs it and gives it its name.
 * @throws OutputError where it cannot be written; whatever `pieces` throws. Nothing temporary is left behind.
 */
export async function writePieces(path: string, pieces: Pieces): Promise<void> {
  const temporary = join(dirname(path), temporaryName());
  const written = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw outputFailure(error, path);
    }
  };
  const handle = await written(() => open(temporary, 'wx'));
  try {
    try {
      for await (const piece of pieces) await written(() => handle.appendFile(piece));
      await written(() => handle.sync());
    } finally {
      await handle.close();
    }
    expectStillLocked(path);
    await written(() => rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await written(() => syncFolder(dirname(path)));
}

/** @throws InterruptedError once the signal was aborted. */
export function expectGoing(where: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(where);
}

export function interrupted(where: string, cause?: unknown): InterruptedError {
  return new InterruptedError({
    where,
    wanted: 'a whole file',
    got: 'a request to stop',
    fix: 'run the command again: files that are whole stay',
    cause,
  });
}
