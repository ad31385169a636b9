/** @file Which store of files is meant: a folder that all machines see, or a server. */
import { resolve } from 'node:path';
import { OptionError } from '../errors/failures.js';
import { isFolder } from '../files/path-entry.js';
import type { BlobStore } from './blob.js';
import { FolderBlobs } from './folder-blobs.js';
import { HttpBlobs, type HttpBlobsOptions } from './http-blobs.js';
import { storeToken } from './store-token.js';

export type BlobStoreOptions = Omit<HttpBlobsOptions, 'token'> & {
  /** For a server: what it demands. A folder has permissions. */
  readonly token?: string | undefined;
};

/**
 * Nothing is asked of a server yet.
 * @param where a folder that is there, or `http://host:port` (or https) of `serveBlobs`
 * @throws OptionError for what is neither, and for a token that is missing or can be guessed.
 */
export async function openBlobStore(where: string, options: BlobStoreOptions = {}): Promise<BlobStore> {
  const scheme = /^([a-z][a-z\d+.-]+):\/\//i.exec(where)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') {
    const url = URL.canParse(where) ? new URL(where) : undefined;
    const isPlain = url?.username === '' && url.password === '' && url.search + url.hash === '';
    if (isPlain) return new HttpBlobs(where, { ...options, token: storeToken(options.token) });
    const wanted = 'an address such as http://coordinator:7070, without user name and query';
    throw new OptionError({ where: 'store', wanted, got: url === undefined ? where : 'one with more' });
  }
  if (scheme !== undefined || where === '') {
    const wanted = 'a folder that all machines see, or an address such as http://coordinator:7070';
    throw new OptionError({ where: 'store', wanted, got: JSON.stringify(where) });
  }
  const folder = resolve(where);
  if (await isFolder(folder)) return new FolderBlobs(folder, options.signal);
  // It is not made: where a disk is not mounted, every machine would have one of its own.
  const fix = 'mount the disk, or make the folder on it';
  throw new OptionError({ where: folder, wanted: 'an existing folder that all machines see', got: 'no folder', fix });
}
