/**
 * @file The process that leads an ask on several machines: it has the log, shares units of rows through Redis, and brings
 * the replies that come into the log. Killed, it continues where Redis and the log stand.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { FileError } from '../../errors/failures.js';
import { formatCount, money } from '../../errors/number-text.js';
import { shortened } from '../../errors/shortened.js';
import { statIfThere, writeFileAtomic } from '../../files/atomic-write.js';
import { inputFailure } from '../../files/file-failure.js';
import { parsedJson } from '../../options/json.js';
import type { AskedTogether, CommonLog } from '../../outside/asking/asked-together.js';
import { EndpointError, pause } from '../../outside/asking/asking-turns.js';
import type { OutsideAdapter, OutsideQuestion } from '../../outside/asking/outside.js';
import { overBudget } from '../../outside/asking/outside-spending.js';
import { AskLedger, type AskStanding } from '../../queue/ask-ledger.js';
import type { QueueConnection } from '../../queue/connection.js';
import {
  documentText,
  limitParts,
  MOST_ROWS,
  MOST_UNIT_BYTES,
  moneyOf,
  partsOf,
  readAskDocument,
  rowOf,
  rowsOf,
  type SharedRow,
  unitOf,
} from './ask-document.js';
import type { AskDocument } from './ask-document.schema.js';
import { AskWorker, OTHER_MODEL, Permits } from './ask-worker.js';
import { type ChangingPace, intervalMs, SharedPace } from './shared-pace.js';

/** Between two looks at what is done. */
const POLL_MS = 200;
/** What a unit should take, and rows of the first ones. */
const UNIT_SECONDS = 10;
const FIRST_ROWS = 8;
/** Open units beside those under way: enough for workers that come. */
const AHEAD = 8;
/** With so many units set aside, the others would fail too. */
const MOST_ASIDE = 3;
/** Units that one process has at once: the next begins while the last requests of the one before are under way. */
const LANES = 2;
const SPENT = /^spent (\d+)$/u;

export type SharedAskOptions = {
  readonly connection: QueueConnection;
  /** The log of replies: beside it lies the id of what is shared. */
  readonly log: string;
  readonly adapter: OutsideAdapter;
  readonly document: AskDocument;
  readonly maxCost?: number | undefined;
  readonly requestsPerMinute?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly pace: ChangingPace;
  readonly signal?: AbortSignal | undefined;
  readonly onNotice: (text: string) => void;
  /** Told in a line of who takes part. */
  readonly say: (text: string) => void;
};

export class SharedAsk implements AskedTogether {
  readonly #options: SharedAskOptions;
  readonly #idFile: string;
  /** What is shared now, or was by the run before. */
  #ledger: AskLedger | undefined;
  /** Replies that each worker brought, by its name. */
  readonly #owners = new Map<string, number>();
  #secondsPerRow: number | undefined;
  #failure: unknown;

  constructor(options: SharedAskOptions) {
    this.#options = options;
    this.#idFile = sharedIdOf(options.log);
  }

  async collect(log: CommonLog): Promise<boolean> {
    const { connection, document, onNotice } = this.#options;
    const id = await idIn(this.#idFile);
    if (id === undefined) return false;
    const ledger = new AskLedger(connection.client, id);
    const shared = await ledger.document();
    if (shared === undefined) {
      onNotice(`${connection.where} has nothing of the ask that was under way: it continues from ${this.#options.log}`);
      await rm(this.#idFile, { force: true });
      return false;
    }
    this.#ledger = ledger;
    const { answeredBy: _, ...before } = await readAskDocument(shared, connection.where);
    const { answeredBy: __, ...now } = document;
    if (JSON.stringify(before) === JSON.stringify(now)) {
      await this.#drainAll(ledger, log);
      this.#throwFailure();
      return true;
    }
    onNotice('another question was shared before: its workers are stopped, and its replies are kept');
    await ledger.stop('another question');
    await this.#end(ledger, log);
    this.#throwFailure();
    return false;
  }

  async askAll(rows: Uint32Array, questionAt: (row: number) => OutsideQuestion, log: CommonLog): Promise<void> {
    if (rows.length === 0 && this.#ledger === undefined) return;
    const ledger = await this.#open(log);
    const { pace, adapter, document, concurrency = 4, onNotice, say, connection, signal } = this.#options;
    pace.now = new SharedPace(ledger);
    const [, address = ''] = connection.where.split(' at ');
    say(`shared on ${connection.where}: elsewhere, retort worker --queue redis://${address} --teacher URL takes part`);
    const over = new AbortController();
    const worker = new AskWorker({
      ...{ ledger, adapter, permits: new Permits(concurrency), signal: over.signal, onNotice },
      document: { ...document, ...answeredByOf(log) },
    });
    const lanes = Array.from({ length: LANES }, () => this.#work(worker, over.signal));
    const stop = () => void ledger.stop('interrupted').catch(() => {});
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      const known = await this.#keysIn(ledger);
      const left = rows.filter((row) => !known.has(questionAt(row).key));
      await this.#lead(ledger, log, left, questionAt);
    } catch (error) {
      this.#failure ??= error;
      if (!(error instanceof LostWork)) await ledger.stop('failed');
    } finally {
      over.abort();
      await Promise.all(lanes);
      signal?.removeEventListener('abort', stop);
    }
    if (!(this.#failure instanceof LostWork)) await this.#end(ledger, log);
    const counts = Array.from(this.#owners, ([owner, replies]) => `${formatCount(replies)} by ${owner}`);
    if (counts.length > 0) say(`replies: ${counts.join(', ')}`);
    this.#throwFailure();
  }

  async #open(log: CommonLog): Promise<AskLedger> {
    const { connection, document, maxCost, requestsPerMinute } = this.#options;
    const ledger = this.#ledger ?? new AskLedger(connection.client, randomBytes(12).toString('hex'));
    this.#ledger = ledger;
    await writeFileAtomic(this.#idFile, `${ledger.id}\n`);
    const wasThere = await ledger.open({
      document: documentText({ ...document, ...answeredByOf(log) }),
      ...(maxCost !== undefined && { limit: limitParts(maxCost) }),
      spent: partsOf(log.spent()),
      ...(requestsPerMinute !== undefined && { intervalMs: intervalMs(requestsPerMinute) }),
    });
    // The last request of this process alone was a turn, too.
    if (!wasThere) await ledger.turn();
    return ledger;
  }

  /** Takes units, as any worker does. */
  async #work(worker: AskWorker, over: AbortSignal): Promise<void> {
    try {
      while (!over.aborted) {
        const did = await worker.workOne();
        if (did === 'stopped' || did === 'gone') return;
        if (did === 'none') await pause(POLL_MS, over);
      }
    } catch (error) {
      this.#failure ??= error;
      await this.#ledger?.stop('failed');
    }
  }

  /** Shares rows as long as there are some, until every unit is done or set aside. */
  async #lead(
    ledger: AskLedger,
    log: CommonLog,
    rows: Uint32Array,
    questionAt: (row: number) => OutsideQuestion,
  ): Promise<void> {
    let next = 0;
    for (;;) {
      const standing = await standingOf(ledger);
      const { units, stop } = standing;
      for (const name of units.done) await this.#retire(ledger, name, log);
      if (this.#failure !== undefined) return;
      if (stop !== undefined) return this.#noteStop(stop, standing, log);
      if (units.aside.length >= MOST_ASIDE) break;
      for (let open = units.open.length; open < units.held.length + AHEAD && next < rows.length; open++) {
        const slice = this.#sliceAt(rows, next, questionAt, log);
        const unit = unitOf(slice);
        await ledger.publish(unit.name, unit.rows);
        next += slice.length;
      }
      if (next >= rows.length && units.open.length + units.held.length + units.done.length === 0) break;
      await pause(POLL_MS, this.#options.signal ?? new AbortController().signal);
    }
    const { aside } = (await standingOf(ledger)).units;
    if (aside.length > 0) this.#failure = await this.#asideFailure(ledger, aside);
    else await ledger.stop('done');
  }

  /** So many rows that a unit takes some seconds. */
  #sliceAt(
    rows: Uint32Array,
    first: number,
    questionAt: (row: number) => OutsideQuestion,
    log: CommonLog,
  ): SharedRow[] {
    const seconds = this.#secondsPerRow;
    const size = seconds === undefined ? FIRST_ROWS : Math.round(UNIT_SECONDS / Math.max(seconds, 1e-3));
    const slice: SharedRow[] = [];
    let bytes = 0;
    for (const row of rows.subarray(first, first + Math.min(MOST_ROWS, Math.max(1, size)))) {
      const question = questionAt(row);
      const shared = rowOf(question, log.repliesTo(question.key));
      bytes += Buffer.byteLength(JSON.stringify(shared));
      if (slice.length > 0 && bytes > MOST_UNIT_BYTES) break;
      slice.push(shared);
    }
    return slice;
  }

  #noteStop(stop: string, { spent }: AskStanding, log: CommonLog): void {
    const next = SPENT.exec(stop)?.[1];
    const { maxCost = Infinity, document } = this.#options;
    if (next !== undefined) {
      const standing = { spent: moneyOf(spent), next: moneyOf(Number(next)), ...log.report() };
      this.#failure ??= overBudget({ model: document.asked.model, maxCost, ...standing });
    } else if (stop !== OTHER_MODEL && !this.#options.signal?.aborted) {
      this.#failure ??= new EndpointError({
        where: `teacher ${document.asked.model}`,
        wanted: 'workers that ask',
        got: `an end: ${stop}`,
        fix: 'run it again: finished replies are kept',
      });
    }
  }

  async #asideFailure(ledger: AskLedger, aside: readonly string[]): Promise<EndpointError> {
    const units = await Promise.all(aside.map((name) => ledger.unit(name)));
    const rows = units.map((unit) => (parsedJson(unit?.rows ?? '') as readonly unknown[] | undefined)?.length ?? 0);
    return new EndpointError({
      where: `teacher ${this.#options.document.asked.model}`,
      wanted: 'a reply to every row',
      got: `none to ${rows.reduce((sum, count) => sum + count, 0)} rows at most, each tried 3 times; last, ${units[0]?.reason}`,
      fix: 'run it again later: finished replies are kept',
    });
  }

  /** Keys of rows that are in units already. */
  async #keysIn(ledger: AskLedger): Promise<ReadonlySet<string>> {
    const { units } = await standingOf(ledger);
    const keys = new Set<string>();
    for (const name of Object.values(units).flat()) {
      const unit = await ledger.unit(name);
      for (const { text, pair } of unit === undefined ? [] : await rowsOf(unit)) {
        keys.add(this.#options.adapter.question(text, pair).key);
      }
    }
    return keys;
  }

  async #retire(ledger: AskLedger, name: string, log: CommonLog): Promise<void> {
    const taken = await this.#drain(ledger, name, log);
    if (taken !== undefined && taken.seconds > 0) this.#secondsPerRow = taken.seconds / taken.rows;
    await ledger.retire(name);
  }

  /** Brings the replies of a unit into the log: those that a run before this one brought there are among its last. */
  async #drain(ledger: AskLedger, name: string, log: CommonLog) {
    const unit = await ledger.unit(name);
    if (unit === undefined) return undefined;
    const { replySchema } = await import('../../outside/asking/outside-reply.schema.js');
    const rows = await rowsOf(unit);
    const logged = new Map<string, number>();
    for (const { text, pair, replies = [] } of rows) {
      const { key } = this.#options.adapter.question(text, pair);
      logged.set(key, log.repliesTo(key).length - replies.length);
    }
    const synced: Promise<void>[] = [];
    for (const line of unit.replies) {
      const reply = replySchema.safeParse(parsedJson(line)).data;
      const before = reply && logged.get(reply.key);
      if (reply === undefined || before === undefined) {
        this.#failure ??= new FileError({
          where: `unit ${name} in Redis`,
          wanted: 'replies to its rows',
          got: shortened(line),
          fix: 'see who else writes to this Redis',
        });
        continue;
      }
      logged.set(reply.key, before - 1);
      if (before > 0) continue;
      synced.push(
        log.take(reply).catch((error: unknown) => {
          this.#failure ??= error;
        }),
      );
    }
    await Promise.all(synced);
    if (unit.owner !== undefined) {
      const before = this.#owners.get(unit.owner);
      if (before === undefined) this.#options.say(`${unit.owner} takes part`);
      this.#owners.set(unit.owner, (before ?? 0) + synced.length);
    }
    return { rows: rows.length, seconds: unit.seconds };
  }

  async #drainAll(ledger: AskLedger, log: CommonLog): Promise<void> {
    const { units } = await standingOf(ledger);
    for (const name of Object.values(units).flat()) await this.#drain(ledger, name, log);
  }

  /** Waits for requests under way, takes their replies, and leaves nothing in Redis. */
  async #end(ledger: AskLedger, log: CommonLog): Promise<void> {
    for (;;) {
      const { units, forfeited } = await standingOf(ledger);
      if (units.held.length === 0) {
        await this.#drainAll(ledger, log);
        if (forfeited > 0) {
          const lost = `${money(moneyOf(forfeited))} was reserved for requests of workers that died`;
          this.#options.onNotice(`${lost}, and counted as spent: nobody knows whether they were sent`);
        }
        break;
      }
      await pause(POLL_MS, new AbortController().signal);
    }
    await ledger.end();
    await rm(this.#idFile, { force: true });
    this.#ledger = undefined;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

/** The file of the id of what is shared, beside a log. */
export function sharedIdOf(log: string): string {
  return `${log}.shared`;
}

/** Forgets what a run before this one shared, with replies that are in no log yet: all are asked for again. */
export async function forgetShared({ client }: QueueConnection, log: string): Promise<void> {
  const id = await idIn(sharedIdOf(log));
  if (id === undefined) return;
  await new AskLedger(client, id).end();
  await rm(sharedIdOf(log), { force: true });
}

async function idIn(path: string): Promise<string | undefined> {
  if ((await statIfThere(path)) === undefined) return undefined;
  const id = (await readFile(path, 'utf8').catch((error: unknown) => Promise.reject(inputFailure(error, path)))).trim();
  if (/^[0-9a-f]{24}$/u.test(id)) return id;
  throw new FileError({ where: path, wanted: 'the id of a shared ask', got: shortened(id), fix: 'delete that file' });
}

function answeredByOf(log: CommonLog): Pick<AskDocument, 'answeredBy'> {
  const answeredBy = log.answeredBy();
  return answeredBy === undefined ? {} : { answeredBy };
}

/** Redis has lost what was shared: there is nothing to bring to an end. */
class LostWork extends FileError {}

async function standingOf(ledger: AskLedger): Promise<AskStanding> {
  const standing = await ledger.standing();
  if (standing !== undefined) return standing;
  throw new LostWork({
    where: `ask ${ledger.id} in Redis`,
    wanted: 'the work that is shared there',
    got: 'nothing',
    fix: 'run the same command again: replies in the log are kept; with appendonly yes Redis keeps the work under way, too',
  });
}
