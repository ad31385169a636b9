import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { statIfThere } from './atomic-write.js';
import { errorCode, outputFailure } from './file-failure.js';

/**
 * Creates a folder, and those above it, where they are missing. Node's own `mkdir(…, { recursive: true })` never
 * returns for a path in `/proc` and the like (seen in Node 20.20): there it is told that an existing parent is missing.
 * @throws OutputError naming the path.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeWithParents(resolve(path));
  } catch (error) {
    throw outputFailure(error, path);
  }
}

async function makeWithParents(path: string): Promise<void> {
  // Looked at first: for a folder that exists, a read-only file system answers mkdir with EROFS and not with EEXIST.
  if ((await statIfThere(path))?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path && (await statIfThere(parent)) === undefined) await makeWithParents(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Another process may have been quicker.
    if (!(errorCode(error) === 'EEXIST' && (await statIfThere(path))?.isDirectory() === true)) throw error;
  }
}
