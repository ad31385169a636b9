/** @file Parts of a labelling that several processes make, each the next that nobody has. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OutputError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { leaseFolder } from '../files/lease-folder.js';

export type Parts = {
  /** Of the leases. It is made. */
  readonly folder: string;
  /** For messages. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  /** What is missing now, by names that all processes have in common. */
  readonly parts: () => Promise<ReadonlyMap<string, Uint32Array>>;
  /** Makes one, after which it is missing no more. */
  readonly make: (rows: Uint32Array) => Promise<void>;
};

const POLL_MS = 250;

/**
 * Works until nothing is missing, or the signal is aborted. The heartbeat of a lease renews it, however long a part takes.
 * @throws what `make` does; OutputError for a part whose makers died too often.
 */
export async function labelParts({ folder, name, signal, parts, make }: Parts): Promise<void> {
  const work = await leaseFolder(folder);
  for (let missing = await parts(); missing.size > 0 && !signal?.aborted; missing = await parts()) {
    const lease = await work.claim([...missing.keys()]);
    if (lease === undefined) {
      await expectOthers(work, [...missing.keys()], name);
      await sleep(POLL_MS, undefined, signal && { signal }).catch(() => {});
      continue;
    }
    try {
      // Whoever had it before may have made it after the look.
      const rows = (await parts()).get(lease.unit);
      if (rows !== undefined) await make(rows);
    } catch (error) {
      await work.fail(lease, messageOf(error));
      throw error;
    }
    work.giveBack(lease);
  }
}

/** Whether somebody is at what is missing, or may be. What was set aside is forgiven as it is told: the next call tries it. */
async function expectOthers(
  work: Awaited<ReturnType<typeof leaseFolder>>,
  units: readonly string[],
  name: string,
): Promise<void> {
  const standing = await work.standing(units);
  const aside = units.filter((unit) => standing.get(unit)?.state === 'aside');
  if (aside.length < units.length) return;
  const [first = ''] = aside;
  const reasons = await work.failuresOf(first);
  await work.forgive(aside);
  throw new OutputError({
    where: name,
    wanted: 'outputs for all parts of the rows',
    got: `${aside.length} set aside after ${reasons.length} tries; the last said: ${reasons.at(-1)}`,
    fix: 'the others are cached: run it again to continue, a command with --resume',
  });
}
