/** @file Files by the hash of their content, where machines that see no common disk leave them for one another. */
import { OptionError } from '../errors/failures.js';

/** A file by its content. */
export type Blob = {
  /** 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  readonly bytes: number;
};

export type BlobStore = {
  /** For messages. */
  readonly where: string;
  /**
   * Keeps a file's content, unless it is kept already.
   * @returns its hash and size.
   * @throws FileError for a file that cannot be read or changes meanwhile; OutputError for a store that does not take it;
   *   InterruptedError.
   */
  put(path: string): Promise<Blob>;
  /** @throws FileError for a store that does not answer; InterruptedError. */
  has(sha256: string): Promise<boolean>;
  /**
   * Writes the content to a file, whose folder is there. Nothing has that name before size and hash were checked.
   * @throws FileError for content that is missing, incomplete or another; OutputError where the file cannot be written;
   *   InterruptedError.
   */
  get(blob: Blob, into: string): Promise<void>;
};

const HASH = /^[0-9a-f]{64}$/;

export function isHash(text: string): boolean {
  return HASH.test(text);
}

/** @throws OptionError for what is no hash: as a part of a path it could lead elsewhere. */
export function expectHash(text: string, where: string): void {
  if (isHash(text)) return;
  const got = JSON.stringify(text.slice(0, 100));
  throw new OptionError({ where, wanted: 'a SHA-256 in 64 hexadecimal digits', got });
}
