/**
 * @file A model on disk: a folder with `config.json` (kind, config, label names, hash of the weights) and
 * `model.safetensors`. Nothing in it is ever executed.
 */

import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, OptionError } from '../errors/failures.js';
import { RetortError } from '../errors/retort-error.js';
import { errorCode, inputFailure } from '../files/file-failure.js';
import { expectUnchanged, writeManifest } from '../files/manifest.js';
import { MANIFEST } from '../files/manifest-format.js';
import { packageVersion } from '../files/package-version.js';
import { folderToRead, replaceFolderAtomic } from '../files/replace-folder.js';
import { defined } from '../options/given.js';
import { jsonOf, jsonProblem } from '../options/json.js';
import { readSafetensors, writeSafetensors } from '../tensor/safetensors-file.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { readCalibration } from './calibration.js';
import { checkedWeights } from './checked-weights.js';
import type { SavedModel, TrainedModel, Weights } from './model.js';
import { MODEL_FORMAT } from './model-format.js';

const CONFIG = 'config.json';
/** Hashed in the config. */
export const WEIGHTS = 'model.safetensors';
/** Many times the longest list of labels. */
const MAX_CONFIG_BYTES = 16 * 2 ** 20;

/** SHA-256 over names, shapes and bytes of the weights, in the order of their names. */
export function weightsHash(weights: Weights): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(weights).sort()) {
    const { shape, data } = weights[name] as Tensor<'float32'>;
    hash.update(`${JSON.stringify(name)}${formatShape(shape)}`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** SHA-256 over what a model answers from: kind, config and weights. */
export function modelHash({ model, weights }: Pick<TrainedModel, 'model' | 'weights'>): string {
  const { kind, config } = model;
  return createHash('sha256')
    .update(JSON.stringify([kind, config]))
    .update(weightsHash(weights))
    .digest('hex');
}

/**
 * Saves a model as a folder, in one piece: an earlier folder of that name is replaced, or stays if writing fails.
 * @throws OutputError naming the place that cannot be written.
 */
export async function saveModel(folder: string, trained: TrainedModel): Promise<void> {
  await replaceFolderAtomic(folder, async (inside) => {
    await writeModelFiles(inside, trained);
    await writeManifest(inside, [WEIGHTS]);
  });
}

/**
 * Writes the files of a model into a folder that is being filled.
 * @throws OptionError for a tokenizer's file whose name is no plain one, or that of a file of the model.
 */
export async function writeModelFiles(folder: string, trained: TrainedModel): Promise<void> {
  const { model, weights, labelNames, readsPairs, readAs, tasksReadAs, question, method } = trained;
  const { tokenizerFiles = new Map() } = trained;
  const reading = defined({ readAs, tasksReadAs });
  for (const name of tokenizerFiles.keys()) expectTokenizerFile(name);
  const config = {
    format: MODEL_FORMAT.name,
    // Older versions read what has nothing of the newer one.
    version: question !== undefined ? MODEL_FORMAT.version : Object.keys(reading).length === 0 ? 1 : 2,
    retort: packageVersion(),
    model: { kind: model.kind, config: model.config },
    ...(method && { method: { name: method.name, options: method.options } }),
    labelNames,
    ...(readsPairs !== undefined && { readsPairs }),
    ...reading,
    ...(question && { question }),
    weights: { sha256: weightsHash(weights) },
  };
  await writeFile(join(folder, CONFIG), `${JSON.stringify(config, null, 2)}\n`);
  await writeSafetensors(join(folder, WEIGHTS), weights);
  for (const [name, content] of tokenizerFiles) await writeFile(join(folder, name), content);
}

/** Nothing that leads out of the folder, is hidden, or would replace what the model is read from. */
function expectTokenizerFile(name: string): void {
  if (/^[A-Za-z0-9][\w.-]*$/.test(name) && ![CONFIG, WEIGHTS, MANIFEST].includes(name)) return;
  throw new OptionError({
    where: 'tokenizerFiles',
    wanted: `plain file names other than ${CONFIG}, ${WEIGHTS} and ${MANIFEST}`,
    got: JSON.stringify(name),
  });
}

export type LoadModelOptions = {
  /** Told of a folder without checksums, which is taken as it is. */
  readonly onNotice?: ((text: string) => void) | undefined;
};

/**
 * Loads a model that `saveModel` wrote. A run's output folder is read through its `last.ckpt`.
 * @throws CheckpointError for a folder that is missing, torn, damaged, of a newer format or of another shape, for one
 *   whose files were changed since, and for files of other formats.
 */
export async function loadModel(path: string, { onNotice }: LoadModelOptions = {}): Promise<SavedModel> {
  const folder = await folderOfModel(path);
  await expectUnchanged(folder, onNotice);
  const config = await readConfig(join(folder, CONFIG));
  const weights = checkedWeights(await readTensors(join(folder, WEIGHTS)), config.model, join(path, WEIGHTS));
  if (weightsHash(weights) !== config.weightsSha256) {
    throw new CheckpointError({
      where: path,
      wanted: `the weights that ${CONFIG} was written with`,
      got: 'others (their SHA-256 differs)',
      fix: 'copy the whole folder again',
    });
  }
  const { weightsSha256, ...about } = config;
  const calibration = await readCalibration(folder, weightsSha256);
  const own = calibration?.isApplied === true ? { temperature: calibration.temperature } : {};
  return { path, ...about, ...own, weights, contentHash: modelHash({ model: config.model, weights }) };
}

async function readTensors(path: string): Promise<ReadonlyMap<string, Tensor>> {
  return (await readSafetensors(path)).tensors;
}

/**
 * Where the files of a model lie: the folder itself, or the `last.ckpt` of a run's.
 * @throws CheckpointError if there is no `config.json` in either.
 */
export async function folderOfModel(path: string): Promise<string> {
  const folder = await placeOf(path);
  const kind = await kindOf(folder);
  if (kind === 'nothing') {
    throw notOurs(path, 'nothing of that name', 'check the path; retort … --save_last keeps OUTPUT_DIR/last.ckpt');
  }
  if (kind === 'file') throw notOurs(path, ...(await whatFileItIs(folder)));
  if ((await kindOf(join(folder, CONFIG))) === 'file') return folder;
  const last = await placeOf(join(folder, 'last.ckpt'));
  if ((await kindOf(join(last, CONFIG))) === 'file') return last;
  const others = (await readdir(folder)).filter((name) => name.endsWith('.ckpt')).sort();
  if (others.length > 0) throw notOurs(path, `a folder with ${others.slice(0, 3).join(', ')}`, 'name one of those');
  throw notOurs(path, `a folder without ${CONFIG}`, 'name a checkpoint folder written by retort');
}

/** `folderToRead`, or the path itself where something on the way to it is missing. */
async function placeOf(path: string): Promise<string> {
  try {
    return await folderToRead(path);
  } catch (error) {
    if (isNothing(error)) return path;
    throw asCheckpointError(path, inputFailure(error, path));
  }
}

function isNothing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (isNothing(error)) return 'nothing';
    throw asCheckpointError(path, inputFailure(error, path));
  }
}

function notOurs(path: string, got: string, fix: string): CheckpointError {
  return new CheckpointError({ where: path, wanted: 'a checkpoint folder', got, fix });
}

/** What somebody has who names a file where a folder is wanted, and what to do with it. */
async function whatFileItIs(path: string): Promise<[got: string, fix: string]> {
  const handle = await open(path, 'r');
  try {
    if (!(await handle.stat()).isFile()) return ['a device or pipe', 'name a checkpoint folder'];
    const start = new Uint8Array(8);
    await handle.read(start, 0, start.length, 0);
    const isZip = start[0] === 0x50 && start[1] === 0x4b; // torch.save writes a ZIP of a pickle since 1.6
    const isPickle = start[0] === 0x80 && (start[1] ?? 0) <= 5;
    if (isZip || isPickle) {
      return [
        'a pickle (torch.save), which can execute code when it is opened, so retort does not',
        'convert it where it was made (safetensors.torch.save_file), or train the model with retort',
      ];
    }
    return ['a file', 'name the folder with config.json and model.safetensors'];
  } finally {
    await handle.close();
  }
}

type Config = Omit<SavedModel, 'path' | 'weights' | 'contentHash'> & { readonly weightsSha256: string };

async function readConfig(path: string): Promise<Config> {
  const json = await readSmallJson(path, MAX_CONFIG_BYTES);
  // zod is loaded only where something is read.
  const { MODEL_KINDS, modelSchema, savedModelSchema, versionSchema } = await import('./saved-model.schema.js');
  const { version } = parsed(versionSchema.safeParse(json), path);
  if (version > MODEL_FORMAT.version) throw newerFormat(path, MODEL_FORMAT.version, version);
  const { model: stored, method, weights, ...about } = parsed(savedModelSchema.safeParse(json), path);
  const { labelNames, readsPairs, readAs, tasksReadAs, question } = about;
  const schema = modelSchema(stored.kind);
  if (schema === undefined) {
    throw new CheckpointError({
      where: `${path}: model.kind`,
      wanted: MODEL_KINDS.join(', '),
      got: JSON.stringify(stored.kind),
      fix: 'use a version of retort that has this kind of model',
    });
  }
  return {
    model: parsed(
      checkpointErrors(path, () => schema.safeParse(stored.config)),
      `${path}: model.config`,
    ),
    labelNames,
    ...defined({ readsPairs, readAs, tasksReadAs, question }),
    ...(method && { method }),
    weightsSha256: weights.sha256,
  };
}

/** @throws CheckpointError for a file that is missing, too large, or no JSON. */
export async function readSmallJson(path: string, maxBytes: number): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      throw new CheckpointError({ where: path, wanted: `at most ${maxBytes} bytes of JSON`, got: `${size} bytes` });
    }
    return jsonOf(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(path, 'JSON', jsonProblem(error), error);
    throw asCheckpointError(path, inputFailure(error, path));
  }
}

/** What a schema's `safeParse` gives, as far as it is needed here. */
type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false;
      readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] };
    };

/** @throws CheckpointError naming the first key that is not as the schema has it. */
export function parsed<T>(result: Parsed<T>, where: string): T {
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = issue?.path.map(String).join('.') ?? '';
  throw damaged(
    key === '' ? where : `${where}: ${key}`,
    'a value written by retort',
    issue?.message ?? 'something else',
  );
}

export function newerFormat(path: string, wanted: number, got: number): CheckpointError {
  return new CheckpointError({
    where: path,
    wanted: `format version ${wanted} or older`,
    got: `version ${got}`,
    fix: 'use a newer retort',
  });
}

function damaged(where: string, wanted: string, got: string, cause?: unknown): CheckpointError {
  return new CheckpointError({ where, wanted, got, fix: 'the file is damaged: copy or write it again', cause });
}

function checkpointErrors<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asCheckpointError(path, error);
  }
}

function asCheckpointError(path: string, error: unknown): unknown {
  if (!(error instanceof RetortError) || error instanceof CheckpointError) return error;
  const { where, wanted, got, fix } = error;
  return new CheckpointError({
    where: where === path ? path : `${path}: ${where}`,
    wanted,
    got,
    ...(fix !== undefined && { fix }),
    cause: error,
  });
}
