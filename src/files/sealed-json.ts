/**
 * @file JSON with a checksum of its own, under the last of its keys: for records and for lines of files that grow, which no
 * manifest could follow. It is over the values, so other line ends and indents change nothing.
 */

import { createHash } from 'node:crypto';
import { FileError } from '../errors/failures.js';
import { isJsonObject } from '../options/json.js';

const SEAL = 'sha256';

/** The value with its checksum. */
export function sealed<T extends object>(value: T): T & { readonly sha256: string } {
  return { ...value, [SEAL]: sealOf(value) } as T & { readonly sha256: string };
}

/**
 * The value without its checksum.
 * @param isDemanded Whether a value without one is refused too; those of retort 0.1 have none.
 * @throws FileError for a value that was changed since it was written.
 */
export function unsealed(value: unknown, where: string, isDemanded: boolean): unknown {
  if (!isJsonObject(value)) return value;
  const { [SEAL]: seal, ...rest } = value;
  if (seal === undefined ? !isDemanded : seal === sealOf(rest)) return rest;
  throw new FileError({
    where,
    wanted: 'the recorded values with their checksum (sha256)',
    got: seal === undefined ? 'values without one' : 'changed values',
    fix: 'undo the change, or copy or create the file again',
  });
}

function sealOf(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
