/**
 * @file Answering with an exported model in Node: an ONNX file and its tokenizer, and nothing that trains.
 */
import { fileURLToPath } from 'node:url';
import { FileError } from '../errors/failures.js';
import { folderFiles } from '../files/folder-files.js';
import { expectUnchanged } from '../files/manifest.js';
import { entryAt } from '../files/path-entry.js';
import { folderOfModelFile, isUnreadBeside, modelFileIn } from '../onnx/model-file.js';
import { MODEL_FILE, VERSIONS_FOLDER } from '../onnx/model-versions.js';
import { readOnnxMetadata, readOnnxReferences } from '../onnx/onnx-file.js';
import type { SessionOptions } from '../runtime/backend.js';
import { openModelSession } from '../runtime/session.js';
import { isUrl, loadFrom, type ModelFiles, type SourceOptions } from './model-source.js';
import { openModel } from './open-model.js';
import type { Inference, ModelSession, TextModel } from './text-model.js';

export type LoadOptions = Pick<SessionOptions, 'threads' | 'device'> & SourceOptions;

/**
 * Loads an exported model: the folder of `retort export --to onnx` or `--to hf`, an .onnx file of one, the URL of either,
 * or the files themselves by name. A folder that another tool wrote will do as well, if the model reads ids and answers
 * `logits` [batch, C] or [batch, sequence, C].
 * @throws FileError for files that are missing, torn or of another model, CheckpointError for such that were changed since
 *   they were written, OptionError for a wrong option.
 */
export async function load(source: string | URL | ModelFiles, options: LoadOptions = {}): Promise<Inference> {
  const path = source instanceof URL && source.protocol === 'file:' ? fileURLToPath(source) : source;
  if (typeof path !== 'string' || isUrl(path)) {
    return loadFrom(path, (model) => openModelSession(model, sessionOptions(options)), options);
  }
  const { file, folder } = await exportAt(path, options.precision);
  return openExport(file, folder, options);
}

/**
 * The model file of an exported folder, or of an .onnx file's path, and the folder of its tokenizer.
 * @throws FileError where there is none.
 */
export async function exportAt(
  path: string,
  precision?: LoadOptions['precision'],
): Promise<{ readonly file: string; readonly folder: string }> {
  if (!(await isFolderAt(path))) return { file: path, folder: await folderOfModelFile(path) };
  const file = await modelFileIn(path, precision);
  if (file !== undefined) return { file, folder: path };
  throw new FileError({
    where: path,
    wanted: `${MODEL_FILE}, or a version of it in ${VERSIONS_FOLDER}`,
    got: 'a folder without it',
    fix: 'make one: retort export MODEL --to onnx --output_dir DIR',
  });
}

/**
 * The same with the model's bytes in place of its file.
 * @param model its path or its bytes
 * @param folder where its tokenizer lies
 * @param openSession of the model, in another thread for instance. Default: in this one.
 */
export async function openExport(
  model: string | Uint8Array,
  folder: string,
  options: LoadOptions = {},
  openSession: () => Promise<ModelSession> = () => openModelSession(model, sessionOptions(options)),
): Promise<TextModel> {
  const isUnread = typeof model === 'string' ? isUnreadBeside(folder, model) : undefined;
  await expectUnchanged(folder, options.onNotice, isUnread);
  const parts = {
    where: typeof model === 'string' ? model : folder,
    files: folderFiles(folder),
    metadata: await readOnnxMetadata(model),
    references: () => readOnnxReferences(model),
    openSession,
  };
  return openModel(parts, options);
}

function sessionOptions({ threads, device }: LoadOptions): SessionOptions {
  return { threads, device };
}

/** @throws FileError where nothing is. */
async function isFolderAt(path: string): Promise<boolean> {
  const found = await entryAt(path);
  if (found !== undefined) return found.isDirectory();
  throw new FileError({
    where: path,
    wanted: 'an exported model, a folder or an .onnx file',
    got: 'nothing of that name',
    fix: 'check the path',
  });
}
