/** @file Requests to the hub: who may see the token, what is tried again and when, how answers are bounded. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CheckpointError, InterruptedError } from '../errors/failures.js';
import { RetortError } from '../errors/retort-error.js';
import { redacted } from '../errors/secrets.js';
import { packageVersion } from '../files/package-version.js';
import { refusalReason } from './refusal.js';
import type { HubSettings } from './settings.js';

export type ConnectionOptions = {
  readonly signal?: AbortSignal;
  /** Told in one line of each wait. */
  readonly onNotice?: ((notice: string) => void) | undefined;
  /** A name that may have been meant, should there be no such model. */
  readonly nearestName?: string | undefined;
};

const MAX_ANSWER_BYTES = 16 * 2 ** 20;
/** Without a byte for so long, a connection counts as cut. */
const STALL_MS = 60_000;
const MAX_FAILURES = 5;
const MAX_MOVES = 5;
const FIRST_WAIT_MS = 500;
/** The hub counts requests in windows of five minutes. */
const MAX_WAIT_MS = 5 * 60_000;

/** Codes of a first contact that will not come about by trying again at once. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** A failure that may be gone at the next try. */
class TransientFailure extends Error {
  readonly waitMs: number | undefined;

  constructor(got: string, waitMs?: number, cause?: unknown) {
    super(got, { cause });
    this.waitMs = waitMs;
  }
}

/** What is asked about one model. */
export class HubConnection {
  readonly id: string;
  readonly settings: HubSettings;
  readonly options: ConnectionOptions;

  constructor(id: string, settings: HubSettings, options: ConnectionOptions = {}) {
    this.id = id;
    this.settings = settings;
    this.options = options;
  }

  /**
   * `fetch` for the hub's library: with the token, tried again, its answer read whole and no longer than 16 MiB.
   * @throws CheckpointError, saying what an answer with an error status means; InterruptedError.
   */
  readonly fetch: typeof fetch = (input, init = {}) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    return this.retried(() =>
      this.request(url, init, async (response, alive) => {
        const body = await this.#wholeBody(response, alive);
        return new Response(body, { headers: response.headers });
      }),
    );
  };

  /**
   * One request. Its body is `use`'s to read, calling `alive` with each piece; it is cancelled when `use` returns.
   * Failures are those of `fetch`, and what may be gone at the next try is for `retried` to see.
   */
  async request<T>(
    url: string,
    init: RequestInit,
    use: (response: Response, alive: () => void) => Promise<T>,
    moves = 0,
  ): Promise<T> {
    const { signal } = this.options;
    const controller = new AbortController();
    const stop = () => controller.abort(this.#interrupted());
    if (signal?.aborted) throw this.#interrupted();
    signal?.addEventListener('abort', stop, { once: true });
    const stalled = () => controller.abort(new TransientFailure(`no byte for ${STALL_MS / 1000} s`));
    const timer = setTimeout(stalled, STALL_MS);
    try {
      const headers = new Headers(init.headers);
      headers.set('User-Agent', `retort-ml/${packageVersion()}`);
      const { endpoint, token } = this.settings;
      // A listing may name its next page: the token is for the hub alone. Redirects to others lose it inside `fetch`.
      if (token !== undefined && new URL(url).origin === new URL(endpoint).origin) {
        headers.set('Authorization', `Bearer ${token.secret}`);
      }
      // A question that was moved would be asked as another one, a GET: only where it stays what it is, it is followed.
      const redirect = init.method === 'POST' ? 'manual' : 'follow';
      const response = await fetch(url, { ...init, headers, signal: controller.signal, redirect });
      const moved = response.headers.get('location') ?? '';
      if ((response.status === 307 || response.status === 308) && moves < MAX_MOVES && URL.canParse(moved, url)) {
        return await this.request(new URL(moved, url).href, init, use, moves + 1);
      }
      if (!response.ok) throw this.#refusal(response);
      return await use(response, () => timer.refresh());
    } catch (error) {
      throw this.#understood(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      controller.abort();
    }
  }

  /**
   * Does it again after failures that may pass, waiting as long as the hub asks or ever longer.
   * @param progress A number that grows by a mebibyte or more where a try, though it failed, was worth it.
   */
  async retried<T>(work: () => Promise<T>, progress: () => number = () => 0): Promise<T> {
    for (let failures = 0, before = progress(); ; ) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TransientFailure)) throw error;
        const isWorthIt = progress() - before >= 2 ** 20;
        if (isWorthIt) before = progress();
        failures = isWorthIt ? 1 : failures + 1;
        const waitMs = Math.max(0, Math.ceil(error.waitMs ?? FIRST_WAIT_MS * 2 ** (failures - 1)));
        if (failures >= MAX_FAILURES || waitMs > MAX_WAIT_MS) throw this.#gaveUp(error, failures, waitMs);
        this.options.onNotice?.(`${this.id}: ${error.message}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
        await this.pause(waitMs);
      }
    }
  }

  /** @throws InterruptedError if the user asks to stop meanwhile. */
  async pause(ms: number): Promise<void> {
    const { signal } = this.options;
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch {
      throw this.#interrupted();
    }
  }

  async #wholeBody(response: Response, alive: () => void): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      alive();
      bytes += piece.length;
      if (bytes > MAX_ANSWER_BYTES) throw this.#badAnswer(`more than ${MAX_ANSWER_BYTES} bytes`);
      pieces.push(piece);
    }
    return new Uint8Array(Buffer.concat(pieces));
  }

  /** @returns CheckpointError for an answer that the hub would not give. */
  #badAnswer(got: string, cause?: unknown): CheckpointError {
    const { endpoint } = this.settings;
    const fix = 'try again later, or check HF_ENDPOINT';
    return new CheckpointError({ where: this.id, wanted: `a valid response from ${endpoint}`, got, fix, cause });
  }

  #refusal({ status, headers }: Response): Error {
    const isBusy = status === 429 || status === 408 || status >= 500;
    if (isBusy) return new TransientFailure(`HTTP ${status}`, askedWait(headers));
    const asked = { ...this.options, id: this.id, settings: this.settings };
    const reason = refusalReason(status, headers.get('x-error-code') ?? '', asked);
    return reason === undefined
      ? this.#badAnswer(`HTTP ${status}`)
      : new CheckpointError({ where: this.id, ...reason });
  }

  #understood(error: unknown): unknown {
    if (error instanceof RetortError || !(error instanceof TypeError)) return error;
    const { cause } = error;
    // Without one it is no failure of the network but a mistake of ours.
    if (!(cause instanceof Error)) return error;
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    const got = cause.message || code || error.message;
    // Without a code it is what `fetch` does not do at all: a forbidden port, a redirect in circles.
    const isHopeless = code === '' || UNREACHABLE.has(code) || /CERT|SSL|TLS/.test(code);
    if (!isHopeless) return new TransientFailure(got, undefined, error);
    return this.#unanswered(got, error);
  }

  #unanswered(got: string, cause: unknown): CheckpointError {
    return new CheckpointError({
      where: this.id,
      wanted: `a response from ${this.settings.endpoint}`,
      got: got.replaceAll(/\s+/g, ' '),
      fix: `check the network and HF_ENDPOINT, or copy the model to ${this.settings.cache} from elsewhere`,
      cause,
    });
  }

  #gaveUp(error: TransientFailure, failures: number, waitMs: number): CheckpointError {
    const late = waitMs > MAX_WAIT_MS ? `, and a request to wait ${Math.ceil(waitMs / 60_000)} min` : '';
    return this.#unanswered(`${error.message}${late}${failures > 1 ? `, ${failures} times` : ''}`, error);
  }

  #interrupted(): InterruptedError {
    return new InterruptedError({
      where: this.id,
      wanted: 'the whole model',
      got: 'a request to stop',
      fix: 'run the command again: the download continues from where it stopped',
    });
  }

  /**
   * The result of a call of the hub's library, whose answers are not checked.
   * @throws CheckpointError for whatever it trips over.
   */
  async asked<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof RetortError) throw error;
      throw this.#badAnswer(
        // Parts of the answer are in it. Redacted before it is cut: a part of a token is hard to tell.
        error instanceof Error
          ? redacted(error.message.slice(0, 10_000)).replaceAll(/\s+/g, ' ').slice(0, 200)
          : 'none',
        error,
      );
    }
  }

  /** Inside `retried`: what is missing may come at the next try. */
  cut(got: string): never {
    throw new TransientFailure(got);
  }

  /** @throws CheckpointError always. */
  refuse(got: string): never {
    throw this.#badAnswer(got);
  }
}

/** `Retry-After` in seconds or as a date, else the rest of the window that the hub's `RateLimit` header gives. */
function askedWait(headers: Headers): number | undefined {
  const after = headers.get('retry-after');
  const seconds = Number(after ?? /;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const date = Date.parse(after ?? '');
  return Number.isNaN(date) ? undefined : date - Date.now();
}
