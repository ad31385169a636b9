/**
 * @file Where the ONNX file of an export lies: `model.onnx` in its folder, or several versions of it in the subfolder `onnx`,
 * by the names that transformers.js looks for.
 */
import { basename, dirname, join } from 'node:path';
import { FileError, OptionError } from '../errors/failures.js';
import { isFile } from '../files/path-entry.js';

export const MODEL_FILE = 'model.onnx';

/** The subfolder of versions in a Hugging Face folder. */
export const VERSIONS_FOLDER = 'onnx';

/** Names of the versions there, those that are taken first where nobody says which, first. */
export const VERSION_FILES = {
  float32: MODEL_FILE,
  int8: 'model_quantized.onnx',
  float16: 'model_fp16.onnx',
} as const satisfies Readonly<Record<string, string>>;

export type ModelVersion = keyof typeof VERSION_FILES;

/**
 * The ONNX file of a folder: `model.onnx`, else a version in `onnx`.
 * @param precision the version that is wanted; default: the first that is there, in the order of `VERSION_FILES`
 * @returns undefined for a folder without any
 * @throws OptionError for a precision that is no version's; FileError where that one is missing
 */
export async function modelFileIn(folder: string, precision?: ModelVersion): Promise<string | undefined> {
  const alone = join(folder, MODEL_FILE);
  if (precision === undefined) {
    for (const file of [alone, ...Object.values(VERSION_FILES).map((name) => join(folder, VERSIONS_FOLDER, name))]) {
      if (await isFile(file)) return file;
    }
    return undefined;
  }
  if (!Object.hasOwn(VERSION_FILES, precision)) {
    throw new OptionError({
      where: 'precision',
      wanted: `one of ${Object.keys(VERSION_FILES).join(', ')}`,
      got: String(precision),
    });
  }
  const file = join(folder, VERSIONS_FOLDER, VERSION_FILES[precision]);
  if (await isFile(file)) return file;
  throw new FileError({
    where: folder,
    wanted: `${VERSIONS_FOLDER}/${VERSION_FILES[precision]}`,
    got: (await isFile(alone)) ? `${MODEL_FILE} alone` : 'a folder without it',
    fix: `leave precision out, or export it: retort export MODEL --to hf --precision ${precision} --output_dir DIR`,
  });
}

/** The folder that holds the tokenizer and config of a model's file: of a version that above `onnx`. */
export async function folderOfModelFile(file: string): Promise<string> {
  const folder = dirname(file);
  if (basename(folder) !== VERSIONS_FOLDER || (await isFile(join(folder, 'tokenizer.json')))) return folder;
  return dirname(folder);
}
