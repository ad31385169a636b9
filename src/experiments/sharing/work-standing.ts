/** @file Where a shared experiment stands: who does what, what failed, what is left. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { leaseFolder } from '../../files/lease-folder.js';
import { nameOf } from '../../files/lock.js';
import { mean } from '../../metrics/statistics.js';
import { cancelPath } from './cancel.js';
import { readQueuePlace } from './queue-place.js';
import { unitOf, WORK } from './sharing.js';
import { readWorkPlan } from './work-plan.js';

export type WorkStanding = {
  readonly runs: number;
  readonly done: number;
  /** Runs that nobody has yet. */
  readonly open: number;
  readonly isCancelled: boolean;
  readonly held: readonly HeldRun[];
  /** Runs that failed, with the reason of each time; `isAside`: nobody takes it any more. */
  readonly failed: readonly { readonly unit: string; readonly isAside: boolean; readonly reasons: readonly string[] }[];
  /** Of all that is to come, with the workers there are; absent before a run is done, or without workers. */
  readonly secondsLeft?: number;
};

export type HeldRun = {
  readonly unit: string;
  readonly worker: string;
  /** 0 … 1, and the seconds that it took so far. */
  readonly fraction: number;
  readonly seconds: number;
};

/** @throws FileError where there is no plan, or a damaged one. */
export async function workStanding(outputDir: string): Promise<WorkStanding> {
  const { arms, seeds, shard, finished } = await readWorkPlan(outputDir);
  const { runAbout } = await import('../results-file.schema.js');
  const all = seeds.flatMap((seed) => arms.map((arm) => unitOf(arm, seed)));
  const units = all.filter((_, i) => shard === undefined || i % shard.count === shard.index);
  const work = await leaseFolder(join(outputDir, WORK));
  const here = await work.standing(units.filter((unit) => !finished.includes(unit)));
  const without = [...here].flatMap(([unit, { state }]) => (state === 'done' ? [] : [unit]));
  const away = without.length === 0 ? undefined : await queuedUnits(outputDir, without);
  const standing = new Map([...here, ...(away?.standing ?? [])]);
  const held: HeldRun[] = [];
  const failed: WorkStanding['failed'][number][] = [];
  const taken: number[] = [];
  let open = 0;
  for (const [unit, { state, failures, held: by }] of standing) {
    if (state === 'open') open += 1;
    if (state === 'held') {
      held.push({ unit, worker: nameOf(by?.owner), fraction: by?.fraction ?? 0, seconds: by?.seconds ?? 0 });
    }
    if (here.get(unit)?.state === 'done') {
      const about = runAbout.safeParse((await work.resultOf(unit)).about);
      if (about.success) taken.push(about.data.seconds);
    } else if (state !== 'done' && failures > 0) {
      const reasons = away?.reasons.get(unit) ?? (await work.failuresOf(unit));
      failed.push({ unit, isAside: state === 'aside', reasons });
    }
  }
  const left = secondsLeftOf({ held, open, taken });
  return {
    runs: units.length,
    done: units.filter((unit) => finished.includes(unit) || standing.get(unit)?.state === 'done').length,
    open,
    isCancelled: existsSync(cancelPath(outputDir)),
    held,
    failed,
    ...(left !== undefined && { secondsLeft: left }),
  };
}

/**
 * Runs without a result here, as they stand in the queue; undefined where there is none. One that is done there and not here
 * will be here as soon as the process that leads looks.
 */
async function queuedUnits(outputDir: string, units: readonly string[]) {
  const place = await readQueuePlace(outputDir);
  if (place === undefined) return undefined;
  const [{ openConnection }, { runsInQueue }] = await Promise.all([
    import('../../queue/connection.js'),
    import('./queue-standing.js'),
  ]);
  const connection = await openConnection(place.queue, { patienceMs: STATUS_PATIENCE_MS });
  try {
    const source = await runsInQueue(connection, place.id);
    const standing = await source.standing(units);
    const reasons = new Map<string, readonly string[]>();
    for (const [unit, { failures }] of standing) if (failures > 0) reasons.set(unit, await source.failuresOf(unit));
    await source.close();
    return { standing, reasons };
  } finally {
    await connection.close();
  }
}

const STATUS_PATIENCE_MS = 3000;

/** Each run that is to come as long as those that are done; of one under way what is left of it. */
export function secondsLeftOf({
  held,
  open,
  taken,
}: Pick<WorkStanding, 'open'> & {
  readonly held: readonly Pick<HeldRun, 'fraction'>[];
  readonly taken: readonly number[];
}): number | undefined {
  if (held.length === 0 || taken.length === 0) return undefined;
  const usual = mean(taken);
  const running = held.reduce((sum, { fraction }) => sum + (1 - fraction) * usual, 0);
  return (running + open * usual) / held.length;
}
