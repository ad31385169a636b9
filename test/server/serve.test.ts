import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import type { Answer } from '../../src/inference/answer.js';
import { load } from '../../src/inference/load.js';
import type { Serving, serveStudent as serveThere } from '../../src/server/serve.js';
import type { ServeOptions } from '../../src/server/serve-settings.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, TEXTS, VOCABULARY } from '../inference/text-student.js';

// A thread runs what is built.
const built = new URL('../../dist/server/serve.js', import.meta.url).href;
const { serveStudent } = (await import(built)) as { serveStudent: typeof serveThere };

const root = temporaryFolder();
const student = join(root, 'student');
const QUESTION = {
  type: 'choice',
  instructions: 'Which label fits the text?',
  criteria: Object.fromEntries(LABELS.map((label) => [label, null])),
};
let serving: Serving;
let wanted: readonly Answer[];

const opened: Serving[] = [];
async function serve(options: Partial<ServeOptions> = {}): Promise<Serving> {
  const one = await serveStudent({ student, port: 0, ...options });
  opened.push(one);
  return one;
}

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  await saveOnnx(student, { ...smallBert(), tokenizer: await loadTokenizer(root) });
  const model = await load(student, { threads: 1 });
  wanted = await model.predict(TEXTS, { badRows: 'stop' });
  await model.release();
  serving = await serve();
  allowing = await serve({ allowedHosts: 'app.example.com, retort' });
});
afterAll(() => Promise.all(opened.map((one) => one.close())));

type Reply = { readonly status: number; readonly headers: Headers; readonly body: never };
async function post(path: string, body: unknown, headers: Record<string, string> = {}, at = serving): Promise<Reply> {
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const reply = await fetch(at.url + path, { method: 'POST', body: sent as never, headers });
  return { status: reply.status, headers: reply.headers, body: (await reply.json()) as never };
}

let allowing: Serving;
/** `fetch` sets `Host` by itself. */
function rawRequest(
  at: Serving,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: object | undefined,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((done, fail) => {
    const asking = request(at.url + path, { method, headers }, (reply) => {
      let text = '';
      reply.on('data', (chunk) => {
        text += String(chunk);
      });
      reply.on('end', () => done({ status: reply.statusCode, body: text }));
    });
    asking.on('error', fail);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const systemOne = (state: unknown, question: object = QUESTION) => ({
  model: 'jev-latest',
  state,
  questions: { q: question },
});

type SystemOneReply = {
  readonly answers: {
    readonly q: { readonly choice: string; readonly probabilities: Readonly<Record<string, number>> };
  };
  readonly usage: { readonly input_tokens: number };
  readonly x_retort_source: string;
};

describe('retort serve', () => {
  test('many at once have the answers that the model gives alone, in every format', async () => {
    const replies = await Promise.all(TEXTS.map((text) => post('/v1/systemone', systemOne(text))));
    for (const [i, { status, headers, body }] of replies.entries()) {
      const { label, probabilities } = wanted[i] as Answer;
      const { answers, usage, x_retort_source: source } = body as SystemOneReply;
      const { choice, probabilities: given } = answers.q;
      expect([status, headers.get('x-retort-source'), source, choice]).toEqual([200, 'student', 'student', label]);
      expect(Object.keys(given)).toEqual(LABELS);
      for (const [c, p] of Object.values(given).entries()) expect(p).toBeCloseTo(probabilities[c] as number, 6);
      expect(Object.values(given).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(Number.isInteger(usage.input_tokens)).toBe(true);
    }
    const choices = LABELS.map((value) => ({ value }));
    const question = { type: 'choice', name: null, instructions: QUESTION.instructions, choices };
    const { body } = await post('/v1/decisions', { model: 'gpt-6-luna', input: TEXTS[3], questions: [question] });
    expect(body).toMatchObject({ answers: [{ type: 'choice', name: null, choice: wanted[3]?.label }] });
    const predicted = await post('/predict', { texts: TEXTS.slice(0, 40) });
    expect((predicted.body as { predictions: Answer[] }).predictions.map(({ label }) => label)).toEqual(
      wanted.slice(0, 40).map(({ label }) => label),
    );
    const metrics = await (await fetch(`${serving.url}/metrics`)).text();
    const [, calls = '', rows = ''] = /retort_batches_total (\d+)[\s\S]*retort_rows_total (\d+)/.exec(metrics) ?? [];
    expect(Number(rows)).toBe(TEXTS.length + 41);
    expect(Number(calls)).toBeLessThan(Number(rows));
  });

  test.each<[string, string, unknown, number, string]>([
    [
      'another question',
      '/v1/systemone',
      systemOne('x', { ...QUESTION, instructions: 'Which?' }),
      422,
      'other instructions',
    ],
    [
      'a noul',
      '/v1/systemone',
      systemOne('x', { type: 'noul', instructions: 'Is it?' }),
      422,
      'a question of type noul',
    ],
    ['no JSON', '/v1/systemone', '{"model":', 422, 'invalid JSON'],
    ['no JSON', '/v1/decisions', '{"model":', 422, 'invalid JSON'],
    ['no JSON', '/predict', '{"model":', 422, 'invalid JSON'],
    ['a pair for a student of single texts', '/predict', { text: 'a', pair: 'b', more: 1 }, 200, 'label'],
    ['no texts', '/predict', { texts: [] }, 422, 'a list of 1 to 256 texts'],
    ['a number', '/predict', { texts: ['a', 4] }, 422, 'texts.1'],
    ['what is too large', '/v1/systemone', systemOne('x'.repeat(2 ** 20)), 413, 'at most 1048576 bytes'],
    [
      'what is too large when unpacked',
      '/v1/systemone',
      gzipSync(JSON.stringify(systemOne('x'.repeat(2 ** 21)))),
      413,
      'unpacked',
    ],
  ])('%s at %s: %j', async (_name, path, body, status, says) => {
    const headers = Buffer.isBuffer(body) ? { 'content-encoding': 'gzip' } : {};
    const reply = await post(path, body, headers as Record<string, string>);
    expect(reply.status).toBe(status);
    expect(JSON.stringify(reply.body)).toContain(says);
    expect(reply.headers.get('connection')).toBe(status === 413 ? 'close' : 'keep-alive');
  });

  test('says what it is at /v1/models, as both kinds of clients read it, and what it has at other paths', async () => {
    const models = (await (await fetch(`${serving.url}/v1/models`)).json()) as Record<string, Record<string, string>[]>;
    expect(models.models?.[0]).toMatchObject({
      name: 'student',
      release_date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    });
    expect(models.data?.[0]).toMatchObject({ id: 'student', object: 'model' });
    expect((await fetch(`${serving.url}/v1/systemone`)).status).toBe(405);
    expect((await fetch(`${serving.url}/v1/chat/completions`, { method: 'POST' })).status).toBe(404);
    expect(await (await fetch(`${serving.url}/healthz`)).json()).toEqual({
      status: 'ok',
      model: 'student',
      answers: true,
      waiting: 0,
    });
  });

  test('of too many the last have 503 with Retry-After, and all others their answers', async () => {
    const small = await serve({ maxWaiting: 4 });
    const replies = await Promise.all(TEXTS.slice(0, 60).map((text) => post('/predict', { text }, {}, small)));
    const busy = replies.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    for (const { headers } of busy) expect(headers.get('retry-after')).toBe('1');
    for (const [i, { status, body }] of replies.entries()) {
      if (status !== 503) expect([status, body]).toEqual([200, expect.objectContaining({ label: wanted[i]?.label })]);
    }
    expect((await post('/predict', { texts: TEXTS.slice(0, 5) }, {}, small)).status).toBe(503);
  });

  test('requests that break off, or are no HTTP, harm no other', async () => {
    const { port, hostname } = new URL(serving.url);
    const sendings = ['POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"text":', 'no HTTP\r\n\r\n'];
    await Promise.all(
      sendings.map(
        (sending) =>
          new Promise<void>((done) => {
            const socket = connect(Number(port), hostname, () => socket.write(sending, () => socket.destroy()));
            socket.on('close', () => done());
          }),
      ),
    );
    expect((await post('/predict', { text: TEXTS[0] })).status).toBe(200);
  });

  test('with a key others are refused, in the shape of each format', async () => {
    const keyed = await serve({ apiKey: 'a-key', host: '0.0.0.0' });
    const at = { url: keyed.url.replace('0.0.0.0', '127.0.0.1') } as Serving;
    const body = { text: TEXTS[0] };
    for (const headers of [{}, { authorization: 'Bearer another' }]) {
      expect(await post('/v1/systemone', systemOne('x'), headers as never, at)).toMatchObject({
        status: 401,
        body: { detail: { error_type: 'authentication_error' } },
      });
      expect(await post('/v1/decisions', {}, headers as never, at)).toMatchObject({
        status: 401,
        body: { error: { type: 'authentication_error', code: 'invalid_api_key' } },
      });
    }
    expect((await fetch(`${at.url}/v1/models`)).status).toBe(401);
    expect((await post('/predict', body, { authorization: 'Bearer a-key' }, at)).status).toBe(200);
    expect((await post('/predict', body, { 'x-api-key': 'a-key' }, at)).status).toBe(200);
  });

  test.each<[string, Record<string, string>, number]>([
    ['localhost', { host: 'localhost:8000' }, 200],
    ['an address in numbers, which cannot be rebound', { host: '192.0.2.7:8000' }, 200],
    ['one of IPv6', { host: '[2001:db8::1]:8000' }, 200],
    ['the name of a site', { host: 'evil.example:8000' }, 403],
    ['a name that begins with that of this machine', { host: 'localhost.evil.example' }, 403],
    ['a name that begins with numbers', { host: '127.0.0.1.evil.example' }, 403],
    ['an upper-case name with a dot at its end', { host: 'EVIL.example.' }, 403],
    ['a name that is listed', { host: 'App.example.com' }, 200],
    ['a page of this machine', { host: '127.0.0.1:8000', origin: 'http://localhost:3000' }, 200],
    ['a page of the very host', { host: '192.0.2.7:8000', origin: 'http://192.0.2.7:8000' }, 200],
    ['a page of a name that is listed', { host: '127.0.0.1', origin: 'https://app.example.com' }, 200],
    ['a page of another site', { host: '127.0.0.1:8000', origin: 'https://evil.example' }, 403],
    ['a page of another address', { host: '127.0.0.1:8000', origin: 'http://192.0.2.7' }, 403],
    ['a page without an address', { host: '127.0.0.1:8000', origin: 'null' }, 403],
  ])('asked under %s: %j', async (_name, headers, status) => {
    const asked: [string, string, object | undefined][] = [
      ['POST', '/v1/systemone', systemOne(TEXTS[0])],
      ['POST', '/predict', { text: TEXTS[0] }],
      ['GET', '/v1/models', undefined],
      ['GET', '/healthz', undefined],
      ['GET', '/metrics', undefined],
    ];
    for (const [method, path, body] of asked) {
      const reply = await rawRequest(allowing, method, path, headers, body);
      expect(reply.status, path).toBe(status);
      if (status === 403) expect(reply.body).toContain('or a name that --allowed_hosts lists, got');
    }
  });

  test('names that are none are refused before anything is opened', async () => {
    await expect(serveStudent({ student: 'nowhere', allowedHosts: 'http://app.example.com' })).rejects.toThrow(
      'allowedHosts: wanted host names separated by commas, without http:// and ports, got "http://app.example.com"',
    );
  });

  test('closing lets requests under way have their replies', async () => {
    const brief = await serve();
    const replies = TEXTS.slice(0, 100).map((text) => post('/predict', { text }, {}, brief));
    await Promise.any(replies);
    await brief.close();
    const ends = await Promise.allSettled(replies);
    for (const [i, end] of ends.entries()) {
      // Whoever came after the door was closed was told so.
      if (end.status === 'fulfilled' && end.value.status === 200) {
        expect(end.value.body).toMatchObject({ label: wanted[i]?.label });
      } else if (end.status === 'fulfilled') expect(end.value.status).toBe(503);
    }
    expect(ends.filter((end) => end.status === 'fulfilled' && end.value.status === 200).length).toBeGreaterThan(0);
    await expect(fetch(`${brief.url}/healthz`)).rejects.toThrow();
  });

  test('is refused: an address of others without a key, a port that is taken, no student', async () => {
    await expect(serveStudent({ student, port: 0, host: '0.0.0.0' })).rejects.toThrow(
      'host: wanted 127.0.0.1, or a key that callers have to send, got 0.0.0.0 without a key',
    );
    const { port } = new URL(serving.url);
    await expect(serveStudent({ student, port: Number(port) })).rejects.toThrow(
      'got one that another program listens at',
    );
    await expect(serveStudent({ student: join(root, 'nothing'), port: 0 })).rejects.toThrow('wanted an exported model');
  });
});
