/** @file Where a model's files lie and whose they are, found without loading what reads them. */

import { join } from 'node:path';
import { isThere } from '../files/path-entry.js';
import { objectOf } from '../options/json.js';
import { MODEL_FORMAT } from './model-format.js';
import { folderOfModel, readSmallJson } from './saved-model.js';

const MAX_CONFIG_BYTES = 16 * 2 ** 20;

/** A model's path or name, and after a `#` the task that is meant of a model of several. */
export function taskInName(nameOrPath: string): { readonly model: string; readonly task?: string } {
  const at = nameOrPath.lastIndexOf('#');
  return at < 1 ? { model: nameOrPath } : { model: nameOrPath.slice(0, at), task: nameOrPath.slice(at + 1) };
}

/**
 * The folder of a model's files: of a run the last checkpoint. `MODEL#TASK` has that of the whole model.
 * @throws CheckpointError for a path that holds no model, or a name that `find` does not know.
 */
export async function findModelFolder(
  nameOrPath: string,
  find: (name: string) => Promise<string> = nameInCache,
): Promise<string> {
  const { model } = taskInName(nameOrPath);
  return (await isThere(model)) ? folderOfModel(model) : find(model);
}

async function nameInCache(name: string): Promise<string> {
  const { resolveModel } = await import('./hugging-face-cache.js');
  return resolveModel(name);
}

/** Whether a folder's `config.json` is one of ours, and not of Hugging Face. */
export async function isOurs(folder: string): Promise<boolean> {
  return (await configOf(folder)).format === MODEL_FORMAT.name;
}

/** A folder's `config.json`, whoever wrote it; unchecked but that it is an object. */
export async function configOf(folder: string): Promise<Readonly<Record<string, unknown>>> {
  return objectOf(await readSmallJson(join(folder, 'config.json'), MAX_CONFIG_BYTES));
}
