/** @file The JSON of a request: bounded while it comes, and once more when it is unpacked. */
import type { IncomingMessage } from 'node:http';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { decompress } from 'fzstd';
import { isJsonObject, jsonOf, jsonProblem } from '../options/json.js';
import { RequestFailure } from './request-failure.js';

type Unpack = (bytes: Buffer, most: number) => Buffer | Promise<Buffer>;
type Zlib = typeof gunzip;

/** By the name in `Content-Encoding`. */
const UNPACKERS: Readonly<Record<string, Unpack>> = {
  identity: (bytes) => bytes,
  gzip: byZlib(gunzip),
  'x-gzip': byZlib(gunzip),
  deflate: byZlib(inflate),
  br: byZlib(brotliDecompress),
  zstd: unpackZstd,
};

export type RequestBody = {
  /** As it came, unpacked: what is sent on. */
  readonly bytes: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
};

/**
 * Reads a request to its end.
 * @param most bytes, as they come and unpacked
 * @throws RequestFailure for one that is too large, breaks off, or is no JSON object in UTF-8.
 */
export async function readBody(incoming: IncomingMessage, most: number): Promise<RequestBody> {
  const names = (incoming.headers['content-encoding'] ?? 'identity').toLowerCase().trim();
  const unpack = Object.hasOwn(UNPACKERS, names) ? UNPACKERS[names] : undefined;
  if (unpack === undefined) {
    const known = Object.keys(UNPACKERS).join(', ');
    throw new RequestFailure('media-type', `wanted a Content-Encoding of ${known}, got ${names.slice(0, 60)}`);
  }
  const bytes = await unpack(await received(incoming, most), most);
  if (bytes.length > most) throw tooLarge(most);
  return { bytes, json: jsonObject(bytes) };
}

function jsonObject(bytes: Buffer): RequestBody['json'] {
  let value: unknown;
  try {
    value = jsonOf(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const got =
      bytes.length === 0 ? 'an empty body' : error instanceof TypeError ? 'invalid UTF-8' : jsonProblem(error);
    throw new RequestFailure('invalid', `wanted a body of JSON, got ${got}`);
  }
  if (isJsonObject(value)) return value;
  throw new RequestFailure('invalid', 'wanted a JSON object');
}

function received(incoming: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= most) chunks.push(chunk);
      else {
        incoming.pause();
        fail(tooLarge(most));
      }
    });
    incoming.on('end', () => done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    // Nobody reads what is said to whoever has hung up.
    incoming.on('close', () => fail(new RequestFailure('invalid', 'the request broke off')));
    incoming.on('error', () => fail(new RequestFailure('invalid', 'the request broke off')));
  });
}

function tooLarge(most: number): RequestFailure {
  return new RequestFailure('too-large', `wanted a body of at most ${most} bytes, unpacked as well`);
}

function notPacked(name: string): RequestFailure {
  return new RequestFailure('invalid', `wanted a body in ${name}, as its Content-Encoding says, got something else`);
}

function byZlib(unpack: Zlib): Unpack {
  return (bytes, most) =>
    new Promise((done, fail) => {
      unpack(bytes, { maxOutputLength: most }, (error, result) => {
        if (error === null) done(result);
        else fail('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(most) : notPacked(unpack.name));
      });
    });
}

const FRAME = 0xfd2fb528;
const CHECKSUM_BYTES = 4;
const BLOCK_BYTES = 2 ** 17;

/**
 * Node has zstd from 22.15 on alone, and Python's client of System One sends it unasked. One frame is taken: the library
 * unpacks into an array of ours, so that nothing a stranger writes into a header makes it allocate.
 */
function unpackZstd(bytes: Buffer, most: number): Buffer {
  if (!isOneFrame(bytes)) throw notPacked('zstd');
  // JSON has no zero byte, so the first one is where it ends. A block fits whole, so that one too many shows as such.
  const room = new Uint8Array(most + BLOCK_BYTES + 1);
  let isWhole = true;
  try {
    decompress(bytes, room);
  } catch {
    isWhole = false;
  }
  if (room[most] !== 0) throw tooLarge(most);
  if (!isWhole) throw notPacked('zstd');
  return Buffer.from(room.buffer, 0, room.indexOf(0));
}

/** RFC 8878, section 3.1.1: header, blocks, checksum, and nothing after it. */
function isOneFrame(bytes: Buffer): boolean {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== FRAME) return false;
  const descriptor = bytes[4] as number;
  const isSingle = (descriptor >> 5) & 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  const size = [isSingle, 2, 4, 8][descriptor >> 6] as number;
  // Nobody has told us of a dictionary.
  if (dictionary !== 0) return false;
  let at = 5 + (1 - isSingle) + size;
  for (;;) {
    if (at + 3 > bytes.length) return false;
    const header = bytes.readUIntLE(at, 3);
    const [isLast, type, length] = [header & 1, (header >> 1) & 3, header >> 3];
    if (type === 3 || length > BLOCK_BYTES) return false;
    at += 3 + (type === 1 ? 1 : length);
    if (isLast) return at + ((descriptor >> 2) & 1) * CHECKSUM_BYTES === bytes.length;
  }
}
