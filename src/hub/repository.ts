/** @file What the hub has under a name, asked through its own library. */
import type { HubConnection } from './connection.js';

/** One file of a commit. */
export type HubFile = {
  /** A plain name, of those that were asked for. */
  readonly name: string;
  readonly bytes: number;
  /** Of its content: SHA-256 of large files, of others the SHA-1 that Git gives a blob. Also its name in the cache. */
  readonly hash: string;
};

const COMMIT = /^[0-9a-f]{40}$/;
const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** As much as is read of a tokenizer, the largest of what is no weights. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;
const MAX_WEIGHT_BYTES = 16 * 2 ** 30;

export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/**
 * The commit that a branch, tag or commit names.
 * @throws CheckpointError where there is none, or none that may be read; InterruptedError.
 */
export async function commitOf(connection: HubConnection, revision: string): Promise<string> {
  const { modelInfo } = await import('@huggingface/hub');
  const { id, settings, fetch } = connection;
  const { sha } = await connection.asked(() =>
    modelInfo({ name: id, revision, hubUrl: settings.endpoint, fetch, additionalFields: ['sha'] }),
  );
  if (typeof sha === 'string' && isCommit(sha)) return sha;
  return connection.refuse('no commit');
}

/**
 * Those of the files that the commit has, by name. What else the answer may list is passed over.
 * @throws CheckpointError for an answer that gives no hash, or a size beyond reason; InterruptedError.
 */
export async function filesOf(
  connection: HubConnection,
  commit: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, HubFile>> {
  const { pathsInfo } = await import('@huggingface/hub');
  const { id, settings, fetch } = connection;
  const answer = await connection.asked(() =>
    pathsInfo({
      repo: { type: 'model', name: id },
      revision: commit,
      paths: [...names],
      hubUrl: settings.endpoint,
      fetch,
    }),
  );
  const wanted = new Set(names);
  const files = new Map<string, HubFile>();
  for (const { path: name, type, size: bytes, oid, lfs } of answer) {
    if (!wanted.has(name) || type !== 'file') continue;
    const hash = lfs?.oid ?? oid;
    if (typeof hash !== 'string' || !HASH.test(hash)) connection.refuse(`no checksum of ${name}`);
    const most = name.endsWith('.safetensors') ? MAX_WEIGHT_BYTES : MAX_TEXT_BYTES;
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > most) {
      connection.refuse(`${name} of ${String(bytes)} bytes, where at most ${most} are read`);
    }
    files.set(name, { name, bytes, hash });
  }
  return files;
}

/** Where a file of a commit is downloaded from. */
export function addressOf({ id, settings }: HubConnection, commit: string, name: string): string {
  return `${settings.endpoint}/${id}/resolve/${commit}/${encodeURIComponent(name)}`;
}
