/** @file The folder of a cache: one folder a teacher, in it a description and shards of answers; all of it bounded. */

import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { errorCode, inputFailure } from '../files/file-failure.js';
import { acquireLock, type Lock, PATIENCE_MS } from '../files/lock.js';
import { makeFolder } from '../files/make-folder.js';
import { removeStaleTemporaries } from '../files/temporary.js';
import { jsonOf } from '../options/json.js';
import { decodeShard, encodeShard, type Shard } from './answer-shard.js';
import type { FedSignals } from './teacher.js';

const DESCRIPTION = 'teacher.json';
const LOCK = '.lock';
const SHARD = /^[0-9a-f]{24}\.answers$/u;
const TEACHER = /^[0-9a-f]{64}$/u;

/** A folder that was used within this time may be in use: its rows are read while a student learns, its lock renewed. */
const IN_USE_MS = 60 * 60 * 1000;

export type TeacherFolder = { readonly path: string; readonly root: string; readonly key: string };

/** What is written beside the answers, for people and for reading them without opening the teacher. */
export type Description = {
  readonly teacher: string;
  readonly contentHash: string;
  readonly labelNames: readonly string[];
  readonly signals: FedSignals;
};

/** @throws OutputError where it cannot be made. */
export async function teacherFolder(root: string, key: string): Promise<TeacherFolder> {
  const path = join(root, key);
  await makeFolder(path);
  await removeStaleTemporaries(path);
  return { path, root, key };
}

/** The signals of the answers that are there; undefined where there are none yet, or none that can be read. */
export async function knownSignals({ path }: Pick<TeacherFolder, 'path'>): Promise<FedSignals | undefined> {
  try {
    const { descriptionSchema } = await import('./cache-description.schema.js');
    return descriptionSchema.parse(jsonOf(await readFile(join(path, DESCRIPTION), 'utf8'))).signals as FedSignals;
  } catch {
    // Missing, torn or of another version: the teacher itself says which signals it gives.
    return undefined;
  }
}

export async function describe({ path }: TeacherFolder, description: Description): Promise<void> {
  await writeFileAtomic(join(path, DESCRIPTION), `${JSON.stringify(description, null, 2)}\n`);
}

/** Says that the answers are in use, so that nobody makes room of them. */
export async function touch({ path }: Pick<TeacherFolder, 'path'>): Promise<void> {
  const now = new Date();
  await utimes(join(path, DESCRIPTION), now, now).catch(() => {});
}

export function isShardName(name: string): boolean {
  return SHARD.test(name);
}

export async function shardNames({ path }: TeacherFolder): Promise<string[]> {
  try {
    return (await readdir(path)).filter(isShardName).sort();
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/** A shard; undefined where it is damaged, and then removed. */
export async function readShard(
  { path, key }: TeacherFolder,
  name: string,
  floats: number,
): Promise<Shard | undefined> {
  const file = join(path, name);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw inputFailure(error, file);
  }
  const shard = decodeShard(bytes, key, floats);
  if (shard === undefined) await rm(file, { force: true });
  return shard;
}

/** Writes a shard in one piece, named after its contents, so that the same answers are the same file. */
export async function writeShard({ path, key }: TeacherFolder, shard: Shard): Promise<string> {
  const bytes = encodeShard(shard, key);
  const name = `${createHash('sha256').update(bytes).digest('hex').slice(0, 24)}.answers`;
  await writeFileAtomic(join(path, name), bytes);
  return name;
}

/** Waits until no other process labels for this teacher, and keeps them from it. */
export function lockFolder({ path }: TeacherFolder, signal: AbortSignal | undefined): Promise<Lock> {
  return acquireLock(join(path, LOCK), { patienceMs: PATIENCE_MS, signal });
}

/**
 * Removes what was used least recently until `needed` more bytes fit: first the caller's own shards that it has no use
 * for, then whole teachers that nobody has used for an hour.
 * @throws OutputError if they do not fit even so.
 */
export async function makeRoom(
  own: TeacherFolder,
  {
    needed,
    maxBytes,
    unused,
  }: { readonly needed: number; readonly maxBytes: number; readonly unused: readonly string[] },
): Promise<void> {
  const teachers = await Promise.all((await foldersIn(own.root)).map((key) => usageOf(join(own.root, key))));
  let total = teachers.reduce((sum, { bytes }) => sum + bytes, 0);
  const fits = () => total + needed <= maxBytes;
  if (fits()) return;
  for (const name of unused) {
    const file = join(own.path, name);
    total -= (await stat(file).catch(() => undefined))?.size ?? 0;
    await rm(file, { force: true });
    if (fits()) return;
  }
  const old = teachers
    .filter(({ path, usedMs }) => path !== own.path && Date.now() - usedMs > IN_USE_MS)
    .sort((a, b) => a.usedMs - b.usedMs);
  for (const { path, bytes } of old) {
    await rm(path, { recursive: true, force: true });
    total -= bytes;
    if (fits()) return;
  }
  const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  throw new OutputError({
    where: own.root,
    wanted: `space for ${mib(needed)} of outputs within ${mib(maxBytes)}`,
    got: `${mib(total)} in use`,
    fix: 'raise maxBytes, use another folder, or delete this one if it is no longer needed',
  });
}

async function foldersIn(root: string): Promise<string[]> {
  return (await readdir(root)).filter((name) => TEACHER.test(name));
}

async function usageOf(path: string) {
  let bytes = 0;
  let usedMs = 0;
  for (const name of await readdir(path).catch(() => [])) {
    const found = await stat(join(path, name)).catch(() => undefined);
    bytes += found?.size ?? 0;
    usedMs = Math.max(usedMs, found?.mtimeMs ?? 0);
  }
  return { path, bytes, usedMs };
}
