/** @file Models by name in the cache that Hugging Face's own tools fill, without the network. */
import { CheckpointError } from '../errors/failures.js';
import { isFolder } from '../files/path-entry.js';
import { cachedSnapshot, isHubId } from '../hub/cache.js';
import { type EnvironmentVariables, hubCache } from '../hub/settings.js';
import { SMALL_BERTS } from './small-berts.js';

/** Short names of models, and where the hub has them. */
export const MODEL_NAMES: ReadonlyMap<string, string> = new Map([
  ['minilm-l6', 'sentence-transformers/all-MiniLM-L6-v2'],
  ...Object.entries(SMALL_BERTS).map(([name, { hubId }]) => [name, hubId] as const),
]);

/**
 * The folder of a model: the path itself where it is a folder, else what the hub's cache has under that name or short
 * name (`minilm-l6`). Nothing is downloaded: `fetchModel` does that.
 * @throws CheckpointError if there is neither.
 */
export async function resolveModel(nameOrPath: string, env: EnvironmentVariables = process.env): Promise<string> {
  if (await isFolder(nameOrPath)) return nameOrPath;
  const id = MODEL_NAMES.get(nameOrPath) ?? nameOrPath;
  const cache = hubCache(env);
  const snapshot = isHubId(id) ? await cachedSnapshot(cache, id) : undefined;
  if (snapshot !== undefined) return snapshot;
  throw new CheckpointError({
    where: nameOrPath,
    wanted: `a model's folder, or a model in the hub's cache ${cache}`,
    got: 'neither',
    fix: `check the name (minilm-l6, bert-tiny and so on, or ORG/NAME), or put the model there with hf download ${isHubId(id) ? id : 'ORG/NAME'}`,
  });
}
