import { type FileHandle, open } from 'node:fs/promises';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import {
  CHUNK_BYTES,
  type VectorSource,
  type WordVectors,
  type WordVectorsOptions,
  wordVectorsOf,
} from './word-vectors.js';

/** `wordVectorsOf` of a file. @throws as it does; FileError for a file that cannot be read. */
export function readWordVectors(path: string, options: WordVectorsOptions = {}): Promise<WordVectors> {
  return wordVectorsOf(vectorsFile(path), options);
}

/** A file of word vectors. */
export function vectorsFile(path: string): VectorSource {
  return { name: path, chunks: () => chunksOf(path) };
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    if (!(await handle.stat()).isFile()) {
      throw new FileError({ where: path, wanted: 'a regular file', got: 'a folder, device or pipe' });
    }
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw inputFailure(error, path);
  } finally {
    await handle?.close();
  }
}
