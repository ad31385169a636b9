/** @file Parts of a labelling that several processes make, each the next that nobody has. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FileError, OutputError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import type { UnitStanding, WorkSource } from '../files/work-source.js';

export type Parts = {
  /** Opened, and closed at the end. */
  readonly source: () => Promise<WorkSource>;
  /** For messages. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  /** What is missing now, by names that all processes have in common. */
  readonly parts: () => Promise<ReadonlyMap<string, Uint32Array>>;
  /** Makes one, after which it is missing no more. @returns the files that it is in, as `UnitResult` names them */
  readonly make: (rows: Uint32Array) => Promise<readonly string[]>;
};

const POLL_MS = 250;

/**
 * Works until nothing is missing, or the signal is aborted. The heartbeat of a lease renews it, however long a part takes.
 * @throws what `make` does; OutputError for a part whose makers died too often.
 */
export async function labelParts({ source, ...given }: Parts): Promise<void> {
  const work = await source();
  try {
    await labelFrom(work, given);
  } finally {
    await work.close();
  }
}

async function labelFrom(work: WorkSource, { name, signal, parts, make }: Omit<Parts, 'source'>): Promise<void> {
  const brought = new Set<string>();
  for (let missing = await parts(); missing.size > 0 && !signal?.aborted; missing = await parts()) {
    const lease = await work.claim([...missing.keys()]);
    if (lease === undefined) {
      const standing = await work.standing([...missing.keys()]);
      if (await bringDone(work, standing, brought, name)) continue;
      await expectOthers(work, standing, name);
      await sleep(POLL_MS, undefined, signal && { signal }).catch(() => {});
      continue;
    }
    try {
      // Whoever had it before may have made it after the look.
      const rows = (await parts()).get(lease.unit);
      if (rows === undefined) await work.giveBack(lease);
      else await work.deliver(lease, await make(rows));
    } catch (error) {
      await work.fail(lease, messageOf(error));
      throw error;
    }
  }
}

/** Parts that others have made where their files are not seen from here. @returns whether there were any */
async function bringDone(
  work: WorkSource,
  standing: ReadonlyMap<string, UnitStanding>,
  brought: Set<string>,
  name: string,
): Promise<boolean> {
  const done = [...standing].flatMap(([unit, { state }]) => (state === 'done' ? [unit] : []));
  for (const unit of done) {
    if (brought.has(unit)) {
      const wanted = `the outputs for ${unit} in the files that were made for it`;
      throw new FileError({ where: name, wanted, got: 'none', fix: 'start over with --overwrite' });
    }
    await work.bring(unit);
    brought.add(unit);
  }
  return done.length > 0;
}

/** Whether somebody is at what is missing, or may be. What was set aside is forgiven as it is told: the next call tries it. */
async function expectOthers(
  work: WorkSource,
  standing: ReadonlyMap<string, UnitStanding>,
  name: string,
): Promise<void> {
  const aside = [...standing].flatMap(([unit, { state }]) => (state === 'aside' ? [unit] : []));
  if (aside.length < standing.size) return;
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
