/** @file Whole files, of at most so many bytes: nothing is read of one that is larger. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { inputFailure } from './file-failure.js';
import type { NamedFiles } from './named-files.js';
import { isThere } from './path-entry.js';
import { decodedText } from './stored-text.js';

export function folderFiles(folder: string): NamedFiles {
  return {
    where: folder,
    place: (name) => join(folder, name),
    read: async (name, maxBytes) => {
      const path = join(folder, name);
      return (await isThere(path)) ? readBounded(path, maxBytes) : undefined;
    },
  };
}

/**
 * The text of a regular file.
 * @throws FileError for a file that is missing, too large, no regular file, or not UTF-8.
 */
export async function readText(path: string, maxBytes: number): Promise<string> {
  return decodedText(await readBounded(path, maxBytes), path);
}

async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) {
        const got = stat.isDirectory() ? 'a folder' : 'a device or pipe';
        throw new FileError({ where: path, wanted: 'a regular file', got });
      }
      if (stat.size > maxBytes) {
        throw new FileError({ where: path, wanted: `at most ${maxBytes} bytes`, got: `${stat.size}` });
      }
      const bytes = new Uint8Array(stat.size);
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, done);
        // A file that shrinks while it is read fails as the torn text it is.
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw inputFailure(error, path);
  }
}
