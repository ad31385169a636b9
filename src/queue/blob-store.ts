/** @file Files by the hash of their content, where machines that see no common disk leave them for one another. */

/** A file by its content. */
export type Blob = { readonly sha256: string; readonly bytes: number };

export type BlobStore = {
  /** Where it is, for messages. */
  readonly where: string;
  /** Keeps a file's content, unless it is kept already. @returns its hash and size. */
  put(path: string): Promise<Blob>;
  has(sha256: string): Promise<boolean>;
  /** Writes the content to a file; nothing has that name before size and hash were seen. */
  get(blob: Blob, into: string): Promise<void>;
};
