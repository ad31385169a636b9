/** @file Models by name in the cache that Hugging Face's own tools fill: `HUB/models--ORG--NAME/snapshots/REVISION/`. */
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError } from '../errors/failures.js';
import { errorCode, inputFailure } from '../files/file-failure.js';
import { readText } from '../tokenizers/read-text.js';
import { SMALL_BERTS } from './small-berts.js';

/** Short names of models, and where the hub has them. */
export const MODEL_NAMES: ReadonlyMap<string, string> = new Map([
  ['minilm-l6', 'sentence-transformers/all-MiniLM-L6-v2'],
  ...Object.entries(SMALL_BERTS).map(([name, { hubId }]) => [name, hubId] as const),
]);

/** `NAME` or `ORG/NAME`, as the hub has them; nothing that leads out of a folder. */
const HUB_ID = /^[A-Za-z0-9][\w.-]{0,95}(\/[A-Za-z0-9][\w.-]{0,95})?$/;
const REVISION = /^[A-Za-z0-9][\w.-]{0,99}$/;

/** The folder of the hub's cache, by the variables that `huggingface_hub` obeys. */
export function hubCache(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.HF_HUB_CACHE) return env.HF_HUB_CACHE;
  if (env.HF_HOME) return join(env.HF_HOME, 'hub');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface', 'hub');
}

/**
 * The folder of a model: the path itself where it is a folder, else what the hub's cache has under that name or short
 * name (`minilm-l6`). Nothing is downloaded.
 * @throws CheckpointError if there is neither.
 */
export async function resolveModel(
  nameOrPath: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  if (await isFolder(nameOrPath)) return nameOrPath;
  const id = MODEL_NAMES.get(nameOrPath) ?? nameOrPath;
  const cache = hubCache(env);
  const isHubId = HUB_ID.test(id) && !id.includes('..');
  if (isHubId) {
    const snapshot = await snapshotIn(join(cache, `models--${id.replace('/', '--')}`));
    if (snapshot !== undefined) return snapshot;
  }
  throw new CheckpointError({
    where: nameOrPath,
    wanted: `a model's folder, or a model in the hub's cache ${cache}`,
    got: 'neither',
    fix: `check the name (minilm-l6, bert-tiny and so on, or ORG/NAME), or put the model there with hf download ${isHubId ? id : 'ORG/NAME'}`,
  });
}

/** The snapshot that `main` names, else the only one. */
async function snapshotIn(repository: string): Promise<string | undefined> {
  const snapshots = join(repository, 'snapshots');
  const main = join(repository, 'refs', 'main');
  if (await isThere(main)) {
    const revision = (await readText(main, 1000)).trim();
    if (!REVISION.test(revision)) {
      throw new CheckpointError({ where: main, wanted: 'a revision', got: JSON.stringify(revision.slice(0, 60)) });
    }
    return (await isFolder(join(snapshots, revision))) ? join(snapshots, revision) : undefined;
  }
  if (!(await isFolder(snapshots))) return undefined;
  const [only, ...more] = await readdir(snapshots);
  return only !== undefined && more.length === 0 ? join(snapshots, only) : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory() === true;
}

async function isThere(path: string): Promise<boolean> {
  return (await statOf(path)) !== undefined;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined;
    // A name with a NUL is no path.
    if (error instanceof TypeError) return undefined;
    throw inputFailure(error, path);
  }
}
