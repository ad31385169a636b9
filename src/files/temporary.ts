import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, placeOfThisProcess, thisProcess } from './process-identity.js';

/** Temporaries of machines and containers that cannot be asked are left alone for this long. */
const FOREIGN_AGE_MS = 24 * 60 * 60 * 1000;

const NAME = /^\.retort-([0-9a-f]{8})-(\d+)-(\d+)-\d+\.tmp$/;

let count = 0;

/** A name no other process uses, from which a later one can tell whether its writer still lives. */
export function temporaryName(): string {
  const { pid, started } = thisProcess();
  count += 1;
  return `.retort-${placeOfThisProcess()}-${pid}-${started}-${count}.tmp`;
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

type Writer = { readonly place: string; readonly pid: number; readonly started: string };

async function isStale(path: string, { place, pid, started }: Writer): Promise<boolean> {
  const runs = place === placeOfThisProcess() ? isRunning({ ...thisProcess(), pid, started }) : undefined;
  if (runs !== undefined) return !runs;
  try {
    return Date.now() - (await lstat(path)).mtimeMs > FOREIGN_AGE_MS;
  } catch {
    return false;
  }
}

function writerOf(name: string): Writer | undefined {
  const [, place, pid, started] = NAME.exec(name) ?? [];
  if (place === undefined || pid === undefined || started === undefined) return undefined;
  return { place, pid: Number(pid), started };
}
