/** @file Too few files may be open at once. It imports nothing: what reads it may be unable to open another file. */

/** Node opens all modules of a command at once: about a hundred files. */
export const OPEN_FILES = {
  where: 'open files',
  wanted: '256 files or more that may be open at once',
  got: 'fewer (EMFILE)',
  fix: 'raise the limit: ulimit -n 1024',
} as const;

export function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE');
}

/** As all errors are told. */
export function openFilesText(): string {
  const { where, wanted, got, fix } = OPEN_FILES;
  return `${where}: wanted ${wanted}, got ${got}; ${fix}`;
}
