/** @file How many threads a session has that is not told. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const PROCESSORS = '/sys/devices/system/cpu';

let known: number | undefined;

/**
 * One for each physical core, as far as the process may use them: two on one core share its arithmetic. Where the system
 * does not say which processors share a core, as Linux does, one for each processor. No more than `OMP_NUM_THREADS` says,
 * by which schedulers and containers give a process its share of a machine.
 */
export function usualThreads(): number {
  known ??= Math.min(physicalCores() ?? Infinity, availableParallelism(), threadsAllowed() ?? Infinity);
  return known;
}

/** What OpenMP's variable says: the first number of its list, that of the outermost level; undefined for none, or another text. */
export function threadsAllowed(said = process.env.OMP_NUM_THREADS): number | undefined {
  const [, first] = /^\s*(\d+)\s*(?:,|$)/.exec(said ?? '') ?? [];
  return Number(first) || undefined;
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
