import { open } from 'node:fs/promises';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { jsonOf, jsonProblem } from '../options/json.js';

/**
 * The text of a regular file of at most `maxBytes` bytes; nothing is read of one that is larger.
 * @throws FileError for a file that is missing, too large, no regular file, or not UTF-8.
 */
export async function readText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readBounded(path, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FileError({
      where: path,
      wanted: 'text in UTF-8',
      got: 'bytes that are not valid UTF-8',
      fix: 'copy or download the file again',
      cause: error,
    });
  }
}

/**
 * @param path Where the text is from, for messages.
 * @throws FileError for text that is no JSON.
 */
export function parseJson(text: string, path: string): unknown {
  try {
    return jsonOf(text);
  } catch (error) {
    const fix = 'copy or download the file again';
    throw new FileError({ where: path, wanted: 'JSON', got: jsonProblem(error), fix, cause: error });
  }
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
