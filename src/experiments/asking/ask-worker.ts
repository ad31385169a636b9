/** @file What a process does for an ask that several share: takes units of rows, asks, and keeps every reply in Redis. */
import { randomBytes } from 'node:crypto';
import { FileError } from '../../errors/failures.js';
import { messageOf } from '../../errors/message-of.js';
import { thisProcess } from '../../files/process-identity.js';
import { parsedJson } from '../../options/json.js';
import { askUntilRead } from '../../outside/asking/asked-question.js';
import { EndpointError, pause, refusalOf } from '../../outside/asking/asking-turns.js';
import type { OutsideAdapter } from '../../outside/asking/outside.js';
import type { Reply } from '../../outside/asking/outside-reply.schema.js';
import { Spending } from '../../outside/asking/outside-spending.js';
import type { AskLedger, AskUnit, ClaimedUnit } from '../../queue/ask-ledger.js';
import { partsOf, rowsOf, type SharedRow } from './ask-document.js';
import type { AskDocument } from './ask-document.schema.js';

/** Between two signs of life; a lease holds for six. */
const BEAT_MS = 2500;
/** Until it is seen whether requests under way have left room in the budget. */
const WAIT_MS = 100;
/** Of one reply. */
const MOST_REPLY_BYTES = 2 ** 18;
/** Refusals that are of this worker's address or key, and of no row. */
const OWN_FAULTS = [301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407];

/** The reason to stop of an ask whose replies came from another model than before. */
export const OTHER_MODEL = 'another model';

/** Requests that may be under way at once, in the order in which they were asked for. */
export class Permits {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async with<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** Whether another worker may do better, or none can: the unit is tried some times more. */
function isOfUnit(error: unknown): boolean {
  if (error instanceof FileError) return true;
  return error instanceof EndpointError && !OWN_FAULTS.includes(refusalOf(error)?.status ?? 0);
}

/** What the server says of one request may not hold for the next: the unit's other rows are asked about. */
function isOfRow(error: unknown): boolean {
  const { isFinal = false, status = 0 } = refusalOf(error) ?? {};
  return isFinal && !OWN_FAULTS.includes(status);
}

/** A unit that is no longer this worker's, or whose ask has come to its end. */
class UnitEnded extends Error {}

export type AskWorkerOptions = {
  readonly ledger: AskLedger;
  readonly adapter: OutsideAdapter;
  readonly document: Pick<AskDocument, 'asked' | 'answeredBy'>;
  readonly permits: Permits;
  readonly signal: AbortSignal;
  readonly onNotice: (text: string) => void;
  /** Told of each reply that is kept. */
  readonly onReply?: () => void;
  /** Between two signs of life. Default: a sixth of the time for which a lease holds. */
  readonly beatMs?: number;
};

export class AskWorker {
  readonly #options: AskWorkerOptions;
  readonly #spending: Spending;
  readonly #owner: string;
  #answeredBy: string | undefined;

  constructor(options: AskWorkerOptions) {
    this.#options = options;
    this.#answeredBy = options.document.answeredBy;
    const { model, prices } = options.document.asked;
    this.#spending = new Spending({ model, ...(prices && { prices }) });
    const { pid, host } = thisProcess();
    this.#owner = `process ${pid} on ${host}`;
  }

  /**
   * Takes the next unit, if there is one, and asks about its rows.
   * @throws EndpointError for an address or key of this worker that the server does not take; the unit is open again.
   */
  async workOne(): Promise<'worked' | 'none' | 'stopped' | 'gone'> {
    const { ledger, signal, onNotice, beatMs = BEAT_MS } = this.#options;
    const unit = await ledger.claim(randomBytes(12).toString('hex'), this.#owner);
    if (typeof unit === 'string') return unit;
    const ends = new AbortController();
    const end = () => ends.abort();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    const beat = setInterval(() => void this.#renew(unit, end), beatMs);
    const since = performance.now();
    try {
      await this.#ask(unit, ends.signal);
      if (ends.signal.aborted) await ledger.giveBack(unit);
      else await ledger.finish(unit, (performance.now() - since) / 1000);
    } catch (error) {
      if (error instanceof UnitEnded) await ledger.giveBack(unit);
      else if (isOfUnit(error)) {
        onNotice(messageOf(error));
        await ledger.fail(unit, messageOf(error));
      } else {
        await ledger.giveBack(unit);
        throw error;
      }
    } finally {
      clearInterval(beat);
      signal.removeEventListener('abort', end);
    }
    return 'worked';
  }

  async #renew(unit: AskUnit, end: () => void): Promise<void> {
    // While Redis is away nothing is known, and nothing can be kept.
    const { holds, stop } = await this.#options.ledger.renew(unit).catch(() => ({ holds: true, stop: undefined }));
    if (!holds || stop !== undefined) end();
  }

  /** Those under way are waited for, whatever becomes of the others. */
  async #ask(unit: ClaimedUnit, stop: AbortSignal): Promise<void> {
    const rows = await rowsOf(unit);
    const kept = new Map<string, Reply[]>();
    for (const line of unit.replies) {
      const reply = parsedJson(line) as Reply; // of this ask: whoever drains it checks it again
      kept.set(reply.key, [...(kept.get(reply.key) ?? []), reply]);
    }
    const requests = { count: 0 };
    let failure: unknown;
    let isOver = false;
    const one = async (row: SharedRow) => {
      if (isOver || stop.aborted) return;
      try {
        await this.#askRow(unit, row, kept, requests, stop);
      } catch (error) {
        failure ??= error;
        isOver ||= !isOfRow(error);
      }
    };
    await Promise.all(rows.map((row) => this.#options.permits.with(() => one(row))));
    if (failure !== undefined) throw failure;
  }

  async #askRow(
    unit: ClaimedUnit,
    { text, pair, replies: known = [] }: SharedRow,
    kept: ReadonlyMap<string, readonly Reply[]>,
    requests: { count: number },
    stop: AbortSignal,
  ): Promise<void> {
    const { adapter, ledger, document, onReply } = this.#options;
    const question = adapter.question(text, pair);
    const replies = [...known, ...(kept.get(question.key) ?? [])];
    for (const reply of replies) adapter.notice?.(reply);
    await askUntilRead(adapter, question, {
      model: document.asked.model,
      stop,
      standing: () => adapter.standing(this.#ofOurs(replies)),
      keeper: {
        reserve: async (most) => {
          requests.count += 1;
          const request = `${unit.lease}-${requests.count}`;
          const parts = partsOf(this.#spending.cost(most));
          for (;;) {
            if (stop.aborted) throw new UnitEnded();
            const got = await ledger.reserve(unit, request, parts);
            if (got === 'reserved') return request;
            if (got !== 'wait') throw new UnitEnded();
            await pause(WAIT_MS, stop);
          }
        },
        keep: async (reply, request) => {
          const line = JSON.stringify(reply);
          const parts = partsOf(this.#spending.cost(reply.usage));
          if (Buffer.byteLength(line) > MOST_REPLY_BYTES) {
            await ledger.release(unit, request, parts);
            throw new EndpointError({
              where: `teacher ${reply.model}`,
              wanted: `a reply of at most ${MOST_REPLY_BYTES} bytes`,
              got: `one of ${Buffer.byteLength(line)}`,
            });
          }
          if ((await ledger.keep(unit, request, parts, line)) === 'lost') throw new UnitEnded();
          replies.push(reply);
          onReply?.();
          await this.#expectSameModel(reply);
        },
        release: (request) => ledger.release(unit, request),
      },
    });
  }

  #ofOurs(replies: readonly Reply[]): readonly Reply[] {
    return replies.filter(({ answeredBy = this.#answeredBy }) => answeredBy === this.#answeredBy);
  }

  /** Whoever has the log finds the reply there, and says what it means. */
  async #expectSameModel({ answeredBy }: Reply): Promise<void> {
    if (answeredBy === undefined || answeredBy === this.#answeredBy) return;
    if (this.#answeredBy === undefined) {
      this.#answeredBy = answeredBy;
      return;
    }
    await this.#options.ledger.stop(OTHER_MODEL);
    throw new UnitEnded();
  }
}
