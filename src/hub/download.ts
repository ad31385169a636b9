/** @file Files of a commit into the cache: resumed, checked, written by one process at a time. */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, OutputError } from '../errors/failures.js';
import { statIfThere, syncFolder } from '../files/atomic-write.js';
import { outputFailure } from '../files/file-failure.js';
import { acquireLock, expectStillLocked, PATIENCE_MS } from '../files/lock.js';
import { makeFolder } from '../files/make-folder.js';
import { repositoryFolder } from './cache.js';
import type { HubConnection } from './connection.js';
import { addressOf, type HubFile } from './repository.js';

export type DownloadProgress = {
  /** The file that is being downloaded. */
  readonly file: string;
  /** Of all files, those that were there already included. */
  readonly bytes: number;
  readonly totalBytes: number;
};

/** Of our own, because other programs take no notice of our lock. */
const INCOMPLETE = '.retort.incomplete';
const READ_BYTES = 2 ** 20;

/**
 * Does something while no other process that asks for the same does: what is downloaded of a model has one writer.
 * Waits for that other one; one that died does not count.
 * @throws OutputError if the cache cannot be written; InterruptedError.
 */
export async function whileLocked<T>(connection: HubConnection, work: () => Promise<T>): Promise<T> {
  const { id, settings, options } = connection;
  const folder = repositoryFolder(join(settings.cache, '.locks'), id);
  await makeFolder(folder);
  const guards = { path: repositoryFolder(settings.cache, id), kind: 'folder' } as const;
  const lock = await acquireLock(join(folder, 'retort.lock'), {
    guards,
    patienceMs: PATIENCE_MS,
    signal: options.signal,
  });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Brings the blobs of these files into the cache; those that are there stay. What an earlier download left of one is
 * taken up by a range request.
 * @throws CheckpointError for content that does not have the checksum that the hub lists; OutputError for a disk that
 *   is full or takes no files; InterruptedError. In each case what is whole stays.
 */
export async function downloadBlobs(
  connection: HubConnection,
  commit: string,
  files: readonly HubFile[],
  onProgress: (progress: DownloadProgress) => void = () => {},
): Promise<void> {
  const blobs = blobFolder(connection);
  await makeFolder(blobs);
  await expectRoom(blobs, files);
  let before = 0;
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const file of files) {
    const report = (bytes: number) => onProgress({ file: file.name, bytes: before + bytes, totalBytes });
    if (!(await isWhole(blobs, file))) await downloadBlob(connection, commit, file, blobs, report);
    report(file.bytes);
    before += file.bytes;
  }
}

/** Removes what earlier downloads of other files left unfinished. */
export async function removeRemains(connection: HubConnection, files: readonly HubFile[]): Promise<void> {
  const blobs = blobFolder(connection);
  const kept = new Set(files.map(({ hash }) => hash + INCOMPLETE));
  try {
    for (const name of await readdir(blobs)) {
      if (name.endsWith(INCOMPLETE) && !kept.has(name)) await rm(join(blobs, name), { force: true });
    }
  } catch (error) {
    throw outputFailure(error, blobs);
  }
}

export function blobFolder({ id, settings }: HubConnection): string {
  return join(repositoryFolder(settings.cache, id), 'blobs');
}

/** Blobs come to their names by a rename, after their checksum was seen; the size tells of a disk that lost some. */
async function isWhole(blobs: string, { hash, bytes }: HubFile): Promise<boolean> {
  return (await sizeOf(join(blobs, hash))) === bytes;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await statIfThere(path))?.size;
  } catch (error) {
    throw outputFailure(error, path);
  }
}

/** Said before hours of download, and before a size that is a lie fills the disk. */
async function expectRoom(blobs: string, files: readonly HubFile[]): Promise<void> {
  let missing = 0;
  for (const file of files) {
    if (await isWhole(blobs, file)) continue;
    missing += Math.max(0, file.bytes - ((await sizeOf(join(blobs, file.hash + INCOMPLETE))) ?? 0));
  }
  const { bavail, bsize } = await statfs(blobs).catch((error) => Promise.reject(outputFailure(error, blobs)));
  if (missing <= bavail * bsize) return;
  throw new OutputError({
    where: blobs,
    wanted: `${missing} bytes of free space on the disk`,
    got: `${bavail * bsize}`,
    fix: 'free some space, or set HF_HOME or HF_HUB_CACHE to another disk',
  });
}

async function downloadBlob(
  connection: HubConnection,
  commit: string,
  file: HubFile,
  blobs: string,
  report: (bytes: number) => void,
): Promise<void> {
  const path = join(blobs, file.hash);
  const isResumed = (await sizeOf(path + INCOMPLETE)) !== undefined;
  if (!(await filledAsListed(connection, commit, file, path + INCOMPLETE, report))) {
    // What an earlier process left may have been torn by a crash of the machine.
    if (!(isResumed && (await filledAsListed(connection, commit, file, path + INCOMPLETE, report)))) {
      throw new CheckpointError({
        where: `${connection.id}: ${file.name}`,
        wanted: `content with the checksum ${file.hash}, as the hub lists it`,
        got: 'other content',
        fix: 'download it again later; if HF_ENDPOINT names a mirror, try another',
      });
    }
  }
  try {
    expectStillLocked(path);
    await rename(path + INCOMPLETE, path);
    await syncFolder(blobs);
  } catch (error) {
    throw outputFailure(error, path);
  }
}

/** Whether the file, once it is full, has its checksum; else it is removed. */
async function filledAsListed(
  connection: HubConnection,
  commit: string,
  file: HubFile,
  path: string,
  report: (bytes: number) => void,
): Promise<boolean> {
  const incomplete = await IncompleteFile.open(path, file);
  let isAsListed = false;
  try {
    const url = addressOf(connection, commit, file.name);
    report(incomplete.bytes);
    const resume = () => continueDownload(connection, url, incomplete, report);
    await connection.retried(resume, () => incomplete.bytes);
    isAsListed = await incomplete.finish();
  } finally {
    await incomplete.close();
  }
  if (!isAsListed) await rm(path, { force: true });
  return isAsListed;
}

async function continueDownload(
  connection: HubConnection,
  url: string,
  incomplete: IncompleteFile,
  report: (bytes: number) => void,
): Promise<void> {
  const { file } = incomplete;
  if (incomplete.bytes === file.bytes) return;
  const range = incomplete.bytes === 0 ? {} : { Range: `bytes=${incomplete.bytes}-` };
  // Ranges count the bytes that are sent, so these must be those of the file.
  await connection.request(url, { headers: { ...range, 'Accept-Encoding': 'identity' } }, async (response, alive) => {
    const from =
      response.status === 206 ? Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]) : 0;
    if (from !== incomplete.bytes) {
      if (from !== 0) connection.refuse(`another part of ${file.name} than was asked for`);
      await incomplete.empty();
    }
    for await (const piece of response.body ?? []) {
      alive();
      if (incomplete.bytes + piece.length > file.bytes) {
        await incomplete.empty();
        connection.refuse(`more than the ${file.bytes} bytes that ${file.name} should have`);
      }
      await incomplete.append(piece);
      report(incomplete.bytes);
    }
  });
  if (incomplete.bytes < file.bytes)
    connection.cut(`${file.name} ended after ${incomplete.bytes} of ${file.bytes} bytes`);
}

/** A file that grows, with the hash of what it holds. */
class IncompleteFile {
  readonly file: HubFile;
  readonly #path: string;
  readonly #handle: FileHandle;
  #hash: Hash;
  #bytes = 0;

  private constructor(path: string, file: HubFile, handle: FileHandle) {
    this.#path = path;
    this.file = file;
    this.#handle = handle;
    this.#hash = newHash(file);
  }

  /** Reads what is there already into the hash; more than the whole file is of no use. */
  static async open(path: string, file: HubFile): Promise<IncompleteFile> {
    let incomplete: IncompleteFile | undefined;
    try {
      incomplete = new IncompleteFile(path, file, await open(path, 'a+'));
      const { size } = await stat(path);
      if (size > file.bytes) await incomplete.empty();
      else await incomplete.#readBack(size);
      return incomplete;
    } catch (error) {
      await incomplete?.close();
      throw outputFailure(error, path);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  async #readBack(size: number): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    while (this.#bytes < size) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#bytes);
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#bytes += bytesRead;
    }
  }

  async append(piece: Uint8Array): Promise<void> {
    try {
      expectStillLocked(this.#path);
      await this.#handle.appendFile(piece);
    } catch (error) {
      throw outputFailure(error, this.#path);
    }
    this.#hash.update(piece);
    this.#bytes += piece.length;
  }

  async empty(): Promise<void> {
    try {
      await this.#handle.truncate(0);
    } catch (error) {
      throw outputFailure(error, this.#path);
    }
    this.#hash = newHash(this.file);
    this.#bytes = 0;
  }

  /** Makes it outlive a power cut. @returns whether it has its checksum. */
  async finish(): Promise<boolean> {
    try {
      await this.#handle.sync();
    } catch (error) {
      throw outputFailure(error, this.#path);
    }
    return this.#hash.digest('hex') === this.file.hash;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Git hashes a header with the size before the content of a blob. */
function newHash({ hash, bytes }: HubFile): Hash {
  return hash.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`);
}
