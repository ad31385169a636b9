/** @file Runs that several processes divide among themselves, each taking the next that nobody has. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../errors/message-of.js';
import type { UnitResult, UnitStanding, WorkSource } from '../../files/work-source.js';
import { ArmError } from '../arm-run.js';

export type SharedWork = {
  readonly source: WorkSource;
  /** Whether somebody has called the whole experiment off. */
  readonly isCancelled: () => boolean;
};

export type SharedRuns<J extends { readonly unit: string }> = {
  readonly jobs: readonly J[];
  readonly run: (job: J, progress: (fraction: number) => void, signal: AbortSignal) => Promise<UnitResult>;
  /** Told each result once, whoever it is from. @param atOnce how many runs are under way */
  readonly keep: (job: J, given: UnitResult, atOnce: number) => void;
  /** Told now and then where the others are that have no result yet. */
  readonly onStanding?: ((standing: ReadonlyMap<string, UnitStanding>) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

const POLL_MS = 250;
/** Others need not be told more often. */
const TELL_MS = 1000;

/**
 * Works until every job has a result, from here or elsewhere. Returns early where the signal or the experiment is cancelled.
 * @returns The units that were done here.
 * @throws ArmError naming the runs that were set aside, once all others have ended.
 */
export async function runShared<J extends { readonly unit: string }>(
  work: SharedWork,
  { jobs, run, keep, onStanding, signal }: SharedRuns<J>,
): Promise<ReadonlySet<string>> {
  const { source } = work;
  const left = new Map(jobs.map((job) => [job.unit, job]));
  const here = new Set<string>();
  /** By unit, of those that failed here: their own errors say most. */
  const errors = new Map<string, unknown>();
  const isOver = () => signal?.aborted === true || work.isCancelled();
  while (left.size > 0 && !isOver()) {
    const standing = await source.standing([...left.keys()]);
    const atOnce = Math.max(1, [...standing.values()].filter(({ state }) => state === 'held').length);
    for (const [unit, { state }] of standing) {
      const job = left.get(unit);
      if (state !== 'done' || job === undefined) continue;
      const given = await source.resultOf(unit);
      if (!here.has(unit)) await source.bring(unit);
      keep(job, given, atOnce);
      left.delete(unit);
    }
    onStanding?.(standing);
    const units = [...left.keys()];
    const lease = await source.claim(units);
    const job = lease && left.get(lease.unit);
    if (lease !== undefined && job !== undefined) {
      const error = await runLeased(work, lease, (progress, own) => run(job, progress, own), signal, here);
      if (error !== undefined) errors.set(lease.unit, error);
    } else if (units.length > 0) {
      if (units.every((unit) => standing.get(unit)?.state === 'aside')) throw await setAside(source, units, errors);
      // Whoever asked for the pause sees an abort.
      await sleep(POLL_MS, undefined, signal && { signal }).catch(() => {});
    }
  }
  await expectOneResultEach(source, jobs);
  return here;
}

/** A second result may have come after the first was taken. @throws FileError for one that differs. */
async function expectOneResultEach(source: WorkSource, jobs: readonly { readonly unit: string }[]): Promise<void> {
  for (const [unit, { results }] of await source.standing(jobs.map(({ unit }) => unit))) {
    if (results > 1) await source.resultOf(unit);
  }
}

/** One unit, to its result or its failure, which is returned. */
async function runLeased(
  { source, isCancelled }: SharedWork,
  lease: Parameters<WorkSource['renew']>[0],
  run: (progress: (fraction: number) => void, signal: AbortSignal) => Promise<UnitResult>,
  signal: AbortSignal | undefined,
  here: Set<string>,
): Promise<unknown> {
  const begun = performance.now();
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal?.addEventListener('abort', onAbort);
  let told = begun;
  const progress = (fraction: number) => {
    const now = performance.now();
    if (now - told < TELL_MS) return;
    told = now;
    if (!source.renew(lease, fraction, (now - begun) / 1000) || isCancelled()) stop.abort();
  };
  source.renew(lease, 0, 0);
  let given: UnitResult;
  try {
    given = await run(progress, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) {
      await source.giveBack(lease);
      return undefined;
    }
    await source.fail(lease, messageOf(error));
    return error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  if ((await source.finish(lease, given)) === 'kept') here.add(lease.unit);
  return undefined;
}

async function setAside(
  source: WorkSource,
  units: readonly string[],
  errors: ReadonlyMap<string, unknown>,
): Promise<unknown> {
  const [unit = ''] = units;
  const own = errors.get(unit);
  if (own !== undefined && units.length === 1) return own;
  const reasons = await source.failuresOf(unit);
  return new ArmError({
    where: units.join(', '),
    wanted: 'a result of each run',
    got: `${units.length === 1 ? 'one' : units.length} set aside after ${reasons.length} tries; of ${unit} the last said: ${reasons.at(-1)}`,
    fix: 'the other runs are kept: see retort status, then run the same command with --resume to try these again',
  });
}
