/** @file The files of a folder over HTTP, for machines that do not see the folder: by hash, with a token, and nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { FileError, OutputError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { RetortError } from '../errors/retort-error.js';
import { errorCode } from '../files/file-failure.js';
import { makeFolder } from '../files/make-folder.js';
import { isSameSecret } from '../files/same-secret.js';
import { isHash } from './blob.js';
import { checked, piecesOf } from './blob-content.js';
import { FolderBlobs } from './folder-blobs.js';
import { storeToken } from './store-token.js';

export type BlobServerOptions = {
  /** Where the files are; made if it is not there. */
  readonly folder: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What callers have to send: at least 16 characters. */
  readonly token: string;
  /** Of one file. Default: 8 GiB. */
  readonly maxBytes?: number;
  /** How long callers may be slow. */
  readonly limits?: SlownessLimits;
  /** Told of failures that are none of the caller's. */
  readonly onNotice?: (line: string) => void;
};

export type SlownessLimits = {
  /** Until the head of a request is whole. Default: 10 s. */
  readonly headMs: number;
  /** Without a byte. Default: 60 s. */
  readonly stallMs: number;
  /** Of a file that comes, on average, after the time for a stall. Default: 16 KiB. */
  readonly leastBytesPerSecond: number;
};

export type BlobServing = {
  readonly port: number;
  /** Takes no more requests, ends those under way, and leaves nothing unfinished in the folder. */
  close(): Promise<void>;
};

type Reply = { readonly status: number; readonly text?: string; readonly headers?: Readonly<Record<string, string>> };

const MOST_BYTES = 8 * 2 ** 30;
const SLOWNESS: SlownessLimits = { headMs: 10_000, stallMs: 60_000, leastBytesPerSecond: 2 ** 14 };
const MOST_CONNECTIONS = 4096;
const FULL_DISK: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT'];

/**
 * Serves `GET`, `HEAD` and `PUT /blobs/SHA256`. What is put is kept once its bytes have that hash.
 * @throws OptionError for a token that can be guessed; OutputError for an address that cannot be had, or a folder that
 *   cannot be made.
 */
export async function serveBlobs(options: BlobServerOptions): Promise<BlobServing> {
  const { folder, host, port, onNotice = () => {}, limits = SLOWNESS } = options;
  const token = storeToken(options.token);
  await makeFolder(folder);
  const parts = { store: new FolderBlobs(folder), token, maxBytes: options.maxBytes ?? MOST_BYTES, limits };
  const underWay = new Set<Promise<void>>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const answering = replyTo(request, response, parts)
      .catch((error: unknown) => failed(error, request, response, onNotice))
      .finally(() => underWay.delete(answering));
    underWay.add(answering);
  };
  // The time for a whole request depends on the file.
  const checks = { requestTimeout: 0, headersTimeout: limits.headMs, connectionsCheckingInterval: limits.headMs / 10 };
  const server = createServer(checks, answer);
  // Whoever asks whether a file is wanted is told before it is sent.
  server.on('checkContinue', answer);
  server.setTimeout(limits.stallMs);
  server.maxConnections = MOST_CONNECTIONS;
  const address = await new Promise<AddressInfo>((done, fail) => {
    server.on('error', (cause) => {
      const fix = 'choose another address or port';
      const wanted = 'an address to listen at';
      fail(new OutputError({ where: `${host}:${port}`, wanted, got: messageOf(cause), fix, cause }));
    });
    server.listen(port, host, () => done(server.address() as AddressInfo));
  });
  return {
    port: address.port,
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
      await Promise.all(underWay);
    },
  };
}

type Parts = {
  readonly store: FolderBlobs;
  readonly token: string;
  readonly maxBytes: number;
  readonly limits: SlownessLimits;
};

async function replyTo(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { store } = parts;
  const refusal = refusalOf(request, parts);
  if (refusal !== undefined) return say(response, withoutBody(request, refusal));
  const sha256 = hashIn(request);
  const bytes = await store.sizeOf(sha256);
  if (request.method === 'PUT' && bytes === lengthOf(request))
    return say(response, withoutBody(request, { status: 200 }));
  if (request.method === 'PUT') return take(request, response, sha256, parts);
  if (bytes === undefined) return say(response, { status: 404, text: 'wanted a file that was put here, got none' });
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  if (request.method === 'HEAD') response.end();
  else await pipeline(piecesOf(store.placeOf(sha256)), response);
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  sha256: string,
  { store, limits }: Parts,
): Promise<void> {
  const blob = { sha256, bytes: lengthOf(request) };
  if (request.headers.expect !== undefined) response.writeContinue();
  const slow = setTimeout(() => request.destroy(), limits.stallMs + (1000 * blob.bytes) / limits.leastBytesPerSecond);
  // Its connection is needed to say what was wrong.
  const pieces = request.iterator({ destroyOnReturn: false });
  try {
    await store.keep(blob, checked(pieces, blob, { where: request.url ?? '', fix: 'send the file again' }));
    say(response, { status: 201 });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    request.resume();
    say(response, { status: 400, text: error.message });
  } finally {
    clearTimeout(slow);
  }
}

/** What is said to a request before anything of its body is read. */
function refusalOf(request: IncomingMessage, { token, maxBytes }: Parts): Reply | undefined {
  const { method = '', headers, url = '' } = request;
  const given = (headers.authorization ?? '').replace(/^Bearer +/i, '');
  if (!isSameSecret(given, token)) {
    const text = 'wanted the token of this store, as Authorization: Bearer TOKEN';
    return { status: 401, text, headers: { 'www-authenticate': 'Bearer' } };
  }
  if (!url.startsWith(PATH)) return { status: 404, text: `wanted ${PATH}SHA256` };
  if (!isHash(hashIn(request)))
    return { status: 400, text: 'wanted a SHA-256 in 64 hexadecimal digits, in lower case' };
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (method !== 'PUT') return { status: 405, text: 'wanted GET, HEAD or PUT', headers: { allow: 'GET, HEAD, PUT' } };
  const bytes = lengthOf(request);
  if (Number.isNaN(bytes)) return { status: 411, text: 'wanted the header Content-Length' };
  return bytes > maxBytes ? { status: 413, text: `wanted at most ${maxBytes} bytes, got ${bytes}` } : undefined;
}

const PATH = '/blobs/';

function hashIn({ url = '' }: IncomingMessage): string {
  return url.slice(PATH.length);
}

function lengthOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? Number.NaN);
}

function failed(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  onNotice: (line: string) => void,
): void {
  const hasHungUp = response.socket?.destroyed !== false;
  if (error instanceof RetortError || !hasHungUp) onNotice(`${request.method} ${request.url}: ${messageOf(error)}`);
  // Nobody hears it, or has had a part of a file.
  if (hasHungUp || response.headersSent) {
    response.destroy();
    return;
  }
  // What is still being sent is read: who sends it reads the reply only if the connection stays.
  request.resume();
  const isFull = error instanceof OutputError && FULL_DISK.includes(errorCode(error.cause));
  say(response, isFull ? { status: 507, text: 'a full disk' } : { status: 500, text: 'this store has failed' });
}

/** What is not read of a request is in the way of the next one. */
function withoutBody({ headers }: IncomingMessage, reply: Reply): Reply {
  const isSent = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  return isSent ? { ...reply, headers: { ...reply.headers, connection: 'close' } } : reply;
}

function say(response: ServerResponse, { status, text = '', headers }: Reply): void {
  const body = text === '' ? '' : `${text}\n`;
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': length, ...headers });
  // Node leaves it out in the reply to HEAD.
  response.end(body);
}
