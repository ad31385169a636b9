import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { inputFailure } from './file-failure.js';

/** The SHA-256 of a file's bytes, in hex. @throws FileError for one that cannot be read. */
export async function fileHash(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  } catch (error) {
    throw inputFailure(error, file);
  }
}
