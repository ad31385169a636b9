import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServedSite, serveSite as serveThere } from '../../src/site/serve-site.js';
import type { playgroundSite as siteThere } from '../../src/site/site.js';
import type { writeSite as writeThere } from '../../src/site/write-site.js';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import { temporaryFolder } from '../files/processes.js';

// The page is in what is built.
const built = (name: string): Promise<unknown> => import(new URL(`../../dist/site/${name}.js`, import.meta.url).href);
const { serveSite, CONTENT_POLICY } = (await built('serve-site')) as {
  serveSite: typeof serveThere;
  CONTENT_POLICY: readonly string[];
};
const { playgroundSite } = (await built('site')) as { playgroundSite: typeof siteThere };
const { writeSite } = (await built('write-site')) as { writeSite: typeof writeThere };

const root = temporaryFolder();
const SECRET = 'of nobody else';

/** A folder as `retort primer --quick` leaves it, as far as it is looked at. */
function primerRun(): string {
  const folder = mkdtempSync(join(root, 'primer-'));
  for (const name of ['teacher', 'small', 'small-with-kd']) {
    mkdirSync(join(folder, name, 'last.ckpt'), { recursive: true });
    for (const file of ['config.json', 'model.safetensors']) writeFileSync(join(folder, name, 'last.ckpt', file), name);
  }
  writeFileSync(join(folder, 'notes.txt'), SECRET);
  return folder;
}

const folder = primerRun();
const opened: ServedSite[] = [];
const faults: string[] = [];
let served: ServedSite;
let cookie: string;

async function serve(of?: string): Promise<ServedSite> {
  const site = await playgroundSite({ folder: of });
  const one = await serveSite(site, { port: 0, onFault: (message) => faults.push(message) });
  opened.push(one);
  return one;
}

type Reply = { readonly status: number; readonly headers: Headers; readonly text: string };

/** By `node:http`: `fetch` tidies paths and hosts up before it sends them. */
function ask(path: string, { method = 'GET', headers = {} } = {}, at = served): Promise<Reply> {
  const { port } = new URL(at.url);
  return new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (reply) => {
      const parts: Buffer[] = [];
      reply.on('data', (part: Buffer) => parts.push(part));
      reply.on('end', () => {
        const entries = Object.entries(reply.headers).map(([name, value]): [string, string] => [name, String(value)]);
        done({ status: reply.statusCode ?? 0, headers: new Headers(entries), text: Buffer.concat(parts).toString() });
      });
    });
    sent.on('error', fail).end();
  });
}

beforeAll(async () => {
  served = await serve(folder);
  const { pathname, search } = new URL(served.url);
  const { headers } = await ask(pathname + search);
  cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
});
afterAll(() => Promise.all(opened.map((one) => one.close())));

describe('the server of the playground', () => {
  test('sends the page, and no other page may look into it or lend it a script', async () => {
    const { status, headers, text } = await ask('/');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<title>retort playground</title>');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toBe([...CONTENT_POLICY, "frame-ancestors 'none'"].join('; '));
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:/);
    // Isolated, so that threads may share memory.
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    // A site without headers has the same policy in the page.
    expect(text).toContain(`content="${CONTENT_POLICY.join('; ')}"`);
  });

  test('the page has no script and no style of its own lines, and names nothing of another origin', async () => {
    const { text } = await ask('/');
    expect(text).not.toMatch(/<style|\son\w+=|\sstyle=|<script(?![^>]*\ssrc=)|https?:\/\//);
  });

  test.each([
    ['another name that leads here', { host: 'attacker.example' }],
    ['that name with the port', { host: 'attacker.example:8765' }],
    ['an address of another machine', { host: '10.0.0.1' }],
  ])('refuses %s', async (_, headers) => {
    const { status, text } = await ask('/', { headers });
    expect([status, text]).toEqual([403, 'wanted the host 127.0.0.1, got another\n']);
  });

  test('localhost is a name of its own', async () => {
    expect((await ask('/', { headers: { host: 'localhost:1' } })).status).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('refuses %s', async (method) => {
    const { status, headers } = await ask('/', { method });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('HEAD has the headers and no body', async () => {
    const { status, headers, text } = await ask('/site.json', { method: 'HEAD' });
    expect([status, headers.get('content-type'), text]).toEqual([200, 'application/json; charset=utf-8', '']);
  });

  test.each([
    '/nothing',
    '/site.ts',
    '/../site/site.js',
    '/..%2fsite%2fsite.js',
    '/%2e%2e/site/site.js',
    '/..\\site\\site.js',
    '//site.json',
    '/folder/notes.txt',
    '/folder/../../package.json',
    `/folder//${folder}/notes.txt`,
    '/folder/teacher/last.ckpt/../../notes.txt',
    '/%00',
    '/models',
    '/__proto__',
  ])('has nothing at %s, with the token either', async (path) => {
    const { status, text } = await ask(path, { headers: { cookie } });
    expect([404, 400]).toContain(status);
    expect(text).not.toContain(SECRET);
  });

  test('sends what is of the folder to whoever opened the printed address, and to nobody else', async () => {
    expect(new URL(served.url).search).toMatch(/^\?token=[\w-]{32}$/);
    const file = '/folder/teacher/last.ckpt/config.json';
    const wrong = cookie.replace(/=.*/, `=${'x'.repeat(32)}`);
    for (const headers of [{}, { cookie: wrong }, { cookie: '' }]) {
      const { status, text } = await ask(file, { headers });
      expect([status, text]).toEqual([403, 'open the page by the address that retort playground prints\n']);
    }
    expect((await ask('/folder/folder.json')).status).toBe(403);
    expect((await ask(file, { headers: { cookie } })).text).toBe('teacher');
    const facts = JSON.parse((await ask('/folder/folder.json', { headers: { cookie } })).text) as {
      readonly holds: object;
    };
    expect(facts.holds).toEqual({
      primer: { teacher: 'teacher/last.ckpt', small: 'small/last.ckpt', student: 'small-with-kd/last.ckpt' },
    });
  });

  test('keeps the token in a cookie that scripts and other sites do not see, and out of the address', async () => {
    const { search } = new URL(served.url);
    const { status, headers } = await ask(`/${search}`);
    expect([status, headers.get('location')]).toEqual([303, '/']);
    expect(headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const other = await ask('/?token=another');
    expect([other.status, other.headers.get('set-cookie')]).toEqual([200, null]);
  });

  test('sends no file that has become a link since', async () => {
    const other = primerRun();
    const own = await serve(other);
    const { pathname, search } = new URL(own.url);
    const { headers } = await ask(pathname + search, {}, own);
    const file = join(other, 'small', 'last.ckpt', 'config.json');
    unlinkSync(file);
    symlinkSync(join(other, 'notes.txt'), file);
    const cookies = { headers: { cookie: headers.get('set-cookie')?.split(';')[0] ?? '' } };
    const { status, text } = await ask('/folder/small/last.ckpt/config.json', cookies, own);
    expect([status, text]).toEqual([500, 'this file cannot be read any more\n']);
    expect(faults.join()).toContain('wanted a file in the folder itself, got a link');
  });

  test('its images are 800 to train on and 10,000 to score', async () => {
    const { files } = await playgroundSite();
    const bytes = gunzipSync((await files.get('digits.safetensors.gz')?.read()) ?? new Uint8Array());
    const shapes = [...decodeSafetensors(bytes, 'digits').tensors].map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual({
      'test.images': [10_000, 784],
      'test.labels': [10_000],
      'train.images': [800, 784],
      'train.labels': [800],
    });
  });

  test('says what to do where the port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const { port } = taken.address() as { port: number };
    await expect(serveSite(await playgroundSite(), { port })).rejects.toThrow(
      `127.0.0.1:${port}: wanted an address to listen at, got one that another program listens at; choose another: --port`,
    );
    taken.close();
  });
});

describe('the site in a folder', () => {
  test('is what the server sends, below any address', async () => {
    const site = await playgroundSite({ folder });
    const written = join(root, 'site');
    const { files, bytes } = await writeSite(site, written);
    const names = readdirSync(written, { recursive: true, encoding: 'utf8' });
    expect(names).toEqual(
      expect.arrayContaining(['index.html', 'main.js', 'folder', 'digits.safetensors.gz', 'models']),
    );
    expect([files, bytes > 1e6]).toEqual([site.files.size, true]);
    const page = readFileSync(join(written, 'index.html'), 'utf8');
    expect(page).toBe((await ask('/')).text);
    expect(page).not.toMatch(/(src|href)="\//);
    // Nothing of Node is behind it, and ONNX Runtime is beside it.
    for (const [path, { read }] of site.files) {
      if (/^[^/]+\.js$/.test(path)) expect(new TextDecoder().decode(await read())).not.toMatch(/from ?["']node:/);
    }
    await expect(writeSite(site, written)).rejects.toThrow('wanted a new or empty output folder');
  });
});

describe('a folder with nothing to show', () => {
  test.each([
    ['nowhere', 'got nothing of that name'],
    ['file', 'got a file'],
    ['empty', 'got one without its files'],
  ])('%s is refused: %s', async (name, says) => {
    writeFileSync(join(root, 'file'), '');
    mkdirSync(join(root, 'empty'), { recursive: true });
    const failure = await playgroundSite({ folder: join(root, name) }).catch(String);
    expect(failure).toContain('wanted a folder that holds a run of retort primer --output_dir, or one with --quick');
    expect(failure).toContain(says);
  });
});
