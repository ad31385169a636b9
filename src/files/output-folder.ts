import type { Dirent } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError, OutputError } from '../errors/failures.js';
import { outputFailure } from './file-failure.js';
import { acquireLock, isLockName, type Lock, type LockOptions } from './lock.js';
import { makeFolder } from './make-folder.js';
import { recoverFoldersIn } from './replace-folder.js';
import { isTemporaryName, removeStaleTemporaries } from './temporary.js';

const LOCK_NAME = '.lock';

/**
 * What a run writes into its folder, in the order in which `overwrite` removes it: resume state first, so that
 * a kill during the removal cannot leave a state that `resume` would take up; the log, by which a run that was begun is
 * known, last.
 */
const ARTEFACTS: readonly { readonly kind: 'file' | 'folder'; readonly name: RegExp }[] = [
  { kind: 'folder', name: /^resume$/ },
  { kind: 'file', name: /^run\.json$/ },
  { kind: 'file', name: /^metrics\.json$/ },
  { kind: 'file', name: /^(experiment\.json|results\.jsonl|report\.html)$/ },
  { kind: 'file', name: /^((train|dev|test)_)?predictions\.(txt|csv|tsv|json|jsonl)$/ },
  { kind: 'folder', name: /^(last|best|epoch=.*)\.ckpt$/ },
  { kind: 'folder', name: /^phase-\d+-[a-z0-9-]+$/ },
  { kind: 'file', name: /^log\.jsonl$/ },
];

export type ClaimOptions = LockOptions & {
  /** Remove what an earlier run wrote, by the names above. Files of any other name are never touched. */
  readonly overwrite?: boolean;
  /** Go on in a folder that holds an earlier run. */
  readonly resume?: boolean;
  /** A name that an empty folder may hold: what was made there for this run. */
  readonly besides?: string;
};

export type OutputFolder = Lock & { readonly path: string };

/**
 * Creates a run's output folder, or takes an existing one, and locks it for this process until `release`.
 * A lock left by a killed process does not count; half-written temporaries of such a process are removed.
 * @throws OutputError if another process uses the folder, if it is not empty and neither option is given, or if
 *   it cannot be created or written; OptionError if both options are given; what `acquireLock` throws.
 */
export async function claimOutputFolder(path: string, options: ClaimOptions = {}): Promise<OutputFolder> {
  const { overwrite = false, resume = false, besides, ...waiting } = options;
  if (overwrite && resume) {
    throw new OptionError({
      where: '--resume --overwrite',
      wanted: 'one of them',
      got: 'both',
      fix: 'pass --resume to continue, or --overwrite to start over',
    });
  }
  try {
    await makeFolder(path);
    const lock = await acquireLock(join(path, LOCK_NAME), waiting);
    try {
      await removeStaleTemporaries(path);
      await recoverFoldersIn(path);
      if (overwrite) await removeArtefacts(path);
      else if (!resume) await expectEmpty(path, besides);
      return { path, release: lock.release };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw outputFailure(error, path);
  }
}

async function removeArtefacts(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  for (const { kind, name } of ARTEFACTS) {
    for (const entry of entries) {
      if (name.test(entry.name) && isOfKind(entry, kind)) {
        await rm(join(path, entry.name), { recursive: true, force: true });
      }
    }
  }
}

/** A link is removed as a link; what it leads to stays. */
function isOfKind(entry: Dirent, kind: 'file' | 'folder'): boolean {
  return entry.isSymbolicLink() || (kind === 'folder' ? entry.isDirectory() : entry.isFile());
}

async function expectEmpty(path: string, besides: string | undefined): Promise<void> {
  const names = (await readdir(path)).filter(
    (name) => !isLockName(name, LOCK_NAME) && !isTemporaryName(name) && name !== besides,
  );
  if (names.length === 0) return;
  const shown = names.sort().slice(0, 3).join(', ');
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  throw new OutputError({
    where: path,
    wanted: 'a new or empty output folder',
    got: `one with ${shown}${more}`,
    fix: 'pass --resume to continue that run, --overwrite to replace it, or choose another folder',
  });
}
