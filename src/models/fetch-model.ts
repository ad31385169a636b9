/** @file Models by name, downloaded where they are missing. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, OptionError } from '../errors/failures.js';
import { nearest } from '../errors/nearest.js';
import { readText } from '../files/folder-files.js';
import { isFile, isFolder } from '../files/path-entry.js';
import { parseJson } from '../files/stored-text.js';
import { cachedSnapshot, isHubId, isRevision, publishSnapshot, repositoryFolder } from '../hub/cache.js';
import { HubConnection } from '../hub/connection.js';
import { blobFolder, type DownloadProgress, downloadBlobs, removeRemains, whileLocked } from '../hub/download.js';
import { commitOf, filesOf, type HubFile } from '../hub/repository.js';
import { type EnvironmentVariables, type HubSettings, hubCache, hubSettings } from '../hub/settings.js';
import { MODEL_NAMES } from './hugging-face-cache.js';
import { parsed } from './saved-model.js';

export type FetchOptions = {
  /** A branch, tag, commit or pull request (`refs/pr/1`); `main` if not given. */
  readonly revision?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Told in one line of each wait: for another download of the same model, for a hub that is busy. */
  readonly onNotice?: (notice: string) => void;
  /** Stops the download; what has come stays, and the next one goes on from there. */
  readonly signal?: AbortSignal;
  readonly env?: EnvironmentVariables;
};

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const PICKLES = ['pytorch_model.bin', 'pytorch_model.bin.index.json'];
const VOCABULARIES = ['tokenizer.json', 'vocab.txt'];
const TOKENIZER_FILES = [...VOCABULARIES, 'tokenizer_config.json', 'special_tokens_map.json'];
const MAX_INDEX_BYTES = 16 * 2 ** 20;
const MAX_SHARDS = 1000;

/**
 * The folder of a model: the path itself where it is a folder; else what the hub's cache has under that name or short
 * name, without asking the network whether `main` has moved on; else the files that loading needs, downloaded into that
 * cache. Obeys `HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_CACHE` and `HF_HUB_OFFLINE`.
 * @throws CheckpointError where there is no such model, none that may be read, or none with safetensors, and where the
 *   network fails; OutputError if the cache cannot be written; OptionError for a revision or variable that cannot be one;
 *   InterruptedError.
 */
export async function fetchModel(nameOrPath: string, options: FetchOptions = {}): Promise<string> {
  const { revision = 'main', env = process.env } = options;
  if (await isFolder(nameOrPath)) return nameOrPath;
  if (!isRevision(revision)) {
    const got = JSON.stringify(revision.slice(0, 60));
    throw new OptionError({ where: 'revision', wanted: 'the name of a branch or tag, or a commit', got });
  }
  const id = MODEL_NAMES.get(nameOrPath) ?? nameOrPath;
  if (!isHubId(id)) {
    const meant = nearestName(nameOrPath);
    throw new CheckpointError({
      where: nameOrPath,
      wanted: "a model's folder, or a model's name on the hub (ORG/NAME)",
      got: 'neither',
      fix: `check the path${meant === undefined ? '' : ` (did you mean ${meant}?)`}`,
    });
  }
  const cached = await cachedSnapshot(hubCache(env), id, revision);
  if (cached !== undefined && (await isWholeModel(cached))) return cached;
  const settings = await hubSettings(env);
  if (settings.isOffline) {
    // Loading says what a snapshot lacks.
    if (cached !== undefined) return cached;
    throw new CheckpointError({
      where: nameOrPath,
      wanted: `a model's folder, or a model in the hub's cache ${settings.cache}`,
      got: `neither, and HF_HUB_OFFLINE forbids to download ${id}`,
      fix: 'check the name, or unset HF_HUB_OFFLINE once',
    });
  }
  return download(id, revision, settings, options);
}

/** Weights without their tokenizer count as half a model: Python's tools bring in what they use, file by file. */
async function isWholeModel(folder: string): Promise<boolean> {
  const isThere = (name: string) => isFile(join(folder, name));
  const hasVocabulary = (await Promise.all(VOCABULARIES.map(isThere))).includes(true);
  if (!hasVocabulary || !(await isThere(CONFIG))) return false;
  if (await isThere(WEIGHTS)) return true;
  if (!(await isThere(INDEX))) return false;
  const names = new Set(await readdir(folder));
  const shards = await shardsOf(join(folder, INDEX));
  return shards.every((name) => names.has(name)) && (await Promise.all(shards.map(isThere))).every(Boolean);
}

async function download(id: string, revision: string, settings: HubSettings, options: FetchOptions): Promise<string> {
  const { signal, onNotice, onProgress } = options;
  const connection = new HubConnection(id, settings, {
    ...(signal === undefined ? {} : { signal }),
    onNotice,
    nearestName: nearestName(id),
  });
  const commit = await commitOf(connection, revision);
  return whileLocked(connection, async () => {
    const listed = await filesOf(connection, commit, [CONFIG, WEIGHTS, INDEX, ...PICKLES, ...TOKENIZER_FILES]);
    const config = listed.get(CONFIG) ?? lacks(connection, CONFIG);
    const tokenizer = TOKENIZER_FILES.flatMap((name) => listed.get(name) ?? []);
    const files = [config, ...tokenizer, ...(await weightsIn(listed, connection, commit))];
    await downloadBlobs(connection, commit, files, onProgress);
    await removeRemains(connection, files);
    return publishSnapshot(repositoryFolder(settings.cache, id), revision, commit, files);
  });
}

async function weightsIn(
  listed: ReadonlyMap<string, HubFile>,
  connection: HubConnection,
  commit: string,
): Promise<readonly HubFile[]> {
  const whole = listed.get(WEIGHTS);
  if (whole !== undefined) return [whole];
  const index = listed.get(INDEX);
  if (index === undefined) {
    const pickle = PICKLES.find((name) => listed.has(name));
    return pickle === undefined ? lacks(connection, `${WEIGHTS} or ${INDEX}`) : refusePickle(connection, pickle);
  }
  // It alone tells which files follow, and so how many bytes there are in all.
  await downloadBlobs(connection, commit, [index]);
  const names = await shardsOf(join(blobFolder(connection), index.hash));
  const shards = await filesOf(connection, commit, names);
  return [index, ...names.map((name) => shards.get(name) ?? lacks(connection, `${name}, which ${INDEX} names`))];
}

async function shardsOf(path: string): Promise<readonly string[]> {
  const json = parseJson(await readText(path, MAX_INDEX_BYTES), path);
  const { indexSchema } = await import('./hugging-face.schema.js');
  const names = [...new Set(Object.values(parsed(indexSchema.safeParse(json), path).weight_map))].sort();
  if (names.length > 0 && names.length <= MAX_SHARDS) return names;
  throw new CheckpointError({ where: path, wanted: `1 to ${MAX_SHARDS} shards`, got: String(names.length) });
}

function lacks({ id }: HubConnection, wanted: string): never {
  throw new CheckpointError({ where: id, wanted, got: 'none in that repository', fix: 'choose another model' });
}

function refusePickle({ id }: HubConnection, name: string): never {
  throw new CheckpointError({
    where: `${id}: ${name}`,
    wanted: WEIGHTS,
    got: 'only a pickle (torch.save), which can execute code when it is opened, so retort does not',
    fix:
      `on a machine where you trust it, convert it: AutoModel.from_pretrained("${id}").save_pretrained(DIR) in Python's transformers, ` +
      'or look for a pull request with safetensors on its page and give revision refs/pr/N',
  });
}

/** The known name, short or of the hub, that is a few letters off. */
function nearestName(written: string): string | undefined {
  const known = [...MODEL_NAMES.keys(), ...MODEL_NAMES.values()];
  // Names of the hub are long: a third of their letters would be another model's.
  return nearest(
    written,
    known.filter((name) => name !== written),
    4,
  );
}
