/** @file The decision service behind the student: a request goes there as it came, and its reply comes back as it is. */
import type { IncomingHttpHeaders } from 'node:http';
import { OptionError } from '../errors/failures.js';
import { checkAddress } from '../outside/asking/endpoint-options.js';
import { RequestFailure } from './request-failure.js';

export type UpstreamReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

export type UpstreamOptions = {
  /** As an SDK has it, with `/v1`. */
  readonly url: string;
  /** Sent in the place of the caller's. */
  readonly apiKey?: string | undefined;
  readonly timeoutMs: number;
};

/** What is passed on of a request's head, and of a reply's; nothing else is. */
const REQUEST_HEADERS = [
  ...['authorization', 'x-api-key', 'accept', 'user-agent', 'openai-organization', 'openai-project', 'idempotency-key'],
  ...['x-typesafe-sdk', 'x-typesafe-runtime', 'x-typesafe-retry-count', 'typesafe-danger-zone-long-context'],
];
const REPLY_HEADERS = [
  ...['content-type', 'retry-after', 'retry-after-ms', 'x-request-id', 'x-typesafe-request-id'],
  ...['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ...['x-ratelimit-limit-tokens', 'x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens', 'www-authenticate'],
];
const MOST_REPLY_BYTES = 8 * 2 ** 20;

export class Upstream {
  readonly url: string;
  readonly #options: UpstreamOptions;

  /** @throws OptionError for what is no address, or would send a key unprotected. */
  constructor(options: UpstreamOptions) {
    const { url, apiKey } = options;
    try {
      checkAddress({ url, ...(apiKey !== undefined && { apiKey }) });
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      const { wanted, got } = error;
      throw new OptionError({ where: 'upstream', wanted, got, fix: 'check --upstream', cause: error });
    }
    this.url = url.replace(/\/+$/, '');
    this.#options = options;
  }

  /** What upstream knows the caller by. */
  keyOf(headers: IncomingHttpHeaders): string {
    const { authorization = '', 'x-api-key': key = '' } = headers;
    return this.#options.apiKey ?? JSON.stringify([authorization, key]);
  }

  /**
   * @param path as this server has it, with /v1
   * @param signal aborted: nobody waits for the reply any more
   * @throws RequestFailure for an upstream that gives no reply in time, none that is whole, or leads elsewhere.
   */
  async ask(
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer | undefined,
    signal?: AbortSignal,
  ): Promise<UpstreamReply> {
    const late = AbortSignal.timeout(this.#options.timeoutMs);
    const stop = signal === undefined ? late : AbortSignal.any([late, signal]);
    const isLate = () => late.aborted && !signal?.aborted;
    try {
      const reply = await fetch(this.url + path.replace(/^\/v1/, ''), {
        method: body === undefined ? 'GET' : 'POST',
        headers: this.#headers(headers, body),
        redirect: 'manual',
        signal: stop,
        ...(body !== undefined && { body: new Uint8Array(body) }),
      });
      if (reply.status >= 300 && reply.status < 400) {
        await reply.body?.cancel();
        throw failed('it leads to another address, which is not followed');
      }
      const picked = REPLY_HEADERS.flatMap((name) => {
        const value = reply.headers.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      return { status: reply.status, headers: Object.fromEntries(picked), body: await bounded(reply) };
    } catch (error) {
      if (error instanceof RequestFailure) throw error;
      if (isLate()) throw failed(`no reply in ${this.#options.timeoutMs / 1000} s`, 504);
      const { cause, message } = error instanceof Error ? error : new Error(String(error));
      throw failed(cause instanceof Error ? cause.message : message);
    }
  }

  #headers(given: IncomingHttpHeaders, body: Buffer | undefined): Record<string, string> {
    const picked = REQUEST_HEADERS.flatMap((name) => {
      const value = given[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    const { apiKey } = this.#options;
    const headers: Record<string, string> = { ...Object.fromEntries(picked), 'accept-encoding': 'identity' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (apiKey === undefined) return headers;
    delete headers['x-api-key'];
    return { ...headers, authorization: `Bearer ${apiKey}` };
  }
}

function failed(why: string, status?: number): RequestFailure {
  return new RequestFailure('upstream', `upstream gave no reply: ${why}`, [], status);
}

async function bounded(reply: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (reply.body !== null) {
    for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MOST_REPLY_BYTES) throw failed(`more than ${MOST_REPLY_BYTES} bytes`);
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}
