/** @file What a job says of files that travel, checked where bytes become objects: it may have been written by anybody. */
import { z } from 'zod';
import { isHash } from './blob.js';

export const MOST_FILES = 10_000;
/** As much as file systems take: of a name, and of all names of a path. */
const MOST_NAME_BYTES = 255;
const MOST_PATH_BYTES = 1024;

/** Parts with `/` between, none of which leads up, out or to nothing. */
export function isCarriedName(name: string): boolean {
  const bytes = (text: string) => Buffer.byteLength(text);
  // A lone surrogate would become another character in a path.
  if (bytes(name) > MOST_PATH_BYTES || /[\\\p{Cc}\p{Cs}]/u.test(name)) return false;
  return name.split('/').every((part) => !['', '.', '..'].includes(part) && bytes(part) <= MOST_NAME_BYTES);
}

const nameSchema = z.string().refine(isCarriedName, { error: 'another name than a path inside a folder' });

const carriedFileSchema = z.strictObject({
  name: nameSchema,
  sha256: z.string().refine(isHash, { error: 'no SHA-256' }),
  bytes: z.int().min(0),
});

const namesOnce = (files: readonly { readonly name: string }[]) =>
  new Set(files.map(({ name }) => name)).size === files.length;

export const carriedFilesSchema = z
  .array(carriedFileSchema)
  .max(MOST_FILES, { error: `more than ${MOST_FILES} files` })
  .refine(namesOnce, { error: 'a name that comes twice' });

export type CarriedFile = Readonly<z.infer<typeof carriedFileSchema>>;
