/** @file Errors that only say that the machine, or the shell, allows less than retort needs: what to set. */
import { OptionError } from '../errors/failures.js';
import { isOutOfFiles, OPEN_FILES } from './open-files.js';

/** What went wrong in the user's words where a limit is why, else the error as it came. */
export function namedLimit(error: unknown): unknown {
  if (isOutOfFiles(error)) return new OptionError({ ...OPEN_FILES, cause: error });
  if (!(error instanceof RangeError)) return error;
  const got = `an allocation failure (${error.message})`;
  if (/^WebAssembly\.Memory\(\)/.test(error.message)) {
    // V8 reserves addresses around each such memory, so that no access has to be checked; it uses few of them.
    return new OptionError({
      where: 'memory',
      wanted: 'about 40 GB of virtual address space: WebAssembly reserves 10 GB for each memory, and uses little of it',
      got,
      fix: 'raise the limit: ulimit -v unlimited; where memory has to be bounded, bound what is used (a cgroup, systemd-run -p MemoryMax=4G)',
      cause: error,
    });
  }
  // What V8 throws for an array that is too large, for it or for the machine.
  if (!/allocation failed|Invalid typed array length/.test(error.message)) return error;
  return new OptionError({
    where: 'memory',
    wanted: 'a model and batches that fit into memory',
    got,
    fix: 'choose a smaller batch or model',
    cause: error,
  });
}
