/** @file One request to an OpenAI-compatible server, as often as it takes: rate limits, retries, timeouts. */
import { type ErrorDetails, RetortError } from '../errors/retort-error.js';
import { keepSecret, redacted } from '../errors/secrets.js';
import { shortened } from '../errors/shortened.js';
import type { Completion } from './endpoint.schema.js';

/** A server that does not answer as it should. What it answered before is kept. */
export class EndpointError extends RetortError {
  /** The last thing that the server said, where it said something. */
  readonly refusal: Refusal | undefined;

  constructor(details: ErrorDetails, refusal?: Refusal) {
    super(details);
    this.refusal = refusal;
  }
}

export type ClientOptions = {
  /** `https://…/v1`; requests go to its `/chat/completions`. */
  readonly url: string;
  /** Sent as a bearer token; never written anywhere, and taken out of all that the server says. */
  readonly apiKey?: string;
  /** Whether the key may go over plain http to another machine, where it can be intercepted. Default: false. */
  readonly insecureHttp?: boolean;
  /** Tries after the first, of one request. Default: 6. */
  readonly retries?: number;
  /** What one try may take. Default: 60 000. */
  readonly timeoutMs?: number;
  /** The wait before the first retry; it doubles. Default: 1 000. */
  readonly backoffMs?: number;
  /** Requests in a minute at most. Default: as many as the server allows. */
  readonly requestsPerMinute?: number;
};

export type ClientCounts = { requests: number; retries: number; rateLimited: number; broken: number };

/** Of a reply: a hundred times what 128 answers with 20 log-probabilities each take. */
const MAX_REPLY_BYTES = 2 ** 22;
/** Of a reply that is no answer, as much as is looked at to show some of it. */
const MAX_SHOWN_FROM = 10_000;
const LONGEST_WAIT_MS = 120_000;

export class EndpointClient {
  readonly counts: ClientCounts = { requests: 0, retries: 0, rateLimited: 0, broken: 0 };
  readonly #options: ClientOptions;
  readonly #address: string;
  /** After a rate limit nobody asks before this time. */
  #quietUntil = 0;
  #nextSlot = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    if (options.apiKey !== undefined) keepSecret(options.apiKey);
    const url = options.url.replace(/\/+$/u, '');
    this.#address = url.endsWith('/chat/completions') ? url : `${url}/chat/completions`;
  }

  /**
   * The server's answer to a request.
   * @throws EndpointError for a refusal that trying again cannot help, or after the last retry.
   */
  async complete(body: object, stop: AbortSignal): Promise<Completion> {
    const { retries = 6, backoffMs = 1000 } = this.#options;
    for (let attempt = 0; ; attempt++) {
      await this.#turn(stop);
      this.counts.requests += 1;
      const outcome = await this.#try(body);
      if ('completion' in outcome) return outcome.completion;
      const { problem, isFinal, waitMs } = outcome;
      if (stop.aborted || isFinal || attempt >= retries) {
        const got = attempt > 0 && !isFinal ? `${problem}, ${attempt + 1} times` : problem;
        const usual = isFinal ? 'check url, key and model' : 'run it again later: finished replies are kept';
        const { fix = usual } = outcome;
        throw new EndpointError({ where: this.#address, wanted: 'a reply', got, fix }, outcome);
      }
      this.counts.retries += 1;
      await pause(Math.min(waitMs ?? backoffMs * 2 ** attempt, LONGEST_WAIT_MS), stop);
    }
  }

  async #turn(stop: AbortSignal): Promise<void> {
    const { requestsPerMinute } = this.#options;
    if (requestsPerMinute !== undefined) {
      const slot = Math.max(performance.now(), this.#nextSlot);
      this.#nextSlot = slot + 60_000 / requestsPerMinute;
      await pause(slot - performance.now(), stop);
    }
    while (performance.now() < this.#quietUntil && !stop.aborted)
      await pause(this.#quietUntil - performance.now(), stop);
  }

  async #try(question: object): Promise<{ readonly completion: Completion } | Refusal> {
    const { apiKey, timeoutMs = 60_000 } = this.#options;
    // A request under way is paid for: only time ends it, not a stop.
    const timeout = AbortSignal.timeout(timeoutMs);
    const body = JSON.stringify(question);
    let status = 0;
    let text: string | undefined;
    try {
      const response = await fetch(this.#address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
        body,
        // Texts and key are for this address alone; and what answers a redirected POST may have been asked nothing.
        redirect: 'manual',
        signal: timeout,
      });
      status = response.status;
      if (status >= 300 && status < 400) return await this.#redirect(response);
      text = await limitedText(response);
      if (text === undefined) return this.#tooLong(status);
      if (!response.ok) return this.#refusal(response, text);
    } catch (error) {
      if (status === 200) this.counts.broken += 1;
      const reason = timeout.aborted ? `no complete reply within ${timeoutMs} ms` : reasonOf(error);
      return { problem: redacted(reason), isFinal: false, status };
    }
    const { completionSchema } = await import('./endpoint.schema.js');
    const parsed = completionSchema.safeParse(parsedJson(text, body));
    if (parsed.success) return { completion: parsed.data };
    this.counts.broken += 1;
    return { problem: `a reply that is not a chat completion (${shown(text)})`, isFinal: false, status };
  }

  #tooLong(status: number): Refusal {
    this.counts.broken += 1;
    const problem = `a reply of over ${MAX_REPLY_BYTES} bytes`;
    return { problem, isFinal: true, status, fix: 'check url and model: longer replies are not read' };
  }

  async #redirect({ status, headers, body }: Response): Promise<Refusal> {
    await body?.cancel();
    const location = headers.get('location') ?? '';
    const target = URL.canParse(location, this.#address) ? new URL(location, this.#address) : undefined;
    const to = target === undefined ? '' : ` to ${shown(target.origin + target.pathname)}`;
    const fix = 'if texts and key may go there, give that address as url';
    return { problem: `HTTP ${status}, a redirect${to}, which is not followed`, isFinal: true, status, fix };
  }

  #refusal(response: Response, text: string): Refusal {
    const { status } = response;
    const problem = `HTTP ${status} ${shown(text)}`.trim();
    const isFinal = status < 500 && ![408, 409, 425, 429].includes(status);
    if (status !== 429) return { problem, isFinal, status };
    this.counts.rateLimited += 1;
    const waitMs = retryAfterMs(response.headers);
    if (waitMs !== undefined) {
      this.#quietUntil = Math.max(this.#quietUntil, performance.now() + Math.min(waitMs, LONGEST_WAIT_MS));
    }
    return { problem, isFinal, status, ...(waitMs !== undefined && { waitMs }) };
  }
}

export type Refusal = {
  readonly problem: string;
  readonly isFinal: boolean;
  /** 0 where there was no answer at all. */
  readonly status: number;
  readonly waitMs?: number;
  readonly fix?: string;
};

/** What a server said when it refused a request for good; undefined for other errors. */
export function refusalOf(error: unknown): Refusal | undefined {
  return error instanceof EndpointError ? error.refusal : undefined;
}

/** Seconds, or a date; `retry-after-ms` is OpenAI's. */
function retryAfterMs(headers: Headers): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return ms;
  const after = headers.get('retry-after');
  if (after === null) return undefined;
  const seconds = Number(after);
  const until = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - Date.now();
  return Number.isFinite(until) ? Math.max(0, until) : undefined;
}

/** Undefined for one that is too long: the rest is not read. */
async function limitedText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_REPLY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** fetch says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

/** Log-probabilities as Python writes them, which no JSON has. */
const NO_NUMBER = /(?<=[:,[]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/gu;

/** A server may put the key into its answers, which are kept. @param sent the request. */
function parsedJson(text: string, sent: string): unknown {
  const withoutKey = (_: string, value: unknown) => (typeof value === 'string' ? redacted(value, sent) : value);
  for (const json of [text, text.replaceAll(NO_NUMBER, 'null')]) {
    try {
      return JSON.parse(json, withoutKey);
    } catch {}
  }
  return undefined;
}

function shown(text: string): string {
  // Before it is cut: of a part of a key nobody can tell any more that it is one.
  return shortened(redacted(text.slice(0, MAX_SHOWN_FROM)).replaceAll(/\s+/gu, ' ').trim(), 200);
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
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
