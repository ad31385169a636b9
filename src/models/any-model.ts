/** @file One door to every model: a run, a checkpoint of ours, a Hugging Face folder, a name in the hub's cache. */

import { OptionError } from '../errors/failures.js';
import { type HuggingFaceOptions, loadHuggingFace } from './hugging-face.js';
import type { SavedModel } from './model.js';
import { findModelFolder, isOurs, taskInName } from './model-folder.js';
import { MULTI_TASK, taskModel, tasksOf } from './multi-task.js';
import { loadModel, modelHash } from './saved-model.js';

export type AnyModelOptions = HuggingFaceOptions & {
  /** From a name that is no path to a model's folder. Default: `resolveModel`, which reads the hub's cache alone. */
  readonly find?: (name: string) => Promise<string>;
  /** Whether a model of several tasks may come as one, where no task of it is named. Default: false. */
  readonly takesTasks?: boolean | undefined;
};

/** `path` is the folder that holds the model's own files, and, of a model that reads text, its tokenizer. */
export type OpenedModel = SavedModel & {
  /** What a user should know of a Hugging Face model: parts that are new, tensors that were left out. */
  readonly notices: readonly string[];
};

/**
 * Opens a model by its path or name. One task of a model of several is `MODEL#TASK`, and then an ordinary model.
 * @throws CheckpointError, FileError as `loadModel`, `loadHuggingFace` and `resolveModel` do; OptionError for a model of
 *   several tasks and no task, or a task that it does not have.
 */
export async function openAnyModel(nameOrPath: string, options: AnyModelOptions = {}): Promise<OpenedModel> {
  const { find, takesTasks = false, ...forHuggingFace } = options;
  const path = await findModelFolder(nameOrPath, find);
  if (await isOurs(path)) {
    const saved = await loadModel(path, options);
    const isWhole = takesTasks && saved.model.kind === MULTI_TASK && taskInName(nameOrPath).task === undefined;
    return { ...(isWhole ? saved : ofTask(saved, nameOrPath)), path, notices: [] };
  }
  const found = await loadHuggingFace(path, forHuggingFace);
  return { ...found, path, contentHash: modelHash(found) };
}

/** The model as it is, or the task of it that is named. */
function ofTask(saved: SavedModel, nameOrPath: string): SavedModel {
  const { model: name, task } = taskInName(nameOrPath);
  const isWhole = saved.model.kind === MULTI_TASK;
  if (!isWhole && task === undefined) return saved;
  const names = isWhole ? tasksOf(saved.model) : [];
  if (task === undefined || !names.includes(task)) {
    throw new OptionError({
      where: name,
      wanted: isWhole ? `one of its tasks: ${names.map((each) => `${name}#${each}`).join(', ')}` : 'its name alone',
      got: task === undefined ? 'all of them' : `#${task}`,
      ...(!isWhole && { fix: 'leave out the # and what follows: this is a model of one task' }),
    });
  }
  const own = taskModel(saved, task);
  const { tasksReadAs: _, ...whole } = saved;
  return { ...whole, ...own, contentHash: modelHash(own) };
}
