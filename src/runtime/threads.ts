/** @file How many threads a session has that is not told. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const PROCESSORS = '/sys/devices/system/cpu';

let known: number | undefined;

/**
 * One for each physical core, as far as the process may use them: two on one core share its arithmetic. Where the system
 * does not say which processors share a core, as Linux does, one for each processor.
 */
export function usualThreads(): number {
  known ??= Math.min(physicalCores() ?? Infinity, availableParallelism());
  return known;
}

/** Sets of processors that share a core; undefined where the folder does not tell. */
export function physicalCores(processors = PROCESSORS): number | undefined {
  const cores = new Set<string>();
  try {
    for (const name of readdirSync(processors)) {
      if (/^cpu\d+$/.test(name)) cores.add(siblingsOf(`${processors}/${name}`));
    }
  } catch {
    return undefined;
  }
  cores.delete('');
  return cores.size || undefined;
}

function siblingsOf(processor: string): string {
  try {
    return readFileSync(`${processor}/topology/thread_siblings_list`, 'utf8').trim();
  } catch {
    // It is switched off.
    return '';
  }
}
