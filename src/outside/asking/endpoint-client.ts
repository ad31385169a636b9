/** @file Requests to a server over HTTP: where they go, what is let in of what comes back. */
import { keepSecret, redacted } from '../../errors/secrets.js';
import { shortened } from '../../errors/shortened.js';
import { AskingTurns, type Refusal, refusalOfStatus, type Tried, type TurnOptions } from './asking-turns.js';

export type ClientOptions = TurnOptions & {
  /** `https://…/v1`; requests go to a path of the format below it. */
  readonly url: string;
  /** The path of the requests below `url`. Default: that of the format, such as `chat/completions`. */
  readonly path?: string;
  /** Sent as a bearer token; never written anywhere, and taken out of all that the server says. */
  readonly apiKey?: string;
  /**
   * Whether OpenRouter is told to route only to models whose terms permit training on their outputs, or else to refuse
   * (`provider.enforce_distillable_text`). Other hosts are told nothing. Default: true.
   */
  readonly enforceDistillableText?: boolean;
  /** Whether the key may go over plain http to another machine, where it can be intercepted. Default: false. */
  readonly insecureHttp?: boolean;
};

/** How replies of a format are read. */
export type ReplyFormat<T> = {
  readonly path: string;
  /** For messages: `a chat completion`. */
  readonly what: string;
  /** What is read of a reply; undefined for JSON that is none. */
  parse(json: unknown): Promise<T | undefined>;
  /** Headers that may hold the id of a request. */
  readonly idHeaders: readonly string[];
};

export type Received<T> = { readonly content: T; readonly requestId: string | undefined };

/** Of a reply: a hundred times what 128 answers with 20 log-probabilities each take. */
const MAX_REPLY_BYTES = 2 ** 22;
/** Of a reply that is no answer, as much as is looked at to show some of it. */
const MAX_SHOWN_FROM = 10_000;
const MAX_ID = 200;

export class EndpointClient<T> {
  readonly turns: AskingTurns;
  readonly #options: ClientOptions;
  readonly #format: ReplyFormat<T>;
  readonly #address: string;

  constructor(options: ClientOptions, format: ReplyFormat<T>) {
    this.turns = new AskingTurns(options);
    this.#options = options;
    this.#format = format;
    if (options.apiKey !== undefined) keepSecret(options.apiKey);
    const url = options.url.replace(/\/+$/u, '');
    const path = (options.path ?? format.path).replace(/^\/+/u, '');
    this.#address = url.endsWith(`/${path}`) ? url : `${url}/${path}`;
  }

  /** The server's answer to a request. @throws EndpointError as `AskingTurns` does. */
  complete(body: object, stop: AbortSignal): Promise<Received<T>> {
    return this.turns.untilAnswered(() => this.#try(body), this.#address, stop);
  }

  async #try(question: object): Promise<Tried<Received<T>>> {
    const { apiKey, timeoutMs = 60_000, enforceDistillableText = true } = this.#options;
    // A request under way is paid for: only time ends it, not a stop.
    const timeout = new AbortController();
    // Not AbortSignal.timeout: its timers and all that hangs on them stay for the whole time, of every request.
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const body = JSON.stringify(enforceDistillableText ? withDistillableText(this.#address, question) : question);
    let status = 0;
    let text: string | undefined;
    let requestId: string | undefined;
    try {
      const response = await fetch(this.#address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
        body,
        // Texts and key are for this address alone; and what answers a redirected POST may have been asked nothing.
        redirect: 'manual',
        signal: timeout.signal,
      });
      status = response.status;
      if (status >= 300 && status < 400) return await this.#redirect(response);
      text = await limitedText(response);
      if (text === undefined) return this.#tooLong(status);
      if (!response.ok) {
        const problem = `HTTP ${status} ${shown(text)}`.trim();
        return refusalOfStatus(status, problem, (name) => response.headers.get(name));
      }
      requestId = this.#format.idHeaders.flatMap((name) => response.headers.get(name) ?? [])[0];
    } catch (error) {
      if (status === 200) this.turns.counts.broken += 1;
      const reason = timeout.signal.aborted ? `no complete reply within ${timeoutMs} ms` : reasonOf(error);
      return { problem: redacted(reason), isFinal: false, status };
    } finally {
      clearTimeout(timer);
    }
    const content = await this.#format.parse(parsedJson(text, body));
    if (content !== undefined) {
      return { answer: { content, requestId: requestId && redacted(requestId.slice(0, MAX_ID)) } };
    }
    this.turns.counts.broken += 1;
    return { problem: `a reply that is not ${this.#format.what} (${shown(text)})`, isFinal: false, status };
  }

  #tooLong(status: number): Refusal {
    this.turns.counts.broken += 1;
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
}

/** A request to OpenRouter with what it is told; any other as it is. It is no part of a question: answers do not change. */
export function withDistillableText(address: string, request: object): object {
  const { hostname } = new URL(address);
  if (hostname !== 'openrouter.ai' && !hostname.endsWith('.openrouter.ai')) return request;
  const { provider = {} } = { provider: undefined, ...request };
  return { ...request, provider: { enforce_distillable_text: true, ...(provider as object) } };
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
