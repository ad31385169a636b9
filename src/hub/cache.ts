/**
 * @file The hub's cache on disk, as Python's `huggingface_hub` lays it out: in `HUB/models--ORG--NAME/`, `refs/REVISION`
 * holds a commit, `blobs/HASH` the content of a file, and `snapshots/COMMIT/NAME` is a link to it.
 */
import { copyFile, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../errors/failures.js';
import { syncFolder, writeFileAtomic } from '../files/atomic-write.js';
import { errorCode, inputFailure, outputFailure } from '../files/file-failure.js';
import { makeFolder } from '../files/make-folder.js';
import { entryAt, isFolder } from '../files/path-entry.js';
import { removeStaleTemporaries, temporaryName } from '../files/temporary.js';
import { type HubFile, isCommit } from './repository.js';

const HUB_ID = /^[A-Za-z0-9][\w.-]{0,95}(\/[A-Za-z0-9][\w.-]{0,95})?$/;
const REVISION = /^[A-Za-z0-9][\w.-]{0,99}(\/[A-Za-z0-9][\w.-]{0,99}){0,5}$/;
const SNAPSHOT = /^[A-Za-z0-9][\w.-]{0,99}$/;
const MAX_REF_BYTES = 1000;

/** `NAME` or `ORG/NAME`, as the hub has them; nothing that leads out of a folder. */
export function isHubId(id: string): boolean {
  // `--` stands for the slash in the cache.
  return HUB_ID.test(id) && !id.includes('..') && !id.includes('--');
}

/** A branch, tag or commit, such as `main` or `refs/pr/1`; nothing that leads out of a folder. */
export function isRevision(revision: string): boolean {
  return REVISION.test(revision) && !revision.includes('..');
}

/** @param id One that `isHubId` accepts. */
export function repositoryFolder(cache: string, id: string): string {
  return join(cache, `models--${id.replace('/', '--')}`);
}

/**
 * The folder of a revision in the cache, if it is there: whole or not. Where nothing says what `main` is, the only
 * snapshot is it.
 * @throws CheckpointError for a ref that names no commit; FileError for what cannot be read.
 */
export async function cachedSnapshot(cache: string, id: string, revision = 'main'): Promise<string | undefined> {
  const repository = repositoryFolder(cache, id);
  const snapshots = join(repository, 'snapshots');
  const commit = isCommit(revision) ? revision : await readRef(join(repository, 'refs', revision));
  if (commit !== undefined) return (await isFolder(join(snapshots, commit))) ? join(snapshots, commit) : undefined;
  if (revision !== 'main' || !(await isFolder(snapshots))) return undefined;
  const [only, ...more] = await readdir(snapshots);
  return only !== undefined && more.length === 0 ? join(snapshots, only) : undefined;
}

async function readRef(path: string): Promise<string | undefined> {
  const found = await entryAt(path);
  if (found === undefined) return undefined;
  const isRef = found.isFile() && found.size <= MAX_REF_BYTES;
  const text = isRef
    ? (await readFile(path, 'utf8').catch((error) => Promise.reject(inputFailure(error, path)))).trim()
    : '';
  if (SNAPSHOT.test(text)) return text;
  const got = isRef ? JSON.stringify(text.slice(0, 60)) : 'a folder or a large file';
  throw new CheckpointError({
    where: path,
    wanted: 'the hash of a revision',
    got,
    fix: 'delete it and download the model again',
  });
}

/**
 * Makes a snapshot of files whose blobs are there, and lets the revision name it. The ref comes last.
 * @returns the folder of the snapshot.
 * @throws OutputError naming the place that cannot be written.
 */
export async function publishSnapshot(
  repository: string,
  revision: string,
  commit: string,
  files: readonly HubFile[],
): Promise<string> {
  const snapshot = join(repository, 'snapshots', commit);
  await makeFolder(snapshot);
  try {
    await removeStaleTemporaries(snapshot);
    for (const { name, hash } of files) await linkBlob(snapshot, name, hash);
    await syncFolder(snapshot);
  } catch (error) {
    throw outputFailure(error, snapshot);
  }
  if (!isCommit(revision)) {
    const ref = join(repository, 'refs', revision);
    await makeFolder(dirname(ref));
    await writeFileAtomic(ref, commit);
  }
  return snapshot;
}

async function linkBlob(snapshot: string, name: string, hash: string): Promise<void> {
  const temporary = join(snapshot, temporaryName());
  const blob = join('..', '..', 'blobs', hash);
  try {
    try {
      await symlink(blob, temporary);
    } catch (error) {
      // Windows lets only some users make links, and some file systems have none.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EINVAL', 'UNKNOWN'].includes(errorCode(error) ?? '')) throw error;
      await copyFile(join(snapshot, blob), temporary);
    }
    await rename(temporary, join(snapshot, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
