/** @file Files of a folder that are left in a store and taken from it into a folder elsewhere, under the same names. */
import { dirname, join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import { makeFolder } from '../files/make-folder.js';
import { entryAt } from '../files/path-entry.js';
import { storedValue } from '../files/stored-json.js';
import { removeStaleTemporaries } from '../files/temporary.js';
import type { BlobStore } from './blob.js';
import { hashedFile } from './blob-content.js';
import { type CarriedFile, carriedFilesSchema, isCarriedName } from './carried-files.schema.js';

export type Carrier = {
  /**
   * Leaves files in the store.
   * @param names below the root, with `/` between their parts
   * @throws FileError for a name that leads elsewhere; as `BlobStore.put`.
   */
  put(names: readonly string[]): Promise<readonly CarriedFile[]>;
  /**
   * Brings files to their places below the root, each as a whole; those that are there with the same content stay.
   * @param files what `put` gave, as it came from anybody
   * @throws FileError for what is no list of files, before anything is written; as `BlobStore.get`.
   */
  take(files: unknown): Promise<void>;
};

const OTHER_VERSION = 'use the same version of retort on every machine, and check who else can write to the queue';

export function carrier({ store, root }: { readonly store: BlobStore; readonly root: string }): Carrier {
  return {
    put: async (names) => {
      for (const name of names) expectCarriedName(name);
      const files: CarriedFile[] = [];
      for (const name of names) files.push({ name, ...(await store.put(join(root, name))) });
      return files;
    },
    take: async (given) => {
      const wanted = 'names below a folder, hashes and sizes of files';
      const files = storedValue(carriedFilesSchema.safeParse(given), 'files of a job', wanted, OTHER_VERSION);
      const tidied = new Set<string>();
      for (const file of files) {
        const path = join(root, file.name);
        if (await isThereAlready(path, file)) continue;
        const folder = dirname(path);
        await makeFolder(folder);
        // Once: it lists the folder.
        if (!tidied.has(folder)) await removeStaleTemporaries(folder);
        tidied.add(folder);
        await store.get(file, path);
      }
    },
  };
}

/** @throws FileError for a name that another machine would refuse. */
function expectCarriedName(name: string): void {
  if (isCarriedName(name)) return;
  throw new FileError({
    where: JSON.stringify(shortened(name)),
    wanted: 'a path inside a folder, without "..", backslashes and control characters, of at most 1024 bytes',
    got: 'another',
    fix: 'rename the file',
  });
}

async function isThereAlready(path: string, { sha256, bytes }: CarriedFile): Promise<boolean> {
  const found = await entryAt(path);
  return found?.isFile() === true && found.size === bytes && (await hashedFile(path)).sha256 === sha256;
}
