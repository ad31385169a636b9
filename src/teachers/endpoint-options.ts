/** @file What an endpoint is asked and how: options with their ranges, and the report of how it stands. */
import { OptionError } from '../errors/failures.js';
import type { ClientOptions } from './endpoint-client.js';

export type EndpointOptions = ClientOptions & {
  readonly model: string;
  readonly labelNames: readonly string[];
  /** Words by which an answer names each label. Default: the label itself. */
  readonly labelWords?: Readonly<Record<string, string | readonly string[]>>;
  /** What is asked; `{text}`, `{pair}` and `{labels}` (the first word of each) are filled in. */
  readonly prompt?: string;
  readonly system?: string;
  /** Further fields of each request, such as `max_tokens` or a server's own. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Draws of a label at temperature 1, where the server gives no log-probabilities; 0 asks once. Default: 0. */
  readonly samples?: number;
  /** Whether to ask for log-probabilities. Default: true; a server that has none is asked only once. */
  readonly logprobs?: boolean;
  /** The file of its replies, JSON lines: appended to, never rewritten, and read first. */
  readonly log: string;
  /** Of a million tokens. */
  readonly prices?: { readonly input: number; readonly output: number };
  /** What all replies in the log may cost together, in the currency of `prices`. */
  readonly maxCost?: number;
  /** Requests under way at once. Default: 4. */
  readonly concurrency?: number;
  /** Rows that are answered and judged before the rest is asked. Default: 20. */
  readonly smokeRows?: number;
  /** Told after those rows, with an estimate for all; false stops before the rest. */
  readonly onSmoke?: (report: EndpointReport) => boolean | Promise<boolean>;
  readonly onProgress?: (report: EndpointReport) => void;
  /** The share of rows that may be without a usable answer; a student learns nothing from those. Default: 0.05. */
  readonly maxMalformed?: number;
  readonly signal?: AbortSignal;
};

export type EndpointReport = {
  readonly rows: number;
  /** Rows that have their answer, or are given up as malformed. */
  readonly done: number;
  /** Rows whose answer was in the log. */
  readonly fromLog: number;
  readonly malformed: number;
  readonly byLogprobs: number;
  readonly bySamples: number;
  readonly byLabel: number;
  /** Mean mass of tokens that begin no label, over rows with log-probabilities. */
  readonly outside: number;
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  /** Answers that were no chat completion, or broke off. */
  readonly broken: number;
  /** Of all replies in the log. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of all replies in the log; absent without prices. */
  readonly cost?: number;
  /** What all rows will have cost, from the mean so far; absent without prices. */
  readonly estimatedCost?: number;
};

/** Without what may hold a secret: a user name, password or query would go into names, records and messages. */
function checkAddress({ url, apiKey, insecureHttp = false }: EndpointOptions): void {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = address?.username === '' && address.password === '' && address.search + address.hash === '';
  if (address === undefined || !isPlain || !/^https?:$/u.test(address.protocol)) {
    throw new OptionError({
      where: 'url',
      wanted: 'an address such as https://api.example.com/v1, without user name and query',
      got: address === undefined || isPlain ? url : 'one with more',
    });
  }
  if (apiKey === undefined || apiKey === '') return;
  if (!/^[\x21-\x7e]+$/u.test(apiKey)) {
    throw new OptionError({
      where: 'apiKey',
      wanted: 'letters, digits and signs without spaces',
      got: 'something with spaces or other characters',
      fix: 'copy the key again',
    });
  }
  if (address.protocol === 'https:' || insecureHttp || isThisMachine(address)) return;
  throw new OptionError({
    where: 'url',
    wanted: 'https, which protects the key',
    got: `plain http to ${address.host}`,
    fix: 'use https, send no key, or allow it by insecureHttp (--insecure_http)',
  });
}

/** By its name, as a URL has it: 127.1 and 0x7f.1 are 127.0.0.1 there. */
export function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/u.test(hostname);
}

/** @throws OptionError for options that do not fit. */
export function checkEndpointOptions(options: EndpointOptions): void {
  const {
    labelNames,
    prompt,
    samples = 0,
    prices,
    maxCost,
    concurrency = 4,
    smokeRows = 20,
    maxMalformed = 0.05,
  } = options;
  const refuse = (where: string, wanted: string, got: unknown) => {
    throw new OptionError({ where, wanted, got: String(got) });
  };
  if (labelNames.length < 2 || new Set(labelNames).size < labelNames.length) {
    refuse('labelNames', 'at least two different names', labelNames.join(', ') || 'none');
  }
  checkAddress(options);
  if (prompt !== undefined && !prompt.includes('{text}')) refuse('prompt', 'the placeholder {text}', 'none');
  const whole = (where: string, value: number, least: number) => {
    if (!Number.isInteger(value) || value < least) refuse(where, `an integer ≥ ${least}`, value);
  };
  whole('samples', samples, 0);
  whole('concurrency', concurrency, 1);
  whole('smokeRows', smokeRows, 1);
  whole('retries', options.retries ?? 6, 0);
  for (const where of ['timeoutMs', 'backoffMs', 'requestsPerMinute'] as const) {
    const value = options[where] ?? 1;
    if (!(value > 0)) refuse(where, 'a number > 0', value);
  }
  if (!(maxMalformed >= 0 && maxMalformed <= 1)) refuse('maxMalformed', 'a number from 0 to 1', maxMalformed);
  if (prices !== undefined && !(prices.input >= 0 && prices.output >= 0)) {
    refuse('prices', 'numbers ≥ 0 for input and output', JSON.stringify(prices));
  }
  if (maxCost === undefined) return;
  if (!(maxCost > 0)) refuse('maxCost', 'a number > 0', maxCost);
  if (prices === undefined) refuse('maxCost', 'prices, to compute the cost (prices: { input, output })', 'none');
}
