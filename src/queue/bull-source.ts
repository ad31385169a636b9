/**
 * @file Units of one stage of work as jobs of one BullMQ queue, for machines that see no common disk.
 *
 * A job's id is its unit's name, and it says nothing else. What BullMQ keeps of it is the record: how often it was started
 * (the number of the lease), who has its lock (a token, which alone can end the lease), why it failed, its result. Owners
 * renew their locks by a timer; of one that died the lock expires, and BullMQ hands the job out again as stalled.
 *
 * Redis may be away for longer than a lock lasts. An owner whose lock expired takes it again where nobody else has started
 * the job meanwhile; where somebody has, its lease is lost.
 */
import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import { FileError, OutputError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { jsonHash } from '../files/json-hash.js';
import { TRIES } from '../files/lease-folder.js';
import { thisProcess } from '../files/process-identity.js';
import type { Finish, Lease, UnitResult, UnitStanding, WorkSource } from '../files/work-source.js';
import type { Json } from '../options/json.js';
import type { QueueConnection } from './connection.js';
import { type KeptResult, sealedResult, TWO_RESULTS } from './kept-result.js';
import {
  type Counts,
  endedAfter,
  failuresOf,
  forgivenOf,
  type JobFields,
  reasonsOf,
  type Told,
  toldOf,
} from './unit-job.js';
import {
  addUnits,
  conflictsOf,
  ifOurs,
  keepConflict,
  keptOf,
  openUnitQueue,
  readJobs,
  retakeLock,
  type UnitQueue,
} from './unit-queue.js';

/** How the files of a unit travel. */
export type FileCarrier = {
  /** @param names relative to the folder of the experiment */
  put(names: readonly string[]): Promise<Json>;
  /** @param files what `put` gave, as it came from anybody */
  take(files: unknown): Promise<void>;
};

export type BullSourceOptions = {
  readonly connection: QueueConnection;
  /** Of the queue: the same for all who share the work, another for each stage of it. Letters, digits, `-`, `_` and `.`. */
  readonly name: string;
  readonly carrier: FileCarrier;
  /** Whether units become jobs as they are claimed; else those that others have added alone are found. Default: true. */
  readonly adds?: boolean | undefined;
  /** Leases of a unit that may end without a result before it is set aside. Default: `TRIES`. */
  readonly tries?: number | undefined;
  /** A lock expires so long after it was renewed last, which is done four times as often. Default: 15 s. */
  readonly lockMs?: number | undefined;
};

const LOCK_MS = 15_000;
/** Others need not be told more often how far a unit is. */
const TELL_MS = 1000;
const MAX_REASON = 4000;

type Held = {
  readonly job: Job;
  readonly token: string;
  /** Why owners before ended without a word. */
  readonly ended: readonly string[];
  told: number;
  isLost: boolean;
};

export type QueueSource = WorkSource & {
  /** Makes jobs of units that are none yet, for others to take. */
  add(units: readonly string[]): Promise<void>;
};

/** @throws OptionError for a name that is none. */
export async function bullSource(options: BullSourceOptions): Promise<QueueSource> {
  const { adds = true, tries = TRIES, lockMs = LOCK_MS, carrier } = options;
  return new BullSource(await openUnitQueue({ ...options, lockMs }), { carrier, adds, tries });
}

class BullSource implements QueueSource {
  readonly #queue: UnitQueue;
  readonly #carrier: FileCarrier;
  readonly #adds: boolean;
  readonly #tries: number;
  /** By `UNIT.NUMBER`. */
  readonly #held = new Map<string, Held>();
  /** Units that are jobs, and lists of such. */
  readonly #jobs = new Set<string>();
  readonly #lists = new WeakMap<readonly string[], ReadonlySet<string>>();
  /** What is done stays so. */
  readonly #done = new Map<string, UnitStanding>();
  readonly #timer: NodeJS.Timeout;
  #isRenewing = false;
  #isClosed = false;

  constructor(
    queue: UnitQueue,
    { carrier, adds, tries }: { readonly carrier: FileCarrier; readonly adds: boolean; readonly tries: number },
  ) {
    this.#queue = queue;
    this.#carrier = carrier;
    this.#adds = adds;
    this.#tries = tries;
    this.#timer = setInterval(() => void this.#renewLocks(), queue.lockMs / 4).unref();
  }

  async claim(units: readonly string[]): Promise<Lease | undefined> {
    const wanted = this.#adds ? await this.#asJobs(units) : new Set(units);
    const others: { readonly job: Job; readonly token: string }[] = [];
    try {
      for (;;) {
        const token = randomUUID();
        const job: Job | undefined = await this.#queue.worker.getNextJob(token, { block: false });
        if (job === undefined) return undefined;
        if (!wanted.has(job.id ?? '')) others.push({ job, token });
        else if (failuresOf(countsOf(job), job.data) >= this.#tries) await setAside(job, token);
        else return await this.#lease(job, token);
      }
    } finally {
      for (const { job, token } of others) await ifOurs(job.moveToWait(token));
    }
  }

  async add(units: readonly string[]): Promise<void> {
    await this.#asJobs(units);
  }

  /** The units as a set, each of which is a job from now on. */
  async #asJobs(units: readonly string[]): Promise<ReadonlySet<string>> {
    const known = this.#lists.get(units);
    if (known !== undefined) return known;
    const missing = units.filter((unit) => !this.#jobs.has(unit));
    await addUnits(this.#queue, missing);
    for (const unit of missing) this.#jobs.add(unit);
    const all = new Set(units);
    this.#lists.set(units, all);
    return all;
  }

  async #lease(job: Job, token: string): Promise<Lease> {
    const lease = { unit: job.id ?? '', number: job.attemptsStarted };
    const ended = endedAfter(toldOf(job.progress), job.stalledCounter);
    this.#held.set(keyOf(lease), { job, token, ended, told: Number.NEGATIVE_INFINITY, isLost: false });
    await tell(job, { number: lease.number, owner: thisProcess(), fraction: 0, seconds: 0, ended });
    return lease;
  }

  renew(lease: Lease, fraction: number, seconds: number): boolean {
    const held = this.#held.get(keyOf(lease));
    if (held === undefined || held.isLost) return false;
    const now = performance.now();
    if (now - held.told >= TELL_MS) {
      held.told = now;
      void tell(held.job, { number: lease.number, owner: thisProcess(), fraction, seconds, ended: held.ended });
    }
    return true;
  }

  async #renewLocks(): Promise<void> {
    const held = [...this.#held.values()].filter(({ isLost }) => !isLost);
    if (this.#isRenewing || held.length === 0) return;
    this.#isRenewing = true;
    try {
      const ids = held.map(({ job }) => job.id ?? '');
      const tokens = held.map(({ token }) => token);
      const failed = new Set(await this.#queue.worker.extendJobLocks(ids, tokens, this.#queue.lockMs));
      for (const one of held) {
        // Of a source that was closed meanwhile leases are left to expire.
        if (this.#isClosed) return;
        if (failed.has(one.job.id ?? '')) one.isLost = !(await retakeLock(this.#queue, one.job, one.token));
      }
    } catch {
      // Next time: a lock that expires meanwhile is taken again.
    } finally {
      this.#isRenewing = false;
    }
  }

  finish(lease: Lease, { result, about, files = [] }: UnitResult): Promise<Finish> {
    return this.#end(lease, files, () => ({ result, about }));
  }

  /** The hashes of its files are the result. */
  deliver(lease: Lease, files: readonly string[]): Promise<Finish> {
    return this.#end(lease, files, (carried) => ({ result: carried, about: null }));
  }

  /** Files first: whoever sees the result can bring them. */
  async #end(
    lease: Lease,
    files: readonly string[],
    given: (carried: Json) => Pick<KeptResult, 'result' | 'about'>,
  ): Promise<Finish> {
    let value: KeptResult;
    let kept: object;
    try {
      const carried = files.length === 0 ? [] : await this.#carrier.put(files);
      value = { lease: lease.number, carried, ...given(carried) };
      kept = sealedResult(lease.unit, value, this.#queue.where);
    } catch (error) {
      await this.fail(lease, messageOf(error));
      throw error;
    }
    const held = this.#held.get(keyOf(lease));
    try {
      if (await this.#endHeld(held, ({ job, token }) => job.moveToCompleted(kept, token, false))) return 'kept';
      return await this.#compare(lease, value, kept);
    } finally {
      this.#held.delete(keyOf(lease));
    }
  }

  /** A result that comes after another, or under a lease that was followed. */
  async #compare({ unit, number }: Lease, value: KeptResult, kept: object): Promise<Finish> {
    const there = await keptOf(this.#queue, unit);
    if (there === undefined) return 'lost';
    if (jsonHash(there.result) === jsonHash(value.result)) {
      // It is this very one where Redis was restarted before its reply, and was sent the command again.
      return there.lease === number && jsonHash(there.about) === jsonHash(value.about) ? 'kept' : 'same';
    }
    await keepConflict(this.#queue, unit, kept);
    throw new OutputError({ where: `${unit} in ${this.#queue.where}`, ...TWO_RESULTS });
  }

  async bring(unit: string): Promise<void> {
    const kept = await keptOf(this.#queue, unit);
    if (kept !== undefined) await this.#carrier.take(kept.carried);
  }

  async fail(lease: Lease, reason: string): Promise<void> {
    const held = this.#held.get(keyOf(lease));
    this.#held.delete(keyOf(lease));
    await this.#endHeld(held, ({ job, token }) => {
      const isRetried = failuresOf(countsOf(job), job.data) + 1 < this.#tries;
      return job.moveToFailed(failure(reason, isRetried), token);
    });
  }

  async giveBack(lease: Lease): Promise<void> {
    const held = this.#held.get(keyOf(lease));
    this.#held.delete(keyOf(lease));
    await this.#endHeld(held, ({ job, token }) => job.moveToWait(token));
  }

  /** Whether its lease holds, and could be ended. */
  async #endHeld(held: Held | undefined, end: (held: Held) => Promise<unknown>): Promise<boolean> {
    if (held === undefined || held.isLost) return false;
    if (await ifOurs(end(held))) return true;
    return (await retakeLock(this.#queue, held.job, held.token)) && ifOurs(end(held));
  }

  async standing(units: readonly string[]): Promise<ReadonlyMap<string, UnitStanding>> {
    const asked = units.filter((unit) => !this.#done.has(unit));
    const jobs = await readJobs(this.#queue, asked);
    const found = new Map(jobs.map((job, i) => [asked[i], this.#standingOf(job)]));
    for (const [unit, one] of found) if (unit !== undefined && one.state === 'done') this.#done.set(unit, one);
    const conflicts = await conflictsOf(this.#queue);
    const all = units.map((unit): [string, UnitStanding] => {
      const one = this.#done.get(unit) ?? found.get(unit) ?? { state: 'open', failures: 0, results: 0 };
      return [unit, conflicts.has(unit) ? { ...one, results: 2 } : one];
    });
    return new Map(all);
  }

  #standingOf({ counts, data, progress, isFinished, hasResult, isLocked }: JobFields): UnitStanding {
    const failures = failuresOf(counts, data);
    const results = isFinished && hasResult ? 1 : 0;
    // BullMQ counts the try that gave it.
    if (results > 0) return { state: 'done', failures: Math.max(0, failures - 1), results };
    if (isFinished || (failures >= this.#tries && !isLocked)) return { state: 'aside', failures, results };
    if (!isLocked) return { state: 'open', failures, results };
    const told = toldOf(progress);
    // What was told under another lease is of its owner.
    if (told?.number !== counts.started) return { state: 'held', failures, results, held: { owner: undefined } };
    const { owner, fraction, seconds } = told;
    return { state: 'held', failures, results, held: { owner, fraction, seconds } };
  }

  async resultOf(unit: string): Promise<UnitResult> {
    const kept = await keptOf(this.#queue, unit);
    if (kept !== undefined) return { result: kept.result, about: kept.about };
    throw new FileError({ where: `${unit} in ${this.#queue.where}`, wanted: 'the result of a unit', got: 'none' });
  }

  async failuresOf(unit: string): Promise<readonly string[]> {
    return (await readJobs(this.#queue, [unit])).flatMap(reasonsOf);
  }

  async forgive(units: readonly string[]): Promise<void> {
    for (const [unit, { state, failures }] of await this.standing(units)) {
      if (failures === 0 || state === 'done') continue;
      const job: Job | undefined = await this.#queue.queue.getJob(unit);
      if (job === undefined) continue;
      const { failed, stalled } = countsOf(job);
      await job.updateData({ forgiven: { failed, stalled, reasons: job.stacktrace?.length ?? 0 } });
      if (state === 'aside') await ifOurs(job.retry('failed'));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#queue.worker.close();
    await this.#queue.queue.close();
  }
}

/** Of a job whose owners ended without a word, too often, the last of whom BullMQ has handed out again. */
async function setAside(job: Job, token: string): Promise<void> {
  const told = toldOf(job.progress);
  const ended = endedAfter(told, job.stalledCounter);
  if (told !== undefined) await tell(job, { ...told, ended });
  // BullMQ counts what follows as one more failure.
  const { failed, stalled, reasons } = forgivenOf(job.data);
  await job.updateData({ forgiven: { failed: failed + 1, stalled, reasons: reasons + 1 } });
  await ifOurs(job.moveToFailed(failure(ended.at(-1) ?? '', false), token));
}

/** Tells others, and decides nothing: it need not come through. */
async function tell(job: Job, told: Told): Promise<void> {
  await job.updateProgress(told).catch(() => {});
}

function keyOf({ unit, number }: Lease): string {
  return `${unit}.${number}`;
}

function countsOf({ attemptsStarted, attemptsMade, stalledCounter }: Job): Counts {
  return { started: attemptsStarted, failed: attemptsMade, stalled: stalledCounter };
}

/** What BullMQ keeps as the reason, without places in our code. One that is not retried is set aside. */
function failure(reason: string, isRetried: boolean): Error {
  const error = new Error(reason.slice(0, MAX_REASON));
  error.stack = error.message;
  if (!isRetried) error.name = 'UnrecoverableError';
  return error;
}
