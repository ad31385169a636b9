/** @file A model of text, opened to answer: its export if it has one, else one that is made and kept beside it. */

import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { inputFailure } from '../files/file-failure.js';
import { packageVersion } from '../files/package-version.js';
import { isFile } from '../files/path-entry.js';
import { type LoadOptions, load, openExport } from '../inference/load.js';
import type { Inference } from '../inference/text-model.js';
import { findOnHub, type HubEvents } from '../models/find-on-hub.js';
import { configOf, findModelFolder, isOurs, taskInName } from '../models/model-folder.js';
import { IMAGE_KINDS } from '../models/model-format.js';
import { modelFileIn } from '../onnx/model-file.js';
import { MODEL_FILE } from '../onnx/model-versions.js';
import { readOnnxMetadata } from '../onnx/onnx-file.js';
import { defined, type Given } from '../options/given.js';
import { objectOf } from '../options/json.js';

export type OpenTextModelOptions = Given<LoadOptions> & HubEvents;

export type OpenedTextModel = Inference & {
  /** The folder of the model's files, or the export. */
  readonly path: string;
};

/**
 * Whether a path or name is a model of images, known without loading it. What is no model at all counts as text: opening
 * it says what is wrong.
 */
export async function readsImages(nameOrPath: string, events: HubEvents = {}): Promise<boolean> {
  if ((await fileIn(nameOrPath)) !== undefined) return false;
  const { model } = await configOf(await findModelFolder(nameOrPath, findOnHub(events)));
  return IMAGE_KINDS.has(String(objectOf(model).kind));
}

/**
 * Opens a model of text: an export as it is; a checkpoint of ours or a Hugging Face model through an export. That of a
 * checkpoint is kept as `model.onnx` beside it where the folder can be written, and used again while it is of the
 * same files.
 * @throws as `load`, `openAnyModel`, `exportOnnx` do.
 */
export async function openTextModel(nameOrPath: string, options: OpenTextModelOptions = {}): Promise<OpenedTextModel> {
  const { onDownload, onNotice = () => {}, ...place } = options;
  const loading = { ...defined(place), onNotice };
  const at = (inference: Inference, path: string): OpenedTextModel => Object.assign(inference, { path });
  const given = await fileIn(nameOrPath);
  if (given !== undefined && !(await isOfWeights(nameOrPath, given))) {
    return at(await load(nameOrPath, loading), nameOrPath);
  }
  const folder = await findModelFolder(nameOrPath, findOnHub({ onNotice, ...defined({ onDownload }) }));
  const { task } = taskInName(nameOrPath);
  const file = join(folder, task === undefined ? MODEL_FILE : `${task}.onnx`);
  const source = await sourceOf(folder);
  if ((await isFile(file)) && (await readSource(file)) === source) return at(await load(file, loading), folder);
  const bytes = await exported(nameOrPath, folder, source, onNotice);
  const isKept = (await isOurs(folder)) && (await keep(file, bytes));
  return at(await openExport(isKept ? file : bytes, folder, loading), folder);
}

/** The model of a path that is an .onnx file, or a folder with one; another tool's versions beside weights are not read. */
async function fileIn(path: string): Promise<string | undefined> {
  if (path.endsWith('.onnx')) return path;
  const file = await modelFileIn(path);
  if (file === undefined || file === join(path, MODEL_FILE)) return file;
  return (await weightFiles(path)).length === 0 || (await isOfRetort(file)) ? file : undefined;
}

async function isOfRetort(file: string): Promise<boolean> {
  return (await readOnnxMetadata(file)).has('retort.version');
}

/** Whether an ONNX file was made here from the weights beside it; any other stands for itself. */
async function isOfWeights(path: string, file: string): Promise<boolean> {
  if (path.endsWith('.onnx')) return false;
  return (await weightFiles(path)).length > 0 && (await readSource(file)) !== undefined;
}

/** What an export says it was made from. A torn one says nothing, and is made anew. */
async function readSource(file: string): Promise<string | undefined> {
  try {
    return (await readOnnxMetadata(file)).get('retort.source');
  } catch {
    return 'nothing that can be read';
  }
}

/**
 * What an export of this folder is made from, as one hash: its config, which has the hash of the weights, the tokenizer,
 * size and time of the weights' file, and the version that would export them. Hashing the weights again would take longer than
 * an answer; whoever puts others there by hand changes their time, and is told that they are not those of the config.
 */
async function sourceOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(packageVersion());
  for (const name of await modelFiles(folder)) {
    const path = join(folder, name);
    try {
      const { size, mtimeMs } = await stat(path);
      hash.update(JSON.stringify([name, size, name.endsWith('.safetensors') ? mtimeMs : 0]));
      if (!name.endsWith('.safetensors')) hash.update(await readFile(path));
    } catch (error) {
      throw inputFailure(error, path);
    }
  }
  return hash.digest('hex');
}

async function weightFiles(folder: string): Promise<string[]> {
  return (await modelFiles(folder)).filter((name) => name.endsWith('.safetensors'));
}

async function modelFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) =>
        /\.safetensors$|^(config|calibration|ngrams|tokenizer(_config)?)\.json$|^vocab\.txt$/.test(name),
      )
      .sort();
  } catch (error) {
    throw inputFailure(error, folder);
  }
}

/** The bytes of an export. What trains is loaded here, where there is none yet. */
async function exported(name: string, folder: string, source: string, onNotice: (text: string) => void) {
  const [{ openAnyModel }, { tempered }, { exportOnnx }, { loadModelTokenizer }, { tokenizerHash }] = await Promise.all(
    [
      import('../models/any-model.js'),
      import('../models/tempered.js'),
      import('./onnx.js'),
      import('../models/model-tokenizer.js'),
      import('../tokenizers/tokenizer-hash.js'),
    ],
  );
  const opened = tempered(await openAnyModel(name, { find: () => Promise.resolve(folder) }));
  for (const text of opened.notices) onNotice(text);
  return exportOnnx({ ...opened, source, tokenizerHash: tokenizerHash(await loadModelTokenizer(opened)) });
}

/** @returns false where the folder takes no files: the model then answers from memory. */
async function keep(file: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFileAtomic(file, bytes);
    return true;
  } catch (error) {
    if (error instanceof OutputError) return false;
    throw error;
  }
}
