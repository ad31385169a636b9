/** @file `retort ask --queue`: rows asked by several processes with one budget, while they, Redis and the leading one die. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openConnection, type QueueConnection } from '../../src/queue/connection.js';
import { faultAt } from '../files/processes.js';
import { completion, mockServer, refused, textOf } from '../outside/asking/endpoint-server.js';
import { lacksRedis, redisServer } from '../queue/redis-server.js';
import { type Outcome, wordsOf, workFolder } from './command-line.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const root = workFolder();
const path = (name: string): string => join(root, name);
const TEXTS = 200;
/** As the server counts them: 50 tokens read and 1 written, at 1 and 2 a million. */
const PRICE = 52e-6;
const MS = 15;

writeFileSync(path('texts.csv'), `text\n${Array.from({ length: TEXTS }, (_, i) => `text ${i + 1}`).join('\n')}\n`);

/** Beside this process, which answers its requests. */
function retort(line: string, fault?: string): Promise<Outcome> {
  const env = { PATH: process.env.PATH, ...(fault !== undefined && faultAt(fault)) };
  const child = spawn(process.execPath, [MAIN, ...wordsOf(line)], { cwd: root, env });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (said[name] += chunk));
  return new Promise((end) => child.on('close', (code) => end({ code, ...said })));
}

const lines = (name: string) => readFileSync(path(name), 'utf8').split('\n').slice(0, -1);
/** Bytes but for the port of the server. */
const outputs = (name: string, url: string) => readFileSync(path(name), 'utf8').replaceAll(url, 'URL');
const scored = (text: string) => {
  const chance = 0.05 + (0.9 * Number(text.split(' ')[1])) / TEXTS;
  return completion([chance > 0.5 ? 'good' : 'bad'], { good: Math.log(chance), bad: Math.log(1 - chance) });
};

/** Replies after a while, and has the texts that it was asked about. */
async function askedServer(onRequest: (number: number) => void = () => {}) {
  const asked: string[] = [];
  const server = await mockServer(async (request, number) => {
    asked.push(textOf(request));
    onRequest(number);
    await sleep(MS);
    return scored(textOf(request));
  });
  return { server, asked };
}

type Child = { kill(): void; readonly ended: Promise<number | null> };

describe.skipIf(lacksRedis())('retort ask --queue', () => {
  const redis = redisServer();
  let connection: QueueConnection;
  /** Of a run without a queue. */
  let single = '';
  const workers: Child[] = [];
  /** A worker with a key of its own, by which the server tells it from others; `none` sends none, whatever the environment has. */
  const worker = (teacher: string, key: string): Child => {
    const named = key === 'none' ? [] : ['--api_key_env', 'KEY'];
    const line = ['worker', '--queue', redis.url, '--teacher', teacher, ...named, '--wait', '5'];
    const env = { PATH: process.env.PATH, KEY: key, OPENAI_API_KEY: 'sk-usual' };
    const child = spawn(process.execPath, [MAIN, ...line], { cwd: root, env, stdio: 'ignore' });
    const ended = new Promise<number | null>((done) => child.on('close', done));
    const one = { kill: () => child.kill('SIGKILL'), ended };
    workers.push(one);
    return one;
  };

  beforeAll(async () => {
    connection = await openConnection(redis.url, { env: {} });
  });
  afterAll(() => connection.close());
  afterEach(async () => {
    for (const child of workers.splice(0)) child.kill();
    // What one test leaves is no work for the next one's processes.
    await connection.client.flushall();
  });

  const lineOf = (url: string, file: string) =>
    `ask texts.csv --labels bad,good --teacher ${url} --teacher_model m --prices 1,2 --output_file ${file}`;
  const keyOf = (headers: { readonly authorization?: string | undefined }) => headers.authorization?.slice(7) ?? 'lead';

  test('alone it gives the bytes of a run without a queue, and leaves nothing in Redis', async () => {
    const server = await mockServer((request) => scored(textOf(request)));
    expect((await retort(lineOf(server.url, 'single.jsonl'))).code).toBe(0);
    single = outputs('single.jsonl', server.url);
    const { code, stderr } = await retort(`${lineOf(server.url, 'alone.jsonl')} --queue ${redis.url} --max_cost 1`);
    expect([code, stderr]).toEqual([0, expect.stringContaining('elsewhere, retort worker --queue redis://127.0.0.1:')]);
    expect(outputs('alone.jsonl', server.url)).toBe(single);
    expect(server.asked).toHaveLength(2 * TEXTS);
    expect(await connection.client.keys('*')).toEqual([]);
    expect(existsSync(path('alone.jsonl.replies.shared'))).toBe(false);
    const { report } = JSON.parse(readFileSync(path('alone.jsonl.summary.json'), 'utf8'));
    expect(report.cost).toBeCloseTo(TEXTS * PRICE, 12);
  });

  test('three workers, of which one is killed, while Redis is killed and started again: the same bytes', async () => {
    const asked: { text: string; key: string; isReplied: boolean }[] = [];
    let killed = 0;
    const server = await mockServer(async (request, number) => {
      const one = { text: textOf(request), key: keyOf(server.asked[number]?.headers ?? {}), isReplied: false };
      asked.push(one);
      await sleep(MS);
      if (one.key === 'second' && asked.filter(({ key }) => key === 'second').length >= 9) {
        // Sent, and no reply: the server has charged for it, and nobody knows.
        children[1]?.kill();
        killed += 1;
        return (response) => response.destroy();
      }
      if (number === 120) {
        await redis.kill();
        setTimeout(() => void redis.start(), 300);
      }
      one.isReplied = true;
      return scored(one.text);
    });
    const children = ['first', 'second', 'third'].map((key) => worker(server.url, key));
    const run = retort(
      `${lineOf(server.url, 'shared.jsonl')} --queue ${redis.url} --max_cost 1 --teacher_concurrency 2`,
    );
    const { code, stderr } = await run;
    expect([code, stderr]).toEqual([0, expect.stringMatching(/replies: (\d+ by process \d+ on \S+(, )?){3,4}/u)]);
    expect(outputs('shared.jsonl', server.url) === single).toBe(true);
    expect(killed).toBeGreaterThan(0);
    for (const key of ['first', 'third']) expect(asked.filter((one) => one.key === key).length).toBeGreaterThan(0);
    // Only what the dead had under way is asked again: four at once, replied to in its last moment or not.
    const again = asked.filter(({ text }, i) => asked.findIndex((one) => one.text === text) < i);
    expect(again.length).toBeLessThanOrEqual(4);
    for (const { text } of again) expect(asked.find((one) => one.text === text)?.key).toBe('second');
    expect(lines('shared.jsonl.replies')).toHaveLength(TEXTS);
    expect(await connection.client.keys('*')).toEqual([]);
    expect(await Promise.all([children[0], children[2]].map((child) => child?.ended))).toEqual([0, 0]);
  });

  test.each([
    'SIGKILL during write .replies 60',
    'SIGKILL after write .replies 60',
    'SIGKILL before rename killed.jsonl 1',
  ])('%s in the leading process: the same command continues, and asks for no reply that is kept', async (point) => {
    const { server, asked } = await askedServer();
    const file = `${point.replaceAll(' ', '-')}/killed.jsonl`;
    const line = `${lineOf(server.url, file)} --queue ${redis.url} --max_cost 1`;
    worker(server.url, 'first');
    expect((await retort(line, point)).code).toBeNull();
    expect(existsSync(path(file))).toBe(false);
    const { code, stderr } = await retort(line);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(outputs(file, server.url) === single).toBe(true);
    expect(lines(`${file}.replies`)).toHaveLength(TEXTS);
    // Those that the leading process had under way.
    expect(asked.length - TEXTS).toBeLessThanOrEqual(4);
    expect(await connection.client.keys('*')).toEqual([]);
  });

  test('an ask whose leading process is gone is shown, cancelled and removed; the log continues without it', async () => {
    let alone = 0;
    const { server, asked } = await askedServer(() => {
      if (!existsSync(path('gone/asked.jsonl.replies.shared'))) alone += 1;
    });
    const line = `${lineOf(server.url, 'gone/asked.jsonl')} --queue ${redis.url} --max_cost 1`;
    expect((await retort(line, 'SIGKILL after write .replies 60')).code).toBeNull();
    const status = async (words = '') => (await retort(`status --queue ${redis.url} ${words}`)).stdout;
    const [, id, replies] = /^(\w{24}) +ask m +- +open +(\d+) replies/mu.exec(await status()) ?? [];
    // Those that the leading process got before it shared the ask are in the log alone.
    const [kept, sent] = [lines('gone/asked.jsonl.replies').length, asked.length];
    expect(kept).toBeGreaterThanOrEqual(60);
    expect(Number(replies)).toBeGreaterThan(0);
    expect(Number(replies)).toBeGreaterThanOrEqual(kept - alone);
    expect(Number(replies)).toBeLessThanOrEqual(sent - alone);
    expect(await status(`--experiment ${id} --cancel`)).toMatch(/ask m +- +cancelled/u);
    // Nobody leads it: whoever comes finds nothing to do.
    expect(await worker(server.url, 'first').ended).toBe(0);
    expect(await status(`--experiment ${id} --remove`)).toMatch(/is removed from Redis .*, with \d+ replies/u);
    expect(await connection.client.keys('*')).toEqual([]);
    const { code, stderr } = await retort(line);
    expect([code, stderr]).toEqual([0, expect.stringContaining('has nothing of the ask that was under way')]);
    expect(outputs('gone/asked.jsonl', server.url) === single).toBe(true);
    expect(asked.length - sent).toBe(TEXTS - kept);
  });

  test('the budget holds for all together, and a higher one continues', async () => {
    const { server, asked } = await askedServer();
    for (const key of ['first', 'none']) worker(server.url, key);
    const line = `${lineOf(server.url, 'budget.jsonl')} --queue ${redis.url}`;
    const limit = TEXTS * PRICE + 1e-9;
    // Each request may cost more than it does, so that the last ones do not fit.
    const { code, stderr } = await retort(`${line} --max_cost ${limit}`);
    expect([code, stderr.replaceAll(/\s+/gu, ' ')]).toEqual([
      1,
      expect.stringContaining(`teacher m: wanted a cost of at most ${limit}, got 0.01 after`),
    ]);
    expect(asked.length).toBeGreaterThan(TEXTS / 2);
    expect(asked.length).toBeLessThan(TEXTS);
    expect(new Set(asked).size).toBe(asked.length);
    // A key goes out where it is named, and no other.
    expect(new Set(server.asked.map(({ headers }) => keyOf(headers)))).toEqual(new Set(['lead', 'first']));
    expect(lines('budget.jsonl.replies')).toHaveLength(asked.length);
    expect(await connection.client.keys('*')).toEqual([]);
    expect((await retort(`${line} --max_cost 1`)).code).toBe(0);
    expect(asked).toHaveLength(TEXTS);
    expect(outputs('budget.jsonl', server.url) === single).toBe(true);
  });

  test('a row that the server never replies to is named, and the replies to all others are kept', async () => {
    const server = await mockServer((request) =>
      textOf(request) === 'text 150' ? refused(422, 'no such text') : scored(textOf(request)),
    );
    const { code, stderr } = await retort(`${lineOf(server.url, 'poison.jsonl')} --queue ${redis.url}`);
    expect([code, stderr.replaceAll(/\s+/gu, ' ')]).toEqual([
      1,
      expect.stringMatching(/none to \d+ rows at most, each tried 3 times.*HTTP 422/u),
    ]);
    expect(lines('poison.jsonl.replies').length).toBe(TEXTS - 1);
  });

  test('Ctrl-C waits for what is under way, keeps its replies, and the same command continues', async () => {
    let child: ReturnType<typeof spawn> | undefined;
    const { server, asked } = await askedServer((number) => {
      if (number === 100) child?.kill('SIGINT');
    });
    worker(server.url, 'first');
    const line = `${lineOf(server.url, 'interrupted.jsonl')} --queue ${redis.url}`;
    child = spawn(process.execPath, [MAIN, ...wordsOf(line)], {
      cwd: root,
      env: { PATH: process.env.PATH },
      stdio: 'ignore',
    });
    expect(await new Promise((done) => child?.on('close', done))).toBe(130);
    expect(lines('interrupted.jsonl.replies')).toHaveLength(asked.length);
    expect(asked.length).toBeLessThan(TEXTS);
    expect(await connection.client.keys('*')).toEqual([]);
    expect((await retort(line)).code).toBe(0);
    expect(asked).toHaveLength(TEXTS);
  });

  test.each([
    ['worker --queue redis://127.0.0.1:1', '--store: wanted where files travel, as retort distill --queue says it'],
    ['worker --queue REDIS --teacher http://127.0.0.1:1/v1', 'wanted rows that retort ask --queue shares, got none'],
  ])('%s is refused', async (line, message) => {
    const { code, stderr } = await retort(line.replace('REDIS', redis.url));
    expect([code, stderr.replaceAll(/\s+/gu, ' ')]).toEqual([expect.any(Number), expect.stringContaining(message)]);
    expect(code).toBeGreaterThan(0);
  });

  test.each([
    ['--queue http://x', '--queue: wanted the URL of a Redis server'],
    ['--queue redis://127.0.0.1:1 --check 5', '--check: wanted a run of one process'],
    ['--queue redis://x --questions {} --teacher_format systemone', '--queue: wanted one question, got several'],
  ])('%s is refused before anything is sent', async (flags, message) => {
    const { code, stderr } = await retort(`${lineOf('http://127.0.0.1:1/v1', 'refused.jsonl')} ${flags}`);
    expect([code, stderr.replaceAll(/\s+/gu, ' ')]).toEqual([2, expect.stringContaining(message)]);
  });
});
