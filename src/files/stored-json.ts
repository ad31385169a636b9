/** @file What a file of ours says once its schema has looked at it. */
import { FileError } from '../errors/failures.js';

/** What a schema's `safeParse` gives, as far as it is needed here. */
type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false;
      readonly error: {
        readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
      };
    };

const DAMAGED = 'the file is damaged, or not written by retort: copy or create it again';

/** @throws FileError naming the first place that is not what it should be. */
export function storedValue<T>(result: Parsed<T>, where: string, wanted: string, fix = DAMAGED): T {
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = issue?.path.map(String).join('.') ?? '';
  throw new FileError({
    where: key === '' ? where : `${where}: ${key}`,
    wanted,
    got: issue?.message ?? 'something else',
    fix,
  });
}

/** @throws FileError for a file of a format that came after this version of the package. */
export function checkFormatVersion(got: number, known: number, where: string): void {
  if (got <= known) return;
  throw new FileError({
    where,
    wanted: `format version ${known} or older`,
    got: `version ${got}`,
    fix: 'use a newer retort',
  });
}
