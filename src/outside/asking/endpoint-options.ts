/** @file What a language model behind an endpoint is asked: options with their ranges, and addresses that are refused. */
import { OptionError } from '../../errors/failures.js';
import type { ClientOptions } from './endpoint-client.js';
import { checkOutsideOptions, type OutsideOptions } from './outside-options.js';

/** A row with its label, shown to the model before it is asked. */
export type LabelledExample = { readonly text: string; readonly pair?: string; readonly label: string };

export type ChatOptions = Pick<OutsideOptions, 'model' | 'labelNames'> & {
  /** The question in the default prompt, in the place of `Which label fits the text?`. */
  readonly instructions?: string;
  /** What labels mean, by label; shown beside each. Null for one that says it itself. */
  readonly criteria?: Readonly<Record<string, string | null>>;
  /**
   * Whether a reply is a label, or the code of one: a letter, or with more than 24 labels a number. Default: codes with more
   * than 20 labels or with `criteria`, unless there are `labelWords` or a `prompt` without `{options}`.
   */
  readonly answerBy?: 'labels' | 'codes';
  /** Ask for a JSON object whose field is one of the labels or codes (`response_format`), as far as the server has them. */
  readonly structured?: boolean;
  readonly examples?: readonly LabelledExample[];
  /** Words by which an answer names each label. Default: the label itself. */
  readonly labelWords?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * What is asked. Filled in are `{text}`, `{pair}`, `{labels}` (the first word of each, or all codes), `{options}` (a line
   * for each label: code, label, description), `{examples}` and `{question}`.
   */
  readonly prompt?: string;
  readonly system?: string;
  /** Further fields of each request, such as `max_tokens` or a server's own. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Draws of a label at temperature 1, where the server gives no log-probabilities; 0 asks once. Default: 0. */
  readonly samples?: number;
  /** Whether to ask for log-probabilities. Default: true; a server that has none is asked only once. */
  readonly logprobs?: boolean;
};

export type EndpointOptions = ClientOptions & OutsideOptions & ChatOptions;

/**
 * Without what may hold a secret: a user name, password or query would go into names, records and messages.
 * @throws OptionError for another address, a key that is none, or one that would go out unprotected.
 */
export function checkAddress({ url, apiKey, insecureHttp = false }: ClientOptions): void {
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
  const { prompt, samples = 0 } = options;
  checkOutsideOptions(options);
  checkAddress(options);
  if (prompt !== undefined && !prompt.includes('{text}')) {
    throw new OptionError({ where: 'prompt', wanted: 'the placeholder {text}', got: 'none' });
  }
  if (Number.isInteger(samples) && samples >= 0) return;
  throw new OptionError({ where: 'samples', wanted: 'an integer ≥ 0', got: String(samples) });
}
