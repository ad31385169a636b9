/** @file Inputs of an experiment, files or folders anywhere on one machine, for machines that do not see them. */
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { makeFolder } from '../files/make-folder.js';
import { entryAt, isFolder, isThere } from '../files/path-entry.js';
import { storedValue } from '../files/stored-json.js';
import { isTemporaryName } from '../files/temporary.js';
import type { BlobStore } from './blob.js';
import { carrier, expectCarriedName, OTHER_VERSION } from './carried-files.js';
import { type CarriedFile, type MirroredInputs, MOST_FILES, mirroredInputsSchema } from './carried-files.schema.js';

type Found = { readonly name: string; readonly path: string };

/**
 * Leaves inputs in a store. Of a folder all files are taken, with those in its folders; a link to a file is that file.
 * @param paths files or folders
 * @returns names such as `inputs/0/train.tsv`, in the order of the paths, and the files that belong to them.
 * @throws FileError for a path that leads to nothing, and for what is neither file nor folder in one (a link to a folder, to
 *   nothing, a pipe); as `BlobStore.put`.
 */
export async function mirrorInputs(paths: readonly string[], store: BlobStore): Promise<MirroredInputs> {
  const inputs = paths.map((path, i) => `inputs/${i}/${basename(resolve(path))}`);
  const found: Found[] = [];
  for (const [i, path] of paths.entries()) {
    for await (const file of filesAt(resolve(path), inputs[i] as string)) {
      expectCarriedName(file.name);
      found.push(file);
      if (found.length <= MOST_FILES) continue;
      const fix = 'name the files and folders that are needed';
      throw new FileError({ where: path, wanted: `inputs of at most ${MOST_FILES} files`, got: 'more', fix });
    }
  }
  const files: CarriedFile[] = [];
  for (const { name, path } of found) files.push({ name, ...(await store.put(path)) });
  return { inputs, files };
}

/**
 * Brings inputs to a folder of this machine; files that are there with the same content stay.
 * @param given what `mirrorInputs` gave, as it came from anybody
 * @returns where each input is, in the order in which they were given.
 * @throws FileError for what is no list of inputs; as `Carrier.take`.
 */
export async function takeInputs(given: unknown, store: BlobStore, root: string): Promise<readonly string[]> {
  const wanted = 'names of inputs, and the files that belong to them';
  const { inputs, files } = storedValue(
    mirroredInputsSchema.safeParse(given),
    'inputs of a job',
    wanted,
    OTHER_VERSION,
  );
  await carrier({ store, root }).take(files);
  const places = inputs.map((name) => join(root, name));
  // A folder without files.
  for (const place of places) if (!(await isThere(place))) await makeFolder(place);
  return places;
}

/** Of a folder in the order of their names. */
async function* filesAt(path: string, name: string): AsyncGenerator<Found> {
  const found = await entryAt(path);
  if (found?.isFile() === true) {
    yield { name, path };
    return;
  }
  if (found?.isDirectory() !== true) {
    const got = found === undefined ? 'nothing of that name' : 'a device or pipe';
    throw new FileError({ where: path, wanted: 'a file or a folder', got, fix: 'check the path' });
  }
  const entries = await readdir(path, { withFileTypes: true }).catch((error) =>
    Promise.reject(inputFailure(error, path)),
  );
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (isTemporaryName(entry.name)) continue;
    const inside = join(path, entry.name);
    // It may lead in a circle, or to all of a disk.
    if (entry.isSymbolicLink() && (await isFolder(inside))) {
      throw new FileError({
        where: inside,
        wanted: 'files, folders and links to files in an input',
        got: 'a link to a folder',
        fix: 'put the folder itself there, or name it as an input of its own',
      });
    }
    yield* filesAt(inside, `${name}/${entry.name}`);
  }
}
