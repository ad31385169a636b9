import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readBody } from '../../src/server/request-body.js';

const MOST = 4096;
const BODY = { text: 'a gripping, funny film '.repeat(60) };
const bytes = Buffer.from(JSON.stringify(BODY));

/** Written by `zstandard` 0.25 of PyPI: with the content's size; without it, level 19, with a checksum. */
const ZSTD = [
  'KLUv/WBvBF0BACQCeyJ0ZXh0IjoiYSBncmlwcGluZywgZnVubnkgZmlsbSAifQEAUEr/+QQ=',
  'KLUv/QQIXQEAJAJ7InRleHQiOiJhIGdyaXBwaW5nLCBmdW5ueSBmaWxtICJ9AQBQSv/5BPxqWnY=',
].map((text) => Buffer.from(text, 'base64'));
/** 8 MiB of blanks by the same: a block of 128 KiB in four bytes, again and again. */
const ZSTD_BOMB = Buffer.concat([
  Buffer.from('KLUv/YBYAACAAFQAABAgIAEA+/85wAI=', 'base64'),
  ...Array.from({ length: 62 }, () => Buffer.from([0x02, 0x00, 0x10, 0x20])),
  Buffer.from([0x03, 0x00, 0x10, 0x20]),
]);

function request(body: Buffer, encoding?: string): IncomingMessage {
  const stream = new PassThrough();
  stream.end(body);
  return Object.assign(stream, { headers: encoding === undefined ? {} : { 'content-encoding': encoding } }) as never;
}

describe('readBody', () => {
  test.each([
    ['no encoding', undefined, bytes],
    ['identity', 'identity', bytes],
    ['gzip', 'gzip', gzipSync(bytes)],
    ['GZIP, in capitals', 'GZIP', gzipSync(bytes)],
    ['deflate', 'deflate', deflateSync(bytes)],
    ['br', 'br', brotliCompressSync(bytes)],
    ['zstd with its size', 'zstd', ZSTD[0] as Buffer],
    ['zstd without it, with a checksum', 'zstd', ZSTD[1] as Buffer],
  ])('%s', async (_name, encoding, body) => {
    expect((await readBody(request(body, encoding), MOST)).json).toEqual(BODY);
  });

  const blanks = Buffer.alloc(8 * 2 ** 20, ' ');
  test.each([
    ['too large as it comes', undefined, blanks, 413],
    ['too large once unpacked: gzip', 'gzip', gzipSync(blanks), 413],
    ['too large once unpacked: br', 'br', brotliCompressSync(blanks), 413],
    ['too large once unpacked: zstd', 'zstd', ZSTD_BOMB, 413],
    ['two frames of zstd', 'zstd', Buffer.concat([...ZSTD]), 422],
    ['zstd that is truncated', 'zstd', (ZSTD[0] as Buffer).subarray(0, 30), 422],
    ['zstd that is none', 'zstd', bytes, 422],
    ['gzip that is none', 'gzip', bytes, 422],
    ['another encoding', 'compress', bytes, 415],
    ['two encodings', 'gzip, gzip', gzipSync(gzipSync(bytes)), 415],
    ['an encoding named like a property', 'constructor', bytes, 415],
    ['nothing', undefined, Buffer.alloc(0), 422],
    ['no JSON', undefined, Buffer.from('{"text":'), 422],
    ['JSON of another kind', undefined, Buffer.from('["text"]'), 422],
    ['JSON that is nested deep', undefined, Buffer.from(`{"a":${'['.repeat(900)}${']'.repeat(900)}}`), 422],
    ['no UTF-8', undefined, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 422],
  ])('refused: %s', async (_name, encoding, body, status) => {
    await expect(readBody(request(body, encoding), MOST)).rejects.toMatchObject({ status });
  });

  test('a header that asks for gigabytes makes nothing allocate them', async () => {
    // A window of 2 GB, and one raw block of a byte.
    const greedy = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, 0x7b]);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readBody(request(greedy, 'zstd'), MOST)).rejects.toMatchObject({ status: 422 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  test('a request that breaks off ends', async () => {
    const broken = new PassThrough();
    const reading = readBody(Object.assign(broken, { headers: {} }) as never, MOST);
    broken.write('{"te');
    broken.destroy();
    await expect(reading).rejects.toThrow('the request broke off');
  });
});
