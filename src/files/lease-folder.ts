/**
 * @file Work that lies in a folder which all its workers see: on one machine, or on a disk that machines share.
 *
 *   UNIT.N.lease    the N-th lease: whose it is, and its sign of life (`lock-file.ts`)
 *   UNIT.N.at       how far its owner says that it is; told, and trusted in nothing
 *   UNIT.N.failed   why it ended without a result
 *   UNIT.N.done     its result, with a checksum
 *
 * A lease is had by creating its file, which one process alone can. What its owner writes bears its number, so that nobody
 * else writes to these names, and what comes late is told from what counts. A lease whose owner died stays as a tombstone:
 * numbers are never used again while somebody may wake up who thinks that he has them.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError, OutputError } from '../errors/failures.js';
import { type Json, jsonOf, objectOf, parsedJson } from '../options/json.js';
import { writeFileAtomic } from './atomic-write.js';
import { errorCode, inputFailure, outputFailure } from './file-failure.js';
import { startBeating } from './heartbeat.js';
import { jsonHash } from './json-hash.js';
import { nameOf } from './lock.js';
import { createLock, readLock } from './lock-file.js';
import { makeFolder } from './make-folder.js';
import { OwnerWatch } from './owner-watch.js';
import type { ProcessIdentity } from './process-identity.js';
import { sealed, unsealed } from './sealed-json.js';
import type { Finish, Lease, UnitResult, UnitStanding, WorkSource } from './work-source.js';

export type LeaseFolderOptions = {
  /** Leases of a unit that may end without a result before it is set aside. Default: `TRIES`. */
  readonly tries?: number;
  /** Between two signs of life. Default: 5 s. */
  readonly beatMs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
};

export const TRIES = 3;
const NAME = /^(.+)\.(\d+)\.(lease|at|failed|done)$/u;
/** A name that is a file's everywhere, and no path. */
const UNIT = /^[\w-][\w.-]{0,150}$/u;

type Kind = 'lease' | 'at' | 'failed' | 'done';
/** Numbers of a unit's files. */
type Files = Readonly<Record<Kind, readonly number[]>>;

const NONE: Files = { lease: [], at: [], failed: [], done: [] };

/** Work in a folder, which is made. @throws OutputError where it cannot be. */
export async function leaseFolder(path: string, options: LeaseFolderOptions = {}): Promise<WorkSource> {
  await makeFolder(path);
  return new LeaseFolder(path, options);
}

/** Whether a unit may be called so. */
export function isUnitName(name: string): boolean {
  return UNIT.test(name);
}

class LeaseFolder implements WorkSource {
  readonly #path: string;
  readonly #tries: number;
  readonly #beatMs: number | undefined;
  readonly #now: () => number;
  /** Of leases that others have, by name of file. */
  readonly #watches = new Map<string, OwnerWatch>();
  /** Of leases that were claimed here, by name of file: what lies there later may be another's of that name. */
  readonly #ids = new Map<string, string>();

  constructor(path: string, { tries = TRIES, beatMs, now = () => performance.now() }: LeaseFolderOptions) {
    this.#path = path;
    this.#tries = tries;
    this.#beatMs = beatMs;
    this.#now = now;
  }

  async claim(units: readonly string[]): Promise<Lease | undefined> {
    const files = await this.#files();
    for (const unit of units) {
      const lease = await this.#claimOne(unit, files.get(unit) ?? NONE);
      if (lease !== undefined) return lease;
    }
    return undefined;
  }

  async #claimOne(unit: string, files: Files): Promise<Lease | undefined> {
    const { lease, failed, done } = files;
    if (done.length > 0 || failed.length >= this.#tries) return undefined;
    const last = Math.max(0, ...lease, ...failed);
    const before = lease.includes(last) && !failed.includes(last) ? this.#look({ unit, number: last }) : undefined;
    if (before?.isDead === false) return undefined;
    const mine = { unit, number: last + 1 };
    const path = this.#pathOf(mine, 'lease');
    const id = randomBytes(8).toString('hex');
    try {
      if (!createLock(path, id)) return undefined;
    } catch (error) {
      throw outputFailure(error, path);
    }
    try {
      // Whoever had it may have ended between the look and the claim.
      const now = (await this.#files()).get(unit) ?? NONE;
      const isTaken = now.done.length > 0 || now.failed.includes(mine.number) || Math.max(...now.lease) > mine.number;
      if (!isTaken && before !== undefined) {
        await this.#writeFailure({ unit, number: last }, `its owner, ${nameOf(before.owner)}, ended without a word`);
      }
      if (isTaken || now.failed.length + (before === undefined ? 0 : 1) >= this.#tries) {
        rmSync(path, { force: true });
        return undefined;
      }
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    this.#ids.set(path, id);
    startBeating(path, id, this.#beatMs);
    return mine;
  }

  /** At a lease that has not ended; undefined where it was given back meanwhile. */
  #look(lease: Lease): { readonly isDead: boolean; readonly owner: ProcessIdentity | undefined } | undefined {
    const path = this.#pathOf(lease, 'lease');
    const lock = readLock(path);
    if (lock === undefined) return undefined;
    const watch = this.#watches.get(path) ?? new OwnerWatch();
    this.#watches.set(path, watch);
    return { isDead: watch.look(lock, this.#now()).isDead, owner: lock.owner };
  }

  renew(lease: Lease, fraction: number, seconds: number): boolean {
    if (!this.#holds(lease)) return false;
    try {
      writeFileSync(this.#pathOf(lease, 'at'), JSON.stringify({ fraction, seconds }));
    } catch {
      // It is told to whoever looks, and decides nothing.
    }
    return true;
  }

  #holds(lease: Lease): boolean {
    const next = { ...lease, number: lease.number + 1 };
    const path = this.#pathOf(lease, 'lease');
    const id = this.#ids.get(path);
    return (
      id !== undefined &&
      readLock(path)?.id === id &&
      !existsSync(this.#pathOf(lease, 'failed')) &&
      !existsSync(this.#pathOf(next, 'lease'))
    );
  }

  async finish(lease: Lease, { result, about }: UnitResult): Promise<Finish> {
    const { unit, number } = lease;
    const { done } = (await this.#files()).get(unit) ?? NONE;
    const kept = done.length > 0 ? await this.resultOf(unit) : undefined;
    if (kept !== undefined && jsonHash(kept.result) === jsonHash(result)) {
      this.giveBack(lease);
      return 'same';
    }
    if (kept === undefined && !this.#holds(lease)) {
      this.giveBack(lease);
      return 'lost';
    }
    const path = this.#pathOf(lease, 'done');
    await writeFileAtomic(path, `${JSON.stringify(sealed({ unit, lease: number, result, about }))}\n`);
    this.giveBack(lease);
    if (kept !== undefined) throw new OutputError({ where: path, ...TWO_RESULTS });
    return 'kept';
  }

  /** The files are where all see them. */
  async deliver(lease: Lease): Promise<Finish> {
    this.giveBack(lease);
    return 'kept';
  }

  async bring(): Promise<void> {}

  async fail(lease: Lease, reason: string): Promise<void> {
    if (!this.#holds(lease)) return;
    await this.#writeFailure(lease, reason);
    this.giveBack(lease);
  }

  giveBack(lease: Lease): void {
    const path = this.#pathOf(lease, 'lease');
    if (readLock(path)?.id !== this.#ids.get(path)) return;
    for (const kind of ['at', 'lease'] as const) rmSync(this.#pathOf(lease, kind), { force: true });
  }

  async standing(units: readonly string[]): Promise<ReadonlyMap<string, UnitStanding>> {
    const files = await this.#files();
    return new Map(units.map((unit) => [unit, this.#standingOf(unit, files.get(unit) ?? NONE)]));
  }

  #standingOf(unit: string, { lease, failed, done }: Files): UnitStanding {
    const failures = failed.length;
    const results = done.length;
    if (results > 0) return { state: 'done', failures, results };
    if (failures >= this.#tries) return { state: 'aside', failures, results };
    const number = Math.max(0, ...lease);
    const held = number === 0 || failed.includes(number) ? undefined : this.#look({ unit, number });
    if (held === undefined || held.isDead) return { state: 'open', failures, results };
    return { state: 'held', failures, results, held: { owner: held.owner, ...this.#toldOf({ unit, number }) } };
  }

  #toldOf(lease: Lease): { readonly fraction?: number; readonly seconds?: number } {
    let text: string;
    try {
      text = readFileSync(this.#pathOf(lease, 'at'), 'utf8');
    } catch {
      return {};
    }
    const { fraction, seconds } = objectOf(parsedJson(text));
    return typeof fraction === 'number' && typeof seconds === 'number' ? { fraction, seconds } : {};
  }

  async resultOf(unit: string): Promise<UnitResult> {
    const { done } = (await this.#files()).get(unit) ?? NONE;
    const found: UnitResult[] = [];
    for (const number of [...done].sort((a, b) => a - b)) found.push(await this.#read({ unit, number }));
    const [first, ...others] = found;
    const where = join(this.#path, `${unit}.*.done`);
    if (first === undefined) throw new FileError({ where, wanted: 'the result of a unit', got: 'none' });
    if (others.some((other) => jsonHash(other.result) !== jsonHash(first.result))) {
      throw new FileError({ where, ...TWO_RESULTS });
    }
    return first;
  }

  async #read(lease: Lease): Promise<UnitResult> {
    const path = this.#pathOf(lease, 'done');
    try {
      const value = objectOf(unsealed(jsonOf(await readFile(path, 'utf8')), path, true));
      if (value.unit === lease.unit && value.lease === lease.number && 'result' in value) {
        return { result: value.result as Json, about: value.about as Json };
      }
      throw new FileError({ where: path, ...DAMAGED, got: 'that of another unit or lease' });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw inputFailure(error, path);
      throw new FileError({ where: path, ...DAMAGED, got: 'an incomplete or damaged file', cause: error });
    }
  }

  async failuresOf(unit: string): Promise<readonly string[]> {
    const { failed } = (await this.#files()).get(unit) ?? NONE;
    const reasons = [...failed]
      .sort((a, b) => a - b)
      .map(async (number) => {
        const text = await readFile(this.#pathOf({ unit, number }, 'failed'), 'utf8').catch(() => '');
        return String(objectOf(parsedJson(text)).reason ?? 'unknown');
      });
    return Promise.all(reasons);
  }

  async forgive(units: readonly string[]): Promise<void> {
    const files = await this.#files();
    for (const unit of units) {
      for (const number of files.get(unit)?.failed ?? [])
        await rm(this.#pathOf({ unit, number }, 'failed'), { force: true });
    }
  }

  async close(): Promise<void> {}

  #writeFailure(lease: Lease, reason: string): Promise<void> {
    return writeFileAtomic(this.#pathOf(lease, 'failed'), `${JSON.stringify({ reason })}\n`);
  }

  async #files(): Promise<ReadonlyMap<string, Files>> {
    const found = new Map<string, Record<Kind, number[]>>();
    const names = await readdir(this.#path).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return [];
      throw inputFailure(error, this.#path);
    });
    for (const name of names) {
      const [, unit, number, kind] = NAME.exec(name) ?? [];
      if (unit === undefined || kind === undefined) continue;
      const files = found.get(unit) ?? { lease: [], at: [], failed: [], done: [] };
      found.set(unit, files);
      files[kind as Kind].push(Number(number));
    }
    return found;
  }

  #pathOf({ unit, number }: Lease, kind: Kind): string {
    return join(this.#path, `${unit}.${number}.${kind}`);
  }
}

const TWO_RESULTS = {
  wanted: 'one result of a unit, however often it is done',
  got: 'two that differ',
  fix: 'its machines give other bits: delete the one that is wrong, and use machines of one kind',
} as const;

const DAMAGED = {
  wanted: 'the result of a unit, as it was written',
  fix: 'delete the file: the unit is then done again',
} as const;
