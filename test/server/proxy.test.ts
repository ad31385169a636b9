import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { studentIdentity, writeCertificate } from '../../src/certificates/certificate.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import type { Answer } from '../../src/inference/answer.js';
import { load } from '../../src/inference/load.js';
import type { Serving, serveStudent as serveThere } from '../../src/server/serve.js';
import type { ServeOptions } from '../../src/server/serve-settings.js';
import { recordedTeacher } from '../../src/teachers/recorded-teacher.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, TEXTS, VOCABULARY } from '../inference/text-student.js';

// A thread runs what is built.
const built = new URL('../../dist/server/serve.js', import.meta.url).href;
const { serveStudent } = (await import(built)) as { serveStudent: typeof serveThere };

const root = temporaryFolder();
const bare = join(root, 'bare');
const certified = join(root, 'certified');
const INSTRUCTIONS = 'Which label fits the text?';
const CRITERIA = Object.fromEntries(LABELS.map((label) => [label, null]));
const ROWS = [...new Set(TEXTS)].slice(0, 60);
let answers: ReadonlyMap<string, Answer>;
let threshold: number;

/** A decision service: what it says to a text, and what it has been sent. */
type Service = {
  readonly url: string;
  readonly heard: { readonly headers: IncomingMessage['headers']; readonly body: string; readonly path: string }[];
  reply: (text: string, response: ServerResponse) => void;
};
const servers: Server[] = [];
const opened: Serving[] = [];
const children: ChildProcess[] = [];

function decides(choice: (text: string) => string, model = 'jev-1.13.0'): Service['reply'] {
  return (text, response) => {
    const said = choice(text);
    const probabilities = Object.fromEntries(LABELS.map((label) => [label, label === said ? 0.9 : 0.05]));
    const reply = { model, answers: { q: { type: 'choice', choice: said, probabilities, confidence: 0.85 } } };
    response.setHeader('content-type', 'application/json');
    response.setHeader('x-typesafe-request-id', 'req-1');
    response.setHeader('set-cookie', 'a=b');
    response.end(JSON.stringify({ ...reply, usage: { input_tokens: 12, output_tokens: 3 } }));
  };
}
const agrees = decides((text) => answers.get(text)?.label ?? 'no');
const differs = decides((text) => LABELS.find((label) => label !== answers.get(text)?.label) ?? 'no');

async function service(reply: Service['reply']): Promise<Service> {
  const made: { -readonly [K in keyof Service]: Service[K] } = { url: '', heard: [], reply };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      made.heard.push({ headers: request.headers, body, path: request.url ?? '' });
      if (request.headers.authorization === 'Bearer wrong') {
        response.statusCode = 401;
        response.end('{"detail":{"error_type":"authentication_error","message":"no"}}');
      } else made.reply(body === '' ? '' : String(JSON.parse(body).state), response);
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return made;
}

let folders = 0;
async function serve(upstream: Service, options: Partial<ServeOptions> = {}): Promise<Serving> {
  folders += 1;
  const logDir = join(root, `log-${folders}`);
  const one = await serveStudent({
    student: certified,
    port: 0,
    upstream: upstream.url,
    logDir,
    auditShare: 0,
    ...options,
  });
  opened.push(one);
  return one;
}

const bodyOf = (text: string, instructions = INSTRUCTIONS) => ({
  model: 'jev-latest',
  state: text,
  questions: { q: { type: 'choice', instructions, criteria: CRITERIA } },
});
type Reply = {
  readonly status: number;
  readonly source: string | null;
  readonly text: string;
  readonly headers: Headers;
};
async function ask(
  at: Pick<Serving, 'url'>,
  body: unknown,
  key = 'good',
  more: Record<string, string> = {},
): Promise<Reply> {
  const headers = { authorization: `Bearer ${key}`, ...more };
  const reply = await fetch(`${at.url}/v1/systemone`, { method: 'POST', body: JSON.stringify(body), headers });
  return {
    status: reply.status,
    source: reply.headers.get('x-retort-source'),
    text: await reply.text(),
    headers: reply.headers,
  };
}
const sourcesOf = async (at: Serving, rows: readonly string[]) => {
  const sources = new Map<string, string | null>();
  for (const text of rows) sources.set(text, (await ask(at, bodyOf(text))).source);
  return sources;
};

function logged(folder: string): Record<string, never>[] {
  const name = readdirSync(folder).find((file) => file.startsWith('requests-'));
  if (name === undefined) return [];
  return readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function certify(folder: string, changed: object = {}): Promise<void> {
  const identity = await studentIdentity(folder, LABELS);
  await writeCertificate(join(folder, 'certificate.json'), {
    ...identity,
    ...{
      date: '2026-11-29T08:00:00Z',
      score: { kind: 'max-probability' },
      truth: { kind: 'teacher', model: 'jev-1.13.0' },
    },
    ...{ risk: { kept: 0.05 }, delta: 0.05, spent: 0.05, students: 1, round: 1, threshold, deferredLabels: [] },
    sample: { rows: 400, kept: 200, wrong: 1, refusals: 0, asked: { random: 400 }, leftOut: {}, isChecked: true },
    ...{ coverage: { share: 0.5, low: 0.45, high: 0.55 }, ...changed },
  });
}

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  await saveOnnx(bare, { ...smallBert(), tokenizer: await loadTokenizer(root) });
  mkdirSync(certified);
  for (const file of readdirSync(bare)) copyFileSync(join(bare, file), join(certified, file));
  const model = await load(bare, { threads: 1 });
  const predicted = await model.predict(ROWS, { badRows: 'stop' });
  await model.release();
  answers = new Map(ROWS.map((text, i) => [text, predicted[i] as Answer]));
  threshold = predicted.map(({ score }) => score).sort((a, b) => a - b)[30] as number;
  await certify(certified);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(opened.map((one) => one.close()));
  for (const server of servers) server.close();
});

const isHigh = (text: string) => (answers.get(text)?.score ?? 0) >= threshold;

describe('retort serve --upstream without a certificate', () => {
  test('sends everything upstream, hands replies through as they are, and compares', async () => {
    const upstream = await service(agrees);
    const serving = await serve(upstream, { student: bare, logTexts: true });
    expect(serving.standing.join('\n')).toContain('shadow mode: every request goes upstream');
    expect(serving.standing.join('\n')).toContain('training on its outputs is not known to be allowed');
    const body = bodyOf(ROWS[0] as string);
    const { headers, ...reply } = await ask(serving, body, 'good', { cookie: 'a=secret', 'x-typesafe-sdk': 'js' });
    expect(reply).toMatchObject({ status: 200, source: 'upstream' });
    const [heard] = upstream.heard;
    expect([heard?.path, JSON.parse(heard?.body ?? '')]).toEqual(['/v1/systemone', body]);
    // What is on no list stays here, in both directions.
    expect(heard?.headers).toMatchObject({ authorization: 'Bearer good', 'x-typesafe-sdk': 'js' });
    expect([heard?.headers.cookie, headers.get('set-cookie')]).toEqual([undefined, null]);
    expect(headers.get('x-typesafe-request-id')).toBe('req-1');
    const other = await ask(serving, bodyOf('anything', 'Is it urgent?'));
    expect(other).toMatchObject({ status: 200, source: 'upstream' });
    expect((await ask(serving, { model: 'jev-latest' })).source).toBe('upstream');
    const metrics = await (await fetch(`${serving.url}/metrics`)).text();
    expect(metrics).toContain('retort_compared_total{result="agree"} 1\n');
    expect(metrics).toContain('retort_student_answers 0\n');
    expect((await fetch(`${serving.url}/predict`, { method: 'POST', body: '{"text":"x"}' })).status).toBe(404);
  });

  test('keeps what upstream said, as recorded outputs for their owner alone', async () => {
    const folder = join(root, 'kept');
    const serving = await serve(await service(agrees), { student: bare, logTexts: true, logDir: folder });
    for (const text of [...ROWS, ...ROWS.slice(0, 5)]) await ask(serving, bodyOf(text));
    const [file = ''] = readdirSync(folder).filter((name) => name.startsWith('requests-'));
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    const rows = logged(folder);
    expect(rows).toHaveLength(ROWS.length + 5);
    expect(rows[0]).toMatchObject({
      text: ROWS[0],
      from: {
        model: 'jev-1.13.0',
        requestId: 'req-1',
        tokens: { input: 12, output: 3 },
        why: { by: 'all', probability: 1 },
      },
      student: { label: answers.get(ROWS[0] as string)?.label, isKept: false },
      question: { instructions: INSTRUCTIONS },
    });
    const teacher = await recordedTeacher(join(folder, file), { labelNames: LABELS });
    expect(teacher.question?.instructions).toBe(INSTRUCTIONS);
    const silent = join(root, 'silent');
    const other = await serve(await service(agrees), { student: bare, logDir: silent });
    await ask(other, bodyOf(ROWS[0] as string));
    expect(JSON.stringify(logged(silent))).not.toContain(JSON.stringify(ROWS[0]).slice(1, -1));
    await expect(serve(await service(agrees), { student: bare, logDir: silent })).rejects.toThrow('silent');
  });

  test('a certificate of another student is not used, and says why', async () => {
    const other = join(root, 'other');
    mkdirSync(other);
    for (const file of readdirSync(certified)) copyFileSync(join(certified, file), join(other, file));
    await certify(other, { temperature: 2 });
    const serving = await serve(await service(agrees), { student: other });
    expect(serving.standing.join('\n')).toContain('another temperature: 2 is certified, this is 1');
    expect(new Set((await sourcesOf(serving, ROWS.slice(0, 20))).values())).toEqual(new Set(['upstream']));
  });
});

describe('retort serve --upstream with a certificate', () => {
  test('answers what it is sure of, for keys that upstream has taken', async () => {
    const upstream = await service(agrees);
    const serving = await serve(upstream);
    expect(serving.standing[0]).toMatch(
      /^certified: .* than jev-1\.13\.0 for at most 5 % of the requests that it answers/,
    );
    const high = ROWS.filter(isHigh);
    const [first = '', second = ''] = high;
    expect((await ask(serving, bodyOf(first))).source).toBe('upstream');
    const own = await ask(serving, bodyOf(first));
    expect([own.source, JSON.parse(own.text).answers.q.choice]).toEqual(['student', answers.get(first)?.label]);
    expect((await ask(serving, bodyOf(first), 'wrong')).status).toBe(401);
    expect((await ask(serving, bodyOf(first), 'wrong')).status).toBe(401);
    expect((await ask(serving, bodyOf(second), 'another')).source).toBe('upstream');
    for (const [text, source] of await sourcesOf(serving, ROWS)) {
      expect([text, source]).toEqual([text, isHigh(text) ? 'student' : 'upstream']);
    }
    expect((await ask(serving, bodyOf(first, 'Is it urgent?'))).source).toBe('upstream');
  });

  test('the score is that of the certificate: a ranker may turn the order round', async () => {
    const folder = join(root, 'ranked');
    mkdirSync(folder);
    for (const file of readdirSync(bare)) copyFileSync(join(bare, file), join(folder, file));
    // The less sure, the higher: 1 / (1 + exp(logit p)) = 1 - p.
    const signals = [{ name: 'max-probability', weight: -1, mean: 0 }];
    const knownClasses = LABELS.map(() => null);
    await certify(folder, { score: { kind: 'ranker', signals, bias: 0, knownClasses }, threshold: 1 - threshold });
    const serving = await serve(await service(agrees), { student: folder });
    const sources = await sourcesOf(serving, [ROWS[0] as string, ...ROWS]);
    // The one at the threshold may be on either side of it.
    const others = ROWS.filter((text) => answers.get(text)?.score !== threshold);
    for (const text of others) expect([text, sources.get(text)]).toEqual([text, isHigh(text) ? 'upstream' : 'student']);
  });

  test('labels that are deferred go upstream', async () => {
    const folder = join(root, 'deferring');
    mkdirSync(folder);
    for (const file of readdirSync(bare)) copyFileSync(join(bare, file), join(folder, file));
    const [text = ''] = ROWS.filter(isHigh);
    await certify(folder, { deferredLabels: [answers.get(text)?.label] });
    const serving = await serve(await service(agrees), { student: folder });
    expect([...(await sourcesOf(serving, [text, text])).values()]).toEqual(['upstream']);
  });

  test('a sample of all requests goes upstream whatever the score, and says why it was asked', async () => {
    const folder = join(root, 'sampled');
    const serving = await serve(await service(agrees), { calibrationShare: 1, logDir: folder });
    const sources = await sourcesOf(serving, [ROWS[0] as string, ...ROWS]);
    expect(sources.get(ROWS.filter(isHigh)[1] as string)).toBe('audit');
    await serving.close();
    const rows = logged(folder).slice(1);
    expect(rows).toHaveLength(ROWS.length);
    for (const { from } of rows) expect(from).toMatchObject({ why: { by: 'random', probability: 1 } });
  });

  test('the audit stops a student that breaks its bound, also after a new start', async () => {
    const folder = join(root, 'audited');
    const upstream = await service(differs);
    const notices: string[] = [];
    const options = { auditShare: 1, logDir: folder, onNotice: (text: string) => notices.push(text) };
    const serving = await serve(upstream, options);
    const high = ROWS.filter(isHigh);
    await ask(serving, bodyOf(high[0] as string));
    let local = 0;
    for (let i = 0; ; i++) {
      const { source } = await ask(serving, bodyOf(high[i % high.length] as string));
      if (source === 'upstream') break;
      local += 1;
      if (i > 500) throw new Error('never stopped');
    }
    // Two lost bets make 23 of 1, and 20 stop; audits under way are counted later.
    expect(local).toBeGreaterThanOrEqual(2);
    expect(notices.join('\n')).toMatch(
      /the student is stopped, and every request goes upstream: the audit found the bound of 0\.05/,
    );
    await serving.close();
    const again = await serve(upstream, options);
    expect(again.standing.join('\n')).toContain('stopped: every request goes upstream');
    await ask(again, bodyOf(high[0] as string));
    expect((await ask(again, bodyOf(high[0] as string))).source).toBe('upstream');
  });

  test('another model upstream is another teacher: the student stops', async () => {
    const upstream = await service(agrees);
    const serving = await serve(upstream);
    const [text = ''] = ROWS.filter(isHigh);
    const [low = ''] = ROWS.filter((row) => !isHigh(row));
    await ask(serving, bodyOf(text));
    expect((await ask(serving, bodyOf(text))).source).toBe('student');
    upstream.reply = decides(() => 'no', 'jev-1.14.0');
    await ask(serving, bodyOf(low));
    expect((await ask(serving, bodyOf(text))).source).toBe('upstream');
  });
});

describe('an upstream that fails', () => {
  const big = Buffer.alloc(9 * 2 ** 20, ' ');
  test.each<[string, Service['reply'], number, string]>([
    ['hangs up', (_, response) => response.destroy(), 502, 'upstream gave no reply'],
    ['says nothing', () => {}, 504, 'no reply in 0.3 s'],
    [
      'leads elsewhere',
      (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      502,
      'not followed',
    ],
    ['sends too much', (_, response) => response.end(big), 502, 'more than 8388608 bytes'],
    [
      'is overloaded',
      (_, response) => response.writeHead(529, { 'retry-after': '3' }).end('{"detail":"busy"}'),
      529,
      'busy',
    ],
    ['lies', (_, response) => response.end('<html>'), 200, '<html>'],
  ])('one that %s harms no request that the student answers', async (_name, reply, status, says) => {
    const upstream = await service(agrees);
    const serving = await serve(upstream, { upstreamTimeout: 0.3 });
    const [text = ''] = ROWS.filter(isHigh);
    const [low = ''] = ROWS.filter((row) => !isHigh(row));
    await ask(serving, bodyOf(text));
    upstream.reply = reply;
    const failed = await ask(serving, bodyOf(low));
    expect([failed.status, failed.text.includes(says)]).toEqual([status, true]);
    expect((await ask(serving, bodyOf(text))).source).toBe('student');
  });

  test('is told from one that is none, before anything is served', async () => {
    await expect(serve({ url: 'api.example.com' } as Service)).rejects.toThrow('upstream: wanted an address');
    await expect(serve({ url: 'http://example.com/v1' } as Service, { upstreamKey: 'k' })).rejects.toThrow(
      'wanted https',
    );
    await expect(serve({ url: 'https://example.com/v1' } as Service, { apiKey: 'k' })).rejects.toThrow(
      'a key for upstream',
    );
  });
});

test('kill -9 loses no request that was replied to', async () => {
  const upstream = await service(agrees);
  const folder = join(root, 'killed');
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const flags = ['--port', '0', '--upstream', upstream.url, '--log_dir', folder, '--log_texts'];
  const child = spawn(process.execPath, [main, 'serve', bare, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const url = await new Promise<string>((done) => child.stdout?.on('data', (chunk) => done(String(chunk).trim())));
  const replied: string[] = [];
  const asking = ROWS.flatMap((text) => [text, text]).map(async (text) => {
    const { status } = await ask({ url }, bodyOf(text));
    if (status === 200) replied.push(text);
    if (replied.length === 40) child.kill('SIGKILL');
  });
  await Promise.allSettled(asking);
  expect(replied.length).toBeGreaterThanOrEqual(40);
  const kept = logged(folder).map(({ text }) => String(text));
  for (const text of new Set(replied)) {
    const times = (rows: readonly string[]) => rows.filter((row) => row === text).length;
    expect(times(kept)).toBeGreaterThanOrEqual(times(replied));
  }
});
