/**
 * @file All that a run needs to go on, in one folder: the model, `optimizer.safetensors`, `method.safetensors` where the
 * method trains something beside the model, and `trainer.json`. The folder
 * is replaced as a whole, so it is always that of one moment.
 */
import type { Stats } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../../errors/failures.js';
import { statIfThere } from '../../files/atomic-write.js';
import { outputFailure } from '../../files/file-failure.js';
import { begunByOlder, type Fingerprint } from '../../files/fingerprint.js';
import { expectUnchanged, writeManifest } from '../../files/manifest.js';
import { packageVersion } from '../../files/package-version.js';
import { folderToRead, replaceFolderAtomic } from '../../files/replace-folder.js';
import type { TrainedModel, Weights } from '../../models/model.js';
import {
  loadModel,
  newerFormat,
  parsed,
  readSmallJson,
  WEIGHTS,
  weightsHash,
  writeModelFiles,
} from '../../models/saved-model.js';
import { readSafetensors, writeSafetensors } from '../../tensor/safetensors-file.js';
import type { Tensor } from '../../tensor/tensor.js';
import { splitWeights } from '../step/method-parameters.js';
import type { Patience } from './early-stopping.js';
import type { KeptModel } from './kept-models.js';
import type { CheckState } from './run-checks.js';
import { STATE_FORMAT } from './run-files.js';
import type { EpochRecord } from './run-record.js';
import type { Position } from './train.js';

/** What a run knows besides the tensors of its step. */
export type RunState = Position & {
  readonly epochs: readonly EpochRecord[];
  readonly kept: readonly KeptModel[];
  readonly patience: Patience;
  readonly stoppedEarly: boolean;
  /** What the checks have found so far. */
  readonly checks: CheckState;
  /** Spent so far, over all interruptions. */
  readonly seconds: number;
  /** Length of the log at this moment. */
  readonly logBytes: number;
  /** All that decides the numbers of the run. */
  readonly options: Fingerprint;
};

const TRAINER = 'trainer.json';
const OPTIMIZER_FILE = 'optimizer.safetensors';
/** What the method trains beside the model; absent where it trains nothing. */
const METHOD_FILE = 'method.safetensors';
const MODEL = 'model.';
const OPTIMIZER = 'optimizer.';
const MAX_TRAINER_BYTES = 256 * 2 ** 20;

/** The part of a step's state under a prefix, without it. */
function under(prefix: string, state: Weights): Weights {
  const part: Record<string, Tensor<'float32'>> = {};
  for (const [name, value] of Object.entries(state)) {
    if (name.startsWith(prefix)) part[name.slice(prefix.length)] = value;
  }
  return part;
}

/** The model in a step's `state()`, whose arrays may be the step's own: no copy of it is made to evaluate or save it. */
export function modelIn(tensors: Weights): Weights {
  return splitWeights(under(MODEL, tensors)).model;
}

/**
 * Saves the state of a run.
 * @param tensors the step's `state()`.
 * @throws OutputError if it cannot be written; the state that was saved before then stays.
 */
export async function saveRunState(
  folder: string,
  state: RunState,
  trained: Omit<TrainedModel, 'weights'>,
  tensors: Weights,
): Promise<void> {
  const optimizer = under(OPTIMIZER, tensors);
  const { model, method } = splitWeights(under(MODEL, tensors));
  const { step, cursor, epochLosses, lineLosses, epochs, kept, patience, stoppedEarly, checks } = state;
  const { seconds, logBytes, options } = state;
  const trainer = {
    format: STATE_FORMAT.name,
    version: STATE_FORMAT.version,
    retort: packageVersion(),
    ...{ step, cursor, epochLosses, lineLosses, epochs, kept, patience, stoppedEarly, checks },
    ...{ seconds, logBytes, options },
    optimizer: { sha256: weightsHash({ ...optimizer, ...method }) },
  };
  await replaceFolderAtomic(folder, async (inside) => {
    await writeModelFiles(inside, { ...trained, weights: model });
    await writeSafetensors(join(inside, OPTIMIZER_FILE), optimizer);
    if (Object.keys(method).length > 0) await writeSafetensors(join(inside, METHOD_FILE), method);
    await writeFile(join(inside, TRAINER), `${JSON.stringify(trainer)}\n`);
    await writeManifest(inside, [WEIGHTS, OPTIMIZER_FILE, METHOD_FILE]);
  });
}

/** Whether the state of a run is there. A damaged one counts: reading it then says what is wrong. */
export async function hasRunState(folder: string): Promise<boolean> {
  return (await entryAt(await folderToRead(folder)))?.isDirectory() ?? false;
}

/** Whether there is a file of that name. */
export async function hasFile(path: string): Promise<boolean> {
  return (await entryAt(path))?.isFile() ?? false;
}

async function entryAt(path: string): Promise<Stats | undefined> {
  try {
    return await statIfThere(path);
  } catch (error) {
    throw outputFailure(error, path);
  }
}

/** A state that `saveRunState` has written: what `trainer.json` holds, and the version of retort that wrote it. */
export async function loadRunState(
  folder: string,
): Promise<RunState & { readonly retort: string; readonly hash: string }> {
  const inside = await folderToRead(folder);
  await expectUnchanged(inside);
  const path = join(inside, TRAINER);
  const json = await readSmallJson(path, MAX_TRAINER_BYTES);
  const { stateSchema, savedVersionSchema } = await import('./checkpoint.schema.js');
  const { version, retort } = parsed(savedVersionSchema.safeParse(json), path);
  if (version > STATE_FORMAT.version) throw newerFormat(path, STATE_FORMAT.version, version);
  if (version < STATE_FORMAT.version) throw begunByOlder(dirname(folder), retort);
  const { optimizer, format: _format, version: _version, ...state } = parsed(stateSchema.safeParse(json), path);
  return { ...state, hash: optimizer.sha256 };
}

/**
 * The tensors of a saved state, as a step's `load` takes them.
 * @throws CheckpointError for tensors that are damaged or not those `trainer.json` was written with.
 */
export async function loadRunTensors(folder: string, optimizerHash: string): Promise<Weights> {
  const inside = await folderToRead(folder);
  const { weights } = await loadModel(inside);
  const path = join(inside, OPTIMIZER_FILE);
  const tensors: Record<string, Tensor<'float32'>> = {};
  const slots = await readFloats(path);
  const methodPath = join(inside, METHOD_FILE);
  const method = (await hasFile(methodPath)) ? await readFloats(methodPath) : {};
  for (const [name, value] of Object.entries({ ...weights, ...method })) tensors[`${MODEL}${name}`] = value;
  for (const [name, value] of Object.entries(slots)) tensors[`${OPTIMIZER}${name}`] = value;
  if (weightsHash({ ...slots, ...method }) === optimizerHash) return tensors;
  throw new CheckpointError({
    where: path,
    wanted: `the tensors that ${TRAINER} was written with`,
    got: 'others (their SHA-256 differs)',
    fix: 'start over with --overwrite',
  });
}

async function readFloats(path: string): Promise<Weights> {
  const found: Record<string, Tensor<'float32'>> = {};
  for (const [name, { dtype, shape, data }] of (await readSafetensors(path)).tensors) {
    if (!(data instanceof Float32Array)) {
      throw new CheckpointError({ where: `${path}: tensor '${name}'`, wanted: 'float32', got: dtype });
    }
    found[name] = { dtype: 'float32', shape, data };
  }
  return found;
}

/** Removes the state of a run that has ended. */
export async function removeRunState(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    throw outputFailure(error, folder);
  }
}
