/**
 * @file What the ONNX files of an export are called: `model.onnx` in its folder, or several versions of it in the subfolder
 * `onnx`, by the names that transformers.js looks for.
 */
import { OptionError } from '../errors/failures.js';

export const MODEL_FILE = 'model.onnx';

/** The subfolder of versions in a Hugging Face folder. */
export const VERSIONS_FOLDER = 'onnx';

/** The subfolder of the second tokenizer, of a student that is two in one file. */
export const SECOND_FOLDER = 'second';

/** Names of the versions there, those that are taken first where nobody says which, first. */
export const VERSION_FILES = {
  float32: MODEL_FILE,
  int8: 'model_quantized.onnx',
  float16: 'model_fp16.onnx',
} as const satisfies Readonly<Record<string, string>>;

export type ModelVersion = keyof typeof VERSION_FILES;

/**
 * Names of a model's file from its folder on, those that are taken first, first.
 * @param precision the version that is wanted; default: any, `model.onnx` before the others
 * @throws OptionError for a precision that is no version's
 */
export function modelNames(precision?: ModelVersion): readonly string[] {
  const inFolder = (name: string) => `${VERSIONS_FOLDER}/${name}`;
  if (precision === undefined) return [MODEL_FILE, ...Object.values(VERSION_FILES).map(inFolder)];
  if (Object.hasOwn(VERSION_FILES, precision)) return [inFolder(VERSION_FILES[precision])];
  const wanted = `one of ${Object.keys(VERSION_FILES).join(', ')}`;
  throw new OptionError({ where: 'precision', wanted, got: String(precision) });
}
