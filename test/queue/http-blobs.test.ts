import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { serveBlobs } from '../../src/queue/blob-server.js';
import { openBlobStore } from '../../src/queue/blob-store.js';
import type { RetryClock } from '../../src/queue/http-blobs.js';
import { temporaryFolder } from '../files/processes.js';
import { served, sha256Of, TOKEN, wrongServer } from './serving.js';

const BLOB = { sha256: sha256Of('abcdef'), bytes: 6 };

const root = temporaryFolder();
let count = 0;
let own = '';
let into = '';
beforeEach(() => {
  count += 1;
  own = join(root, String(count));
  into = join(own, 'into');
  mkdirSync(own);
  writeFileSync(join(own, 'file'), 'abcdef');
});

/** A clock that no test waits for: a pause takes as long as it says. */
function fakeClock(duringPause: (pauses: number) => unknown = () => {}) {
  const waits: number[] = [];
  let now = 0;
  const clock: RetryClock = {
    now: () => now,
    pause: async (ms) => {
      waits.push(ms);
      now += ms;
      await duringPause(waits.length);
    },
  };
  return { clock, waits };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (request, response) => {
    request.resume();
    response.writeHead(code, headers);
    response.end();
  };
const whole: Answer = (_, response) => response.end('abcdef');
/** Half a file, and the connection ends. */
const cut: Answer = (_, response) => {
  response.writeHead(200, { 'content-length': 6 });
  response.write('abc', () => response.destroy());
};

/** To each request the next of these answers; the last one again. */
function answering(answers: readonly Answer[]) {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(`${request.method} ${request.url}`);
    answer?.(request, response);
  };
  return { asked, listener };
}

async function failureOf(act: Promise<unknown>): Promise<{ name: string; message: string }> {
  return act.then(
    () => expect.fail('did not fail'),
    (error) => error,
  );
}

describe('a reply that is none', () => {
  test.each([
    [401, 'wanted the token of this store, got HTTP 401: another one; set RETORT_STORE_TOKEN to what it is on the'],
    [403, 'wanted the token of this store, got HTTP 403'],
    [404, 'wanted a file that was put into this store, got HTTP 404: none; put it into the store again'],
    [500, 'wanted a reply of the store, got HTTP 500; check the address, and what the coordinator says'],
    [204, 'wanted a reply of the store, got HTTP 204'],
    [206, 'wanted a reply of the store, got HTTP 206'],
  ])('HTTP %i to get', async (code, message) => {
    const { asked, listener } = answering([status(code)]);
    const url = await wrongServer(listener);
    const failure = await failureOf((await openBlobStore(url, { token: TOKEN })).get(BLOB, into));
    expect(failure).toMatchObject({ name: 'FileError' });
    expect(failure.message).toContain(`${url}/blobs/${BLOB.sha256}: ${message}`);
    // At once: what will not pass is not tried again.
    expect(asked).toEqual([`GET /blobs/${BLOB.sha256}`]);
    expect(readdirSync(own)).toEqual(['file']);
  });

  test.each([
    [400, 'wanted bytes that have the hash of the file, got HTTP 400: others; try again'],
    [404, 'wanted a store of files, got HTTP 404; check the address'],
    [413, 'wanted a file that the store takes, got HTTP 413: a larger one; share it by a folder that all machines see'],
    [507, 'wanted free space on the disk of the store, got HTTP 507: a full disk; free some space there'],
  ])('HTTP %i to put', async (code, message) => {
    const { asked, listener } = answering([status(404), status(code)]);
    const store = await openBlobStore(await wrongServer(listener), { token: TOKEN });
    const failure = await failureOf(store.put(join(own, 'file')));
    expect(failure).toMatchObject({ name: 'OutputError' });
    expect(failure.message).toContain(message);
    expect(asked).toEqual([`HEAD /blobs/${BLOB.sha256}`, `PUT /blobs/${BLOB.sha256}`]);
  });

  test('a redirect is not followed, with the token or without', async () => {
    const elsewhere = answering([whole]);
    const location = `${await wrongServer(elsewhere.listener)}/blobs/x?token=1`;
    for (const code of [301, 302, 307, 308]) {
      const store = await openBlobStore(await wrongServer(status(code, { location })), { token: TOKEN });
      const { message } = await failureOf(store.get(BLOB, into));
      const to = new URL(location).origin;
      expect(message).toContain(
        `wanted the store itself, got HTTP ${code}, a redirect to ${to}, which is not followed`,
      );
    }
    expect(elsewhere.asked).toEqual([]);
  });

  test('another token than the server has', async () => {
    const url = await served(join(own, 'kept'));
    const store = await openBlobStore(url, { token: 'another-token-12' });
    for (const act of [() => store.get(BLOB, into), () => store.put(join(own, 'file')), () => store.has(BLOB.sha256)]) {
      const { message } = await failureOf(act());
      expect(message).toContain('wanted the token of this store, got HTTP 401');
      expect(message).not.toContain('another-token');
    }
    expect(readdirSync(join(own, 'kept'))).toEqual([]);
  });

  test('something that is no HTTP', async () => {
    const url = await wrongServer((request) => request.socket.end('nonsense\r\n\r\n'));
    const { message } = await failureOf((await openBlobStore(url, { token: TOKEN })).get(BLOB, into));
    expect(message).toMatch(/wanted a reply of the store, got Parse Error.*; check the address, the network/);
  });

  test.each([
    ['half a file', 'abc', 'wanted 6 bytes, got 3'],
    ['one byte more', 'abcdefg', 'wanted 6 bytes, got more'],
    ['another file', 'abcdeg', `got ${sha256Of('abcdeg')}`],
  ])('%s, said to be whole', async (_, content, wanted) => {
    for (const chunked of [true, false]) {
      const { asked, listener } = answering([
        (_request, response) => {
          if (!chunked) response.setHeader('content-length', content.length);
          response.write(content);
          response.end();
        },
      ]);
      const store = await openBlobStore(await wrongServer(listener), { token: TOKEN });
      const { message } = await failureOf(store.get(BLOB, into));
      expect(message).toContain(wanted);
      expect(message).toContain('the file is damaged in the store or on the way');
      expect(asked).toHaveLength(1);
      expect(readdirSync(own)).toEqual(['file']);
    }
  });

  test('bytes without end are not read on', async () => {
    let isEnded = false;
    const url = await wrongServer((_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(2 ** 16))) {}
      };
      response.on('drain', more);
      response.on('close', () => {
        isEnded = true;
      });
      more();
    });
    const { message } = await failureOf((await openBlobStore(url, { token: TOKEN })).get(BLOB, into));
    expect(message).toContain('wanted 6 bytes, got more');
    await expect.poll(() => isEnded).toBe(true);
  });
});

describe('a failure that may pass', () => {
  const passing: readonly [string, Answer][] = [
    ['a connection that is reset', (request) => request.socket.destroy()],
    ['half a file', cut],
    ...[408, 429, 502, 503, 504].map((code) => [`HTTP ${code}`, status(code)] as [string, Answer]),
  ];

  test.each(passing)('%s is tried again', async (_, answer) => {
    const { clock, waits } = fakeClock();
    const { listener } = answering([answer, answer, whole]);
    const notices: string[] = [];
    const onNotice = (line: string) => void notices.push(line);
    const url = await wrongServer(listener);
    await (await openBlobStore(url, { token: TOKEN, clock, onNotice })).get(BLOB, into);
    expect(readFileSync(into, 'utf8')).toBe('abcdef');
    expect(readdirSync(own)).toEqual(['file', 'into']);
    expect(waits).toEqual([250, 500]);
    expect(notices.map((line) => line.replace(/: .*; /, ': …; '))).toEqual(
      ['0.3', '0.5'].map((seconds) => `${url}: …; trying again in ${seconds} s`),
    );
  });

  test.each(passing)('%s is given up after the time that is stated', async (_, answer) => {
    for (const patienceMs of [undefined, 0, 1000]) {
      const { clock, waits } = fakeClock();
      const store = await openBlobStore(await wrongServer(answer), { token: TOKEN, clock, patienceMs });
      const { message } = await failureOf(store.get(BLOB, into));
      expect(message).toContain(`and so for ${(patienceMs ?? 60_000) / 1000} s; check the address, the network, and`);
      expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(patienceMs ?? 60_000);
      expect(Math.max(0, ...waits)).toBeLessThanOrEqual(8000);
      expect(readdirSync(own)).toEqual(['file']);
    }
  });

  test('a coordinator that starts again is waited for', async () => {
    const kept = join(own, 'kept');
    const { port, close } = await serveBlobs({ folder: kept, host: '127.0.0.1', port: 0, token: TOKEN });
    const { clock, waits } = fakeClock((pauses) => (pauses === 3 ? served(kept, { port }) : undefined));
    const store = await openBlobStore(`http://127.0.0.1:${port}`, { token: TOKEN, clock });
    await store.put(join(own, 'file'));
    await close();
    await store.get(BLOB, into);
    expect(readFileSync(into, 'utf8')).toBe('abcdef');
    expect(waits).toEqual([250, 500, 1000]);
  });

  test('a name that leads nowhere is tried again, for it may be that of a container', async () => {
    const { clock, waits } = fakeClock();
    const store = await openBlobStore('http://retort.invalid', { token: TOKEN, clock, patienceMs: 300 });
    const { message } = await failureOf(store.has(BLOB.sha256));
    expect(message).toMatch(/got .*(ENOTFOUND|EAI_AGAIN).* and so for 0.3 s/);
    expect(waits).toEqual([250, 50]);
  });

  test.each([
    ['nothing', () => {}],
    ['half a file', (_request: IncomingMessage, response: ServerResponse) => response.write('abc')],
  ])('a server that says %s, and no more, is asked again', async (_, answer) => {
    const { clock, waits } = fakeClock();
    const { listener } = answering([answer, whole]);
    const stall = { stallMs: 100, continueMs: 2000 };
    const notices: string[] = [];
    const onNotice = (line: string) => void notices.push(line);
    const store = await openBlobStore(await wrongServer(listener), { token: TOKEN, clock, waits: stall, onNotice });
    await store.get(BLOB, into);
    expect(readFileSync(into, 'utf8')).toBe('abcdef');
    expect(waits.length).toBeGreaterThan(0);
    expect(notices[0]).toMatch(/: (no byte for 0.1 s|a connection that ended in the middle); trying again in 0.3 s$/);
  });

  test('a request to stop ends the wait', async () => {
    const stop = new AbortController();
    const url = await wrongServer(status(503));
    const onNotice = () => stop.abort();
    const store = await openBlobStore(url, { token: TOKEN, signal: stop.signal, onNotice });
    expect(await failureOf(store.get(BLOB, into))).toMatchObject({ name: 'InterruptedError' });
  });

  test('a put that was cut is sent again', async () => {
    let sent = '';
    const { clock } = fakeClock();
    const { asked, listener } = answering([
      status(404),
      (request) => request.once('data', () => request.socket.destroy()),
      (request, response) => {
        request.on('data', (piece) => {
          sent += piece;
        });
        request.on('end', () => response.writeHead(201).end());
      },
    ]);
    const store = await openBlobStore(await wrongServer(listener), { token: TOKEN, clock });
    expect(await store.put(join(own, 'file'))).toEqual(BLOB);
    expect(sent).toBe('abcdef');
    expect(asked).toHaveLength(3);
  });
});

describe('put', () => {
  test('a file that changes while it is sent is refused here', async () => {
    const path = join(own, 'file');
    for (const [content, wanted] of [
      ['abcdeg', `content with the SHA-256 ${BLOB.sha256}, got ${sha256Of('abcdeg')}`],
      ['abcdefg', 'wanted 6 bytes, got more'],
      ['abcde', 'wanted 6 bytes, got 5'],
    ] as const) {
      writeFileSync(path, 'abcdef');
      // Between the question and the sending; what is sent then is read, and has no reply.
      const url = await wrongServer((request, response) => {
        if (request.method === 'HEAD') writeFileSync(path, content);
        if (request.method === 'HEAD') response.writeHead(404).end();
        else request.resume();
      });
      const { message } = await failureOf((await openBlobStore(url, { token: TOKEN })).put(path));
      expect(message).toContain(`${path}: `);
      expect(message).toContain(wanted);
      expect(message).toContain('it changed while it was sent');
    }
  });

  test('sends nothing to a server that does not take it', async () => {
    let bytes = 0;
    const { asked, listener } = answering([status(404)]);
    const url = await wrongServer(listener, (request, response) => {
      request.on('data', (piece) => {
        bytes += piece.length;
      });
      response.writeHead(413, { connection: 'close' }).end();
    });
    const store = await openBlobStore(url, { token: TOKEN });
    expect((await failureOf(store.put(join(own, 'file')))).message).toContain('HTTP 413');
    expect(asked).toEqual([`HEAD /blobs/${BLOB.sha256}`]);
    expect(bytes).toBe(0);
  });

  test('sends to a server that does not say whether it takes it', async () => {
    let sent = '';
    const { listener } = answering([status(404)]);
    const url = await wrongServer(listener, (request, response) => {
      request.on('data', (piece) => {
        sent += piece;
      });
      request.on('end', () => response.writeHead(201).end());
    });
    const store = await openBlobStore(url, { token: TOKEN, waits: { stallMs: 10 ** 6, continueMs: 10 } });
    expect(await store.put(join(own, 'file'))).toEqual(BLOB);
    expect(sent).toBe('abcdef');
  });
});
