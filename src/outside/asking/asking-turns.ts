/** @file Asking as often as it takes: rate limits that hold back everybody, retries with doubling waits. */
import { type ErrorDetails, RetortError } from '../../errors/retort-error.js';
import type { AskingCounts } from './outside.js';

/** A teacher outside that does not answer as it should. What it answered before is kept. */
export class EndpointError extends RetortError {
  /** The last thing that the server said, where it said something. */
  readonly refusal: Refusal | undefined;

  constructor(details: ErrorDetails, refusal?: Refusal) {
    super(details);
    this.refusal = refusal;
  }
}

/** When requests may go out, so that all who ask keep within one limit. */
export type Pace = {
  /** Resolves when the next request may be sent, or at a stop. */
  turn(stop: AbortSignal): Promise<void>;
  /** Nobody sends a request for so long: the server asked for it. */
  hold(ms: number): void | Promise<void>;
};

export type TurnOptions = {
  /** Tries after the first, of one request. Default: 6. */
  readonly retries?: number;
  /** What one try may take. Default: 60 000. */
  readonly timeoutMs?: number;
  /** The wait before the first retry; it doubles. Default: 1 000. */
  readonly backoffMs?: number;
  /** Requests in a minute at most. Default: as many as the server allows. */
  readonly requestsPerMinute?: number;
  /** That of others who share its limit, in the place of `requestsPerMinute`. Default: one of its own. */
  readonly pace?: Pace;
};

/** A try that gave no answer. */
export type Refusal = {
  readonly problem: string;
  readonly isFinal: boolean;
  /** 0 where there was no answer at all. */
  readonly status: number;
  readonly waitMs?: number;
  readonly fix?: string;
};

export type Tried<T> = { readonly answer: T } | Refusal;

const LONGEST_WAIT_MS = 120_000;
/** Statuses below 500 after which another try may do better. */
const WORTH_ANOTHER_TRY = [408, 409, 425, 429];
/** Too many requests, and TypeSafe's and Anthropic's "overloaded". */
const RATE_LIMITS = [429, 529];

export class AskingTurns {
  readonly counts: AskingCounts = { requests: 0, retries: 0, rateLimited: 0, broken: 0 };
  readonly #options: TurnOptions;
  readonly #pace: Pace;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#pace = options.pace ?? new OwnPace(options.requestsPerMinute);
  }

  /**
   * The answer of the first try that has one.
   * @param where for the message: an address, a model.
   * @throws EndpointError for a refusal that trying again cannot help, or after the last retry.
   */
  async untilAnswered<T>(attempt: () => Promise<Tried<T>>, where: string, stop: AbortSignal): Promise<T> {
    const { retries = 6, backoffMs = 1000 } = this.#options;
    for (let tries = 0; ; tries++) {
      await this.#pace.turn(stop);
      this.counts.requests += 1;
      const tried = await attempt();
      if ('answer' in tried) return tried.answer;
      const { problem, isFinal, waitMs } = tried;
      await this.#noticeLimit(tried);
      if (stop.aborted || isFinal || tries >= retries) {
        const got = tries > 0 && !isFinal ? `${problem}, ${tries + 1} times` : problem;
        const usual = isFinal ? 'check url, key and model' : 'run it again later: finished replies are kept';
        const { fix = usual } = tried;
        throw new EndpointError({ where, wanted: 'a reply', got, fix }, tried);
      }
      this.counts.retries += 1;
      await pause(Math.min(waitMs ?? backoffMs * 2 ** tries, LONGEST_WAIT_MS), stop);
    }
  }

  async #noticeLimit({ status, waitMs }: Refusal): Promise<void> {
    if (RATE_LIMITS.includes(status)) this.counts.rateLimited += 1;
    if (waitMs !== undefined) await this.#pace.hold(Math.min(waitMs, LONGEST_WAIT_MS));
  }
}

/** Of the requests of one process. */
export class OwnPace implements Pace {
  readonly #requestsPerMinute: number | undefined;
  /** After a rate limit nobody asks before this time. */
  #quietUntil = 0;
  #nextSlot = 0;

  constructor(requestsPerMinute: number | undefined) {
    this.#requestsPerMinute = requestsPerMinute;
  }

  async turn(stop: AbortSignal): Promise<void> {
    if (this.#requestsPerMinute !== undefined) {
      const slot = Math.max(performance.now(), this.#nextSlot);
      this.#nextSlot = slot + 60_000 / this.#requestsPerMinute;
      await pause(slot - performance.now(), stop);
    }
    while (performance.now() < this.#quietUntil && !stop.aborted)
      await pause(this.#quietUntil - performance.now(), stop);
  }

  hold(ms: number): void {
    this.#quietUntil = Math.max(this.#quietUntil, performance.now() + ms);
  }
}

/**
 * What a status that is no success means.
 * @param header a header of the reply, by its name in small letters.
 */
export function refusalOfStatus(
  status: number,
  problem: string,
  header: (name: string) => string | null | undefined,
): Refusal {
  const isFinal = status < 500 ? !WORTH_ANOTHER_TRY.includes(status) : status === 501;
  const waitMs = isFinal ? undefined : retryAfterMs(header);
  return { problem, isFinal, status, ...(waitMs !== undefined && { waitMs }) };
}

/** What a server said when it refused a request for good; undefined for other errors. */
export function refusalOf(error: unknown): Refusal | undefined {
  return error instanceof EndpointError ? error.refusal : undefined;
}

/** Seconds, or a date; `retry-after-ms` is OpenAI's. */
function retryAfterMs(header: (name: string) => string | null | undefined): number | undefined {
  const ms = Number(header('retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return ms;
  const after = header('retry-after');
  if (after === null || after === undefined) return undefined;
  const seconds = Number(after);
  const until = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - Date.now();
  return Number.isFinite(until) ? Math.max(0, until) : undefined;
}

/** At a stop it ends at once. */
export function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (!(ms > 0) || stop.aborted) return Promise.resolve();
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener('abort', end);
  });
}
