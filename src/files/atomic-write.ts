import type { Stats } from 'node:fs';
import { lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode, outputFailure } from './file-failure.js';
import { expectStillLocked } from './lock.js';
import { temporaryName } from './temporary.js';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Writes a whole file so that a crash at any instant leaves the old content or the new, never a mixture:
 * a temporary file in the same folder, synced, then renamed. Symbolic links are followed, and the link stays.
 *
 * A target that exists and is no regular file (a device, a pipe) is written directly, and `/dev/stdout` and
 * `/dev/stderr` go through the process's own streams, in order with what was printed before.
 * @param mode Its permissions. Default: those of the file that it replaces, else the user's usual ones.
 * @throws OutputError naming the path when it cannot be written, or the lock on it that this process has lost; nothing
 *   temporary is left behind.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string, mode?: number): Promise<void> {
  try {
    const stream = standardStream(path);
    if (stream !== undefined) return await writeToStream(stream, content);
    const existing = await statIfThere(path);
    if (existing !== undefined && !existing.isFile()) return await writeDirectly(path, content);
    const target = await followLinks(path);
    const temporary = join(dirname(target), temporaryName());
    try {
      await writeSynced(temporary, content, mode ?? existing?.mode);
      expectStillLocked(path);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(target));
  } catch (error) {
    throw outputFailure(error, path);
  }
}

/** Makes renames and new names in a folder outlive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some systems sync no folders (Windows, a few network mounts), or the folder may be written but not listed.
    const harmless = ['EINVAL', 'EPERM', 'EISDIR', 'EACCES', 'ENOTSUP'];
    if (!harmless.includes(errorCode(error) ?? '')) throw error;
  }
}

/** The entry a path leads to, links followed; `undefined` if there is none. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The path behind symbolic links, whether something is there or not. */
export async function followLinks(path: string): Promise<string> {
  let current = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    current = join(await realpath(dirname(current)), basename(current));
    try {
      if (!(await lstat(current)).isSymbolicLink()) return current;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return current;
      throw error;
    }
    current = resolve(dirname(current), await readlink(current));
  }
  return current;
}

async function writeSynced(path: string, content: Uint8Array | string, mode: number | undefined): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    if (mode !== undefined) await handle.chmod(mode & 0o7777);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeDirectly(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
}

/** Opening `/dev/stdout` anew fails where it is a socket, and truncates where it is a file. */
function standardStream(path: string): NodeJS.WriteStream | undefined {
  const [, number, name] = /^\/(?:dev|proc\/self)\/(?:fd\/([12])|std(out|err))$/.exec(path) ?? [];
  if (number === '1' || name === 'out') return process.stdout;
  if (number === '2' || name === 'err') return process.stderr;
  return undefined;
}

function writeToStream(stream: NodeJS.WriteStream, content: Uint8Array | string): Promise<void> {
  return new Promise((done, fail) => {
    stream.write(content, (error) => (error ? fail(error) : done()));
  });
}
