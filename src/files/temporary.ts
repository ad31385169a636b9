import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.js';

/** Temporaries of machines that cannot be asked are left alone for this long. */
const FOREIGN_AGE_MS = 24 * 60 * 60 * 1000;

const NAME = /^\.retort-([0-9a-f]{8})-(\d+)-(\d+)-\d+\.tmp$/;

let count = 0;

/** A name no other process uses, from which a later one can tell whether its writer still lives. */
export function temporaryName(): string {
  const { machine, pid, started } = thisProcess();
  count += 1;
  return `.retort-${machine}-${pid}-${started}-${count}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return NAME.test(name);
}

/** Removes from a folder the temporary files and folders that killed processes left there. */
export async function removeStaleTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const writer = writerOf(name);
    if (writer !== undefined && (await isStale(join(folder, name), writer))) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

async function isStale(path: string, writer: Omit<ProcessIdentity, 'host'>): Promise<boolean> {
  if (writer.machine === thisProcess().machine) return isRunning({ ...writer, host: thisProcess().host }) === false;
  try {
    return Date.now() - (await lstat(path)).mtimeMs > FOREIGN_AGE_MS;
  } catch {
    return false;
  }
}

function writerOf(name: string): Omit<ProcessIdentity, 'host'> | undefined {
  const [, machine, pid, started] = NAME.exec(name) ?? [];
  if (machine === undefined || pid === undefined || started === undefined) return undefined;
  return { machine, pid: Number(pid), started };
}
