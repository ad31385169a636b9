/** @file A store of files over HTTP, as `blob-server.ts` serves it: whoever asks waits for a server that starts again. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileError, OutputError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { type ErrorDetails, RetortError } from '../errors/retort-error.js';
import { packageVersion } from '../files/package-version.js';
import { type Blob, type BlobStore, expectHash } from './blob.js';
import { checked, expectGoing, hashedFile, interrupted, type Pieces, piecesOf, writePieces } from './blob-content.js';
import { TOKEN_VARIABLE } from './store-token.js';

export type HttpBlobsOptions = {
  readonly token: string;
  readonly signal?: AbortSignal | undefined;
  /** For how long after its first failure a request is tried again. Default: 60 s. */
  readonly patienceMs?: number | undefined;
  /** Told in one line of each wait. */
  readonly onNotice?: ((line: string) => void) | undefined;
  readonly clock?: RetryClock | undefined;
  readonly waits?: ConnectionWaits | undefined;
};

export type ConnectionWaits = {
  /** Without a byte for so long, a connection counts as cut. Default: 30 s. */
  readonly stallMs: number;
  /** For the word to send a file: a server that says nothing may not know the question. Default: 2 s. */
  readonly continueMs: number;
};

export type RetryClock = {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Rejects when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
};

type Method = 'GET' | 'HEAD' | 'PUT';
type Reason = Pick<ErrorDetails, 'wanted' | 'got' | 'fix'>;
/** What is sent: made again for each try. */
type Sent = { readonly bytes: number; readonly pieces: () => Pieces };

const CLOCK: RetryClock = {
  now: () => performance.now(),
  pause: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};
const PATIENCE_MS = 60_000;
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 8000;
const WAITS: ConnectionWaits = { stallMs: 30_000, continueMs: 2000 };
/** Of a reply that nobody reads; with more its connection is not worth keeping. */
const MOST_DRAINED = 2 ** 16;

/** Of a server that starts again, or a network that is disturbed. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'],
  // A container that starts again loses its name for as long.
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** What may be gone at the next try. */
class PassingFailure extends Error {}

export class HttpBlobs implements BlobStore {
  readonly where: string;
  readonly #options: HttpBlobsOptions;

  /** @param url of the server, without `/blobs` */
  constructor(url: string, options: HttpBlobsOptions) {
    this.where = url.replace(/\/+$/, '');
    this.#options = options;
  }

  async put(path: string): Promise<Blob> {
    const { signal } = this.#options;
    const blob = await hashedFile(path, signal);
    if ((await this.#sizeOf(blob.sha256)) === blob.bytes) return blob;
    const fix = 'it changed while it was sent: try again when nobody writes to it';
    const pieces = () => checked(piecesOf(path), blob, { where: path, fix, signal });
    await this.#asked('PUT', blob.sha256, drained, { bytes: blob.bytes, pieces });
    return blob;
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.#sizeOf(sha256)) !== undefined;
  }

  async get(blob: Blob, into: string): Promise<void> {
    const { signal } = this.#options;
    const where = this.#placeOf(blob.sha256);
    const fix = 'the file is damaged in the store or on the way: try again, or put it into the store again';
    await this.#asked('GET', blob.sha256, async (response) => {
      await writePieces(into, checked(response, blob, { where, fix, signal }));
    });
  }

  /** @throws OptionError for what is no hash. */
  #placeOf(sha256: string): string {
    expectHash(sha256, this.where);
    return `${this.where}/blobs/${sha256}`;
  }

  /** Undefined where it is not kept. */
  #sizeOf(sha256: string): Promise<number | undefined> {
    return this.#asked('HEAD', sha256, async (response) => {
      await drained(response);
      return response.statusCode === 404 ? undefined : Number(response.headers['content-length']);
    });
  }

  /** One request, tried again after failures that may pass. @param use reads the reply */
  async #asked<T>(
    method: Method,
    sha256: string,
    use: (response: IncomingMessage) => Promise<T>,
    sent?: Sent,
  ): Promise<T> {
    const { signal, patienceMs = PATIENCE_MS, onNotice, clock = CLOCK } = this.#options;
    const Failure = method === 'PUT' ? OutputError : FileError;
    const where = this.#placeOf(sha256);
    let until: number | undefined;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, MOST_WAIT_MS)) {
      expectGoing(where, signal);
      try {
        return await this.#tried(method, where, use, sent);
      } catch (error) {
        if (error instanceof RetortError) throw error;
        if (signal?.aborted) throw interrupted(where, error);
        if (!isPassing(error)) throw new Failure({ where, ...UNUSABLE, got: reasonOf(error), cause: error });
        until ??= clock.now() + patienceMs;
        const leftMs = until - clock.now();
        if (leftMs <= 0) {
          const got = `${reasonOf(error)}, and so for ${patienceMs / 1000} s`;
          throw new Failure({ where, ...UNUSABLE, got, cause: error });
        }
        const ms = Math.min(waitMs, leftMs);
        onNotice?.(`${this.where}: ${reasonOf(error)}; trying again in ${(ms / 1000).toFixed(1)} s`);
        await clock.pause(ms, signal).catch((cause) => Promise.reject(interrupted(where, cause)));
      }
    }
  }

  async #tried<T>(
    method: Method,
    where: string,
    use: (response: IncomingMessage) => Promise<T>,
    sent: Sent | undefined,
  ): Promise<T> {
    const { token, signal, waits = WAITS } = this.#options;
    const request = (where.startsWith('https:') ? httpsRequest : httpRequest)(where, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'user-agent': `retort-ml/${packageVersion()}`,
        'accept-encoding': 'identity',
        // So that nothing is sent to a server that will not take it.
        ...(sent !== undefined && { 'content-length': sent.bytes, expect: '100-continue' }),
      },
      timeout: waits.stallMs,
      ...(signal !== undefined && { signal }),
    });
    request.on('timeout', () => request.destroy(new PassingFailure(`no byte for ${waits.stallMs / 1000} s`)));
    try {
      const response = await replied(request, sent, waits.continueMs);
      const { statusCode: status = 0 } = response;
      if (PASSING_STATUSES.has(status)) throw new PassingFailure(`HTTP ${status}`);
      const isExpected =
        status === 200 || (method === 'PUT' && status === 201) || (method === 'HEAD' && status === 404);
      if (isExpected) return await use(response);
      const reason = refusal(method, response);
      throw new (method === 'PUT' ? OutputError : FileError)({ where, ...reason });
    } finally {
      // Does nothing where the reply was read to its end: that connection serves the next request.
      request.destroy();
    }
  }
}

const UNUSABLE = {
  wanted: 'a reply of the store',
  fix: 'check the address, the network, and whether the coordinator runs',
} as const;

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === 'aborted' ? 'a connection that ended in the middle' : message;
}

function isPassing(error: unknown): boolean {
  if (error instanceof PassingFailure) return true;
  return error instanceof Error && 'code' in error && PASSING_CODES.has(String(error.code));
}

/** The reply to a request; its body is sent once the server has said that it takes it. */
function replied(request: ClientRequest, sent: Sent | undefined, continueMs: number): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    request.once('response', done);
    request.on('error', fail);
    if (sent === undefined) {
      request.end();
      return;
    }
    let isSending = false;
    const send = (): void => {
      if (isSending) return;
      isSending = true;
      pipeline(sent.pieces(), request).catch(fail);
    };
    const late = setTimeout(send, continueMs);
    request.once('continue', send);
    for (const end of ['response', 'close']) request.once(end, () => clearTimeout(late));
  });
}

async function drained(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_DRAINED) break;
  }
}

/** What a status says that is no reply to use. */
function refusal(method: Method, { statusCode: status = 0, headers }: IncomingMessage): Reason {
  const got = `HTTP ${status}`;
  if (status >= 300 && status < 400) {
    const { location = '' } = headers;
    const to = URL.canParse(location) ? ` to ${new URL(location).origin}` : '';
    return {
      wanted: 'the store itself',
      got: `${got}, a redirect${to}, which is not followed`,
      fix: 'if the token may go there, give that address',
    };
  }
  switch (status) {
    case 401:
    case 403:
      return {
        wanted: 'the token of this store',
        got: `${got}: another one`,
        fix: `set ${TOKEN_VARIABLE} to what it is on the coordinator`,
      };
    case 400:
      return {
        wanted: 'bytes that have the hash of the file',
        got: `${got}: others`,
        fix: 'try again: the file changed while it was sent, or on the way',
      };
    case 404:
      return method === 'GET'
        ? { wanted: 'a file that was put into this store', got: `${got}: none`, fix: 'put it into the store again' }
        : { wanted: 'a store of files', got, fix: 'check the address' };
    case 413:
      return {
        wanted: 'a file that the store takes',
        got: `${got}: a larger one`,
        fix: 'share it by a folder that all machines see',
      };
    case 507:
      return {
        wanted: 'free space on the disk of the store',
        got: `${got}: a full disk`,
        fix: 'free some space there',
      };
    default:
      return { wanted: UNUSABLE.wanted, got, fix: 'check the address, and what the coordinator says' };
  }
}
