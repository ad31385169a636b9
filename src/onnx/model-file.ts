/** @file Where the ONNX file of an export lies in a folder of this machine. */
import { basename, dirname, join, resolve } from 'node:path';
import { FileError } from '../errors/failures.js';
import { isFile } from '../files/path-entry.js';
import { MODEL_FILE, type ModelVersion, modelNames, VERSIONS_FOLDER } from './model-versions.js';

/**
 * The ONNX file of a folder: `model.onnx`, else a version in `onnx`.
 * @param precision the version that is wanted; default: the first that is there, in the order of `modelNames`
 * @returns undefined for a folder without any
 * @throws OptionError for a precision that is no version's; FileError where that one is missing
 */
export async function modelFileIn(folder: string, precision?: ModelVersion): Promise<string | undefined> {
  const names = modelNames(precision);
  for (const name of names) {
    const file = join(folder, name);
    if (await isFile(file)) return file;
  }
  if (precision === undefined) return undefined;
  throw new FileError({
    where: folder,
    wanted: names.join(', '),
    got: (await isFile(join(folder, MODEL_FILE))) ? `${MODEL_FILE} alone` : 'a folder without it',
    fix: `leave precision out, or export it: retort export MODEL --to hf --precision ${precision} --output_dir DIR`,
  });
}

/** The folder that holds the tokenizer and config of a model's file: of a version that above `onnx`. */
export async function folderOfModelFile(file: string): Promise<string> {
  const folder = dirname(file);
  if (basename(folder) !== VERSIONS_FOLDER || (await isFile(join(folder, 'tokenizer.json')))) return folder;
  return dirname(folder);
}

/** Files that a model's weights are in. */
const WEIGHTS = /\.(onnx|safetensors)$/;

/** Of the files in a folder, those that nobody reads who reads one version of a model: the weights of others. */
export function isUnreadBeside(folder: string, file: string): (name: string) => boolean {
  const read = resolve(file);
  return (name) => WEIGHTS.test(name) && resolve(folder, name) !== read;
}
