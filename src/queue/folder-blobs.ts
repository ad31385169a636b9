/** @file A store of files in a folder: each is named by its hash, in a subfolder named by the first two digits of it. */
import { dirname, join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { statIfThere } from '../files/atomic-write.js';
import { inputFailure } from '../files/file-failure.js';
import { makeFolder } from '../files/make-folder.js';
import { removeStaleTemporaries } from '../files/temporary.js';
import { type Blob, type BlobStore, expectHash } from './blob.js';
import { checked, hashedFile, type Pieces, piecesOf, writePieces } from './blob-content.js';

export class FolderBlobs implements BlobStore {
  readonly where: string;
  readonly #signal: AbortSignal | undefined;

  constructor(folder: string, signal?: AbortSignal) {
    this.where = folder;
    this.#signal = signal;
  }

  async put(path: string): Promise<Blob> {
    const blob = await hashedFile(path, this.#signal);
    if ((await this.sizeOf(blob.sha256)) === blob.bytes) return blob;
    const fix = 'it changed while it was copied: try again when nobody writes to it';
    await this.keep(blob, checked(piecesOf(path), blob, { where: path, fix, signal: this.#signal }));
    return blob;
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.sizeOf(sha256)) !== undefined;
  }

  async get(blob: Blob, into: string): Promise<void> {
    const where = this.placeOf(blob.sha256);
    if (!(await this.has(blob.sha256))) {
      const fix = 'check that every machine sees the same folder here';
      throw new FileError({ where, wanted: 'a file that was put into this store', got: 'nothing of that name', fix });
    }
    const fix = 'the file is damaged: delete it, and put it into the store again';
    await writePieces(into, checked(piecesOf(where), blob, { where, fix, signal: this.#signal }));
  }

  /** Writes what was checked for this blob. @throws OutputError; what `pieces` throws. */
  async keep({ sha256 }: Blob, pieces: Pieces): Promise<void> {
    const place = this.placeOf(sha256);
    await makeFolder(dirname(place));
    await removeStaleTemporaries(dirname(place));
    await writePieces(place, pieces);
  }

  /** Undefined where it is not kept. @throws FileError where that cannot be told. */
  async sizeOf(sha256: string): Promise<number | undefined> {
    const place = this.placeOf(sha256);
    try {
      return (await statIfThere(place))?.size;
    } catch (error) {
      throw inputFailure(error, place);
    }
  }

  /** @throws OptionError for what is no hash. */
  placeOf(sha256: string): string {
    expectHash(sha256, this.where);
    return join(this.where, sha256.slice(0, 2), sha256);
  }
}
