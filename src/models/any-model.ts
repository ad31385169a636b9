/** @file One door to every model: a run, a checkpoint of ours, a Hugging Face folder, a name in the hub's cache. */
import { type HuggingFaceOptions, loadHuggingFace } from './hugging-face.js';
import { findModelFolder, isOurs } from './model-folder.js';
import { loadModel, modelHash, type SavedModel } from './saved-model.js';

export type AnyModelOptions = HuggingFaceOptions & {
  /** From a name that is no path to a model's folder. Default: `resolveModel`, which reads the hub's cache alone. */
  readonly find?: (name: string) => Promise<string>;
};

/** `path` is the folder that holds the model's own files, and, of a model that reads text, its tokenizer. */
export type OpenedModel = SavedModel & {
  /** What a user should know of a Hugging Face model: parts that are new, tensors that were left out. */
  readonly notices: readonly string[];
};

/**
 * Opens a model by its path or name.
 * @throws CheckpointError, FileError as `loadModel`, `loadHuggingFace` and `resolveModel` do.
 */
export async function openAnyModel(nameOrPath: string, options: AnyModelOptions = {}): Promise<OpenedModel> {
  const { find, ...forHuggingFace } = options;
  const path = await findModelFolder(nameOrPath, find);
  if (await isOurs(path)) return { ...(await loadModel(path)), path, notices: [] };
  const found = await loadHuggingFace(path, forHuggingFace);
  return { ...found, path, contentHash: modelHash(found) };
}
