import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { serveBlobs } from '../../src/queue/blob-server.js';
import { runModule, temporaryFolder } from '../files/processes.js';
import { served, sha256Of, TOKEN } from './serving.js';

const SHA = sha256Of('abcdef');
const PATH = `/blobs/${SHA}`;
const LARGE = 2 ** 22;

const root = temporaryFolder();
let count = 0;
let kept = '';
beforeEach(() => {
  count += 1;
  kept = join(root, String(count));
});

type Asked = {
  readonly method?: string;
  readonly path?: string;
  readonly token?: string | null;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
};
type Said = { readonly status: number | undefined; readonly text: string; readonly headers: Record<string, unknown> };

/** Not `fetch`, which makes other paths of these. */
function ask(url: string, { method = 'GET', path = PATH, token = TOKEN, body, headers = {} }: Asked): Promise<Said> {
  return new Promise((done, fail) => {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path, method, headers: { ...authorization, ...length, ...headers } });
    request.on('error', fail);
    request.on('response', async (response) => {
      let text = '';
      for await (const piece of response) text += piece;
      done({ status: response.statusCode, text, headers: response.headers });
    });
    request.end(body);
  });
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('/') || name.includes('.'))
    .sort();

describe('serveBlobs', () => {
  test('takes, has and gives a file, and only with the token', async () => {
    const url = await served(kept);
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
      for (const token of [null, '', 'another-token-12', `${TOKEN}5`, TOKEN.slice(0, -1)]) {
        const said = await ask(url, { method, token, ...(method === 'PUT' && { body: 'abcdef' }) });
        expect(said.status).toBe(401);
        expect(said.headers['www-authenticate']).toBe('Bearer');
        // Nor is a stranger told what there is here.
        expect((await ask(url, { method, token, path: '/' })).status).toBe(401);
      }
    }
    expect(filesIn(kept)).toEqual([]);
    expect((await ask(url, { method: 'HEAD' })).status).toBe(404);
    expect((await ask(url, {})).text).toBe('wanted a file that was put here, got none\n');
    expect((await ask(url, { method: 'PUT', body: 'abcdef' })).status).toBe(201);
    expect((await ask(url, { method: 'PUT', body: 'abcdef' })).status).toBe(200);
    expect(await ask(url, { method: 'HEAD' })).toMatchObject({ status: 200, headers: { 'content-length': '6' } });
    expect(await ask(url, {})).toMatchObject({ status: 200, text: 'abcdef' });
    expect(filesIn(kept)).toEqual([`${SHA.slice(0, 2)}/${SHA}`]);
  });

  test.each([
    ['/', 404],
    ['/blobs', 404],
    ['/blobs/', 400],
    [`/blobs/${SHA.toUpperCase()}`, 400],
    [`/blobs/${SHA}/`, 400],
    [`/blobs/${SHA}?x`, 400],
    [`/blobs/${SHA}0`, 400],
    [`/blobs/${SHA.slice(0, 2)}/${SHA}`, 400],
    ['/blobs/..', 400],
    ['/blobs/../secret', 400],
    ['/blobs/%2e%2e%2fsecret', 400],
    ['/../secret', 404],
    ['//etc/passwd', 404],
    [`http://other/blobs/${SHA}`, 404],
  ])('serves nothing as %s', async (path, status) => {
    mkdirSync(kept);
    writeFileSync(join(root, 'secret'), 'secret');
    const url = await served(kept);
    expect((await ask(url, { path })).status).toBe(status);
    expect((await ask(url, { path, method: 'PUT', body: 'x' })).status).toBe(status);
    expect(filesIn(kept)).toEqual([]);
  });

  test.each([
    ['DELETE', {}, 405],
    ['POST', { body: 'abcdef' }, 405],
    ['PUT', { headers: { 'transfer-encoding': 'chunked' } }, 411],
    ['PUT', { body: '12345678901' }, 413],
    ['PUT', { body: 'abcdeg' }, 400],
    ['PUT', { body: 'abcde' }, 400],
    ['PUT', { body: '' }, 400],
  ] as const)('refuses %s %j with %i', async (method, asked, status) => {
    const url = await served(kept, { maxBytes: 10 });
    const { status: said, text } = await ask(url, { method, ...asked });
    expect(said).toBe(status);
    expect(text).toMatch(/wanted .*\n$/);
    expect(filesIn(kept)).toEqual([]);
  });

  test('what is refused in the middle is read to its end, so that the connection can be used', async () => {
    const url = await served(kept);
    const body = 'x'.repeat(LARGE);
    for (let i = 0; i < 3; i++) expect((await ask(url, { method: 'PUT', body })).status).toBe(400);
    expect(filesIn(kept)).toEqual([]);
  });

  test('a full disk is 507, at whichever call, and nothing is left', async () => {
    // In the middle of what is sent: the reply is heard all the same.
    const sha256 = sha256Of('x'.repeat(LARGE));
    for (const [call, path] of [
      ['mkdir', '*'],
      ['open', '.tmp'],
      ['write', '.tmp'],
      ['rename', sha256],
    ] as const) {
      const source = `
        import { serveBlobs } from 'DIST/queue/blob-server.js';
        import { readdirSync } from 'node:fs';
        const [folder] = process.argv.slice(1);
        const lines = [];
        const { port, close } = await serveBlobs({
          folder, host: '127.0.0.1', port: 0, token: '${TOKEN}', onNotice: (line) => lines.push(line),
        });
        const headers = { authorization: 'Bearer ${TOKEN}' };
        const url = 'http://127.0.0.1:' + port + '/blobs/${sha256}';
        const put = async () => (await fetch(url, { method: 'PUT', headers, body: 'x'.repeat(${LARGE}) })).status;
        const left = () => readdirSync(folder, { recursive: true }).filter((name) => name.includes('/'));
        console.log(await put(), left().length, await put(), left().length, lines.length, lines[0]);
        await close();`;
      mkdirSync(join(kept, call), { recursive: true });
      const { stdout, stderr } = await runModule(source, [join(kept, call)], {
        fault: `ENOSPC before ${call} ${path} 1`,
      }).ended;
      expect(stderr).toBe('');
      expect(stdout).toMatch(
        new RegExp(`^507 0 201 1 1 PUT /blobs/${sha256}: .*wanted free space on the disk, got a full disk`),
      );
    }
  });

  test('says why it cannot serve', async () => {
    const url = await served(kept);
    const port = Number(new URL(url).port);
    await expect(served(kept, { port })).rejects.toThrow(/wanted an address to listen at, got .*EADDRINUSE/);
    await expect(served(kept, { token: 'short' })).rejects.toThrow('wanted a token of 16 to 512 letters');
    writeFileSync(join(root, 'file'), '');
    await expect(served(join(root, 'file'))).rejects.toMatchObject({ name: 'OutputError' });
  });

  test('a damaged folder is 500, and said here', async () => {
    const lines: string[] = [];
    const url = await served(kept, { onNotice: (line) => lines.push(line) });
    writeFileSync(join(kept, SHA.slice(0, 2)), 'no folder');
    expect(await ask(url, { method: 'PUT', body: 'abcdef' })).toMatchObject({
      status: 500,
      text: 'this store has failed\n',
    });
    expect(lines).toEqual([expect.stringContaining(`PUT ${PATH}: `)]);
  });

  test('close ends what is under way and leaves nothing unfinished', async () => {
    const { port, close } = await serveBlobs({ folder: kept, host: '127.0.0.1', port: 0, token: TOKEN });
    const socket = await opened(port);
    socket.write(head(6));
    socket.write('abc');
    await expect.poll(() => existsSync(kept) && filesIn(kept).length).toBe(1);
    await close();
    expect(filesIn(kept)).toEqual([]);
  });
});

function head(bytes: number): string {
  return `PUT ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${bytes}\r\n\r\n`;
}

function opened(port: number): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1', () => done(socket));
    socket.on('error', fail);
  });
}

describe('slow callers', () => {
  const quick = { headMs: 50, stallMs: 10 ** 6, leastBytesPerSecond: 1 };

  test.each([
    ['nothing', '', quick],
    ['half a head', `PUT ${PATH} HTTP/1.1\r\nHost: x\r\n`, quick],
    ['half a body', `${head(10 ** 6)}abc`, { ...quick, headMs: 10 ** 6, stallMs: 50 }],
    ['a body at too slow a rate', `${head(6)}abc`, { headMs: 10 ** 6, stallMs: 50, leastBytesPerSecond: 10 ** 6 }],
  ])('%s, and no more, is ended', async (_, sent, limits) => {
    const url = await served(kept, { limits });
    const socket = await opened(Number(new URL(url).port));
    const ended = new Promise((done) => socket.on('close', done));
    socket.resume();
    socket.write(sent);
    await ended;
    await expect.poll(() => filesIn(kept)).toEqual([]);
  });

  test('a body that comes byte by byte is ended, though it never stops', async () => {
    const url = await served(kept, { limits: { headMs: 10 ** 6, stallMs: 200, leastBytesPerSecond: 10 ** 9 } });
    const socket = await opened(Number(new URL(url).port));
    socket.removeAllListeners('error').on('error', () => {});
    const ended = new Promise((done) => socket.on('close', done));
    socket.write(head(10 ** 9));
    const trickle = setInterval(() => socket.write('x'), 5);
    await ended;
    clearInterval(trickle);
    await expect.poll(() => filesIn(kept)).toEqual([]);
  });
});
