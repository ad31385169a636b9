/** @file An experiment that goes through Redis gives what one process gives, whoever is killed where. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../bench/free-port.js';
import { faultAt } from '../files/processes.js';
import { lacksRedis, redisServer } from '../queue/redis-server.js';
import { retort, wordsOf, workFolder } from './command-line.js';
import { leftByExperiment, writeInputs } from './killed-commands.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const TOKEN = { RETORT_STORE_TOKEN: 'a-token-of-tests-0123456789' };
const root = workFolder();
/** Where a worker has nothing of what it will need. */
const elsewhere = join(root, 'elsewhere');
/** Two arms of two kinds and a linear one on three seeds. */
const DISTIL =
  'distill reviews.csv --text review --label stars --dev dev.csv --test test.csv --teacher teacher --model ngram ' +
  '--solver steps --epochs 2 --threads 1 --seeds 3 --controls no-teacher,linear --quiet --output_dir';

function leftBy(folder: string): Readonly<Record<string, unknown>> {
  return { ...(leftByExperiment(join(root, folder), (name) => name !== 'work') as object) };
}

const record = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'experiment.json'), 'utf8'));

type Started = {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
};

/** A process beside this one. @param fault of the first process that comes there, of it and its children */
function started(
  line: string,
  { cwd = root, fault }: { readonly cwd?: string; readonly fault?: string } = {},
): Started {
  const once = { RETORT_TEST_FAULT_ONCE: join(root, `fault-${Math.random()}`) };
  const child = spawn(process.execPath, [MAIN, ...wordsOf(line)], {
    cwd,
    env: {
      PATH: process.env.PATH,
      HF_HUB_OFFLINE: '1',
      ...TOKEN,
      ...(fault !== undefined && { ...faultAt(fault), ...once }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return {
    pid: child.pid ?? -1,
    kill: (signal) => void child.kill(signal),
    ended: new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr }))),
  };
}

/** Until it ends, which it has to in peace. */
async function ended(process: Started): Promise<string> {
  const { code, stdout, stderr } = await process.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).not.toMatch(/^error: /mu);
  return stdout;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 20));
}

describe.skipIf(lacksRedis())('retort distill --queue', () => {
  const redis = redisServer();

  beforeAll(async () => {
    await writeInputs(root);
    mkdirSync(elsewhere);
    const whole = retort(`${DISTIL} whole`, root);
    if (whole.code !== 0) throw new Error(whole.stderr);
  });

  test('processes beside it give the bytes of one, and the record says who did which run', async () => {
    await ended(started(`${DISTIL} beside --queue ${redis.url} --workers 2`));
    expect(leftBy('beside')).toEqual(leftBy('whole'));
    const { machines } = record('beside');
    const runs = machines.flatMap((machine: { runs: readonly string[] }) => machine.runs);
    expect(runs.sort()).toEqual(readdirSync(join(root, 'whole', 'runs')).sort());
    expect(retort('status beside', root).stdout).toContain('9 of 9 runs done');
    expect(retort('worker beside --verify 100 --quiet', root).stdout).toMatch(/^9 of 9 finished runs computed again/);
  });

  test('a worker that sees nothing of its disk brings what it needs over HTTP, and leaves nothing', async () => {
    const store = `http://127.0.0.1:${await freePort()}`;
    const worker = started(`worker --queue ${redis.url} --store ${store} --workers 2 --wait 30 --quiet`, {
      cwd: elsewhere,
    });
    await ended(started(`${DISTIL} http --queue ${redis.url} --store ${store}`));
    worker.kill('SIGTERM');
    expect((await worker.ended).code).toBe(143);
    expect(leftBy('http')).toEqual(leftBy('whole'));
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('an absolute teacher and data one folder up travel too, into a folder that is kept', async () => {
    mkdirSync(join(root, 'project'));
    const line = DISTIL.replace('reviews.csv', '../reviews.csv')
      .replace('--dev dev.csv --test test.csv', `--dev ../dev.csv --test ${join(root, 'test.csv')}`)
      .replace('--teacher teacher', `--teacher ${join(root, 'teacher')}`);
    const store = join(root, 'store');
    mkdirSync(store);
    const lead = started(`${line} ../up --queue ${redis.url} --store ${store}`, { cwd: join(root, 'project') });
    const worker = started(`worker mirror --queue ${redis.url} --store ${store} --wait 30 --quiet`, { cwd: elsewhere });
    await ended(lead);
    worker.kill('SIGTERM');
    await worker.ended;
    // The teacher has another name there, which warnings tell.
    const { teacher: _teacher, warnings: _warnings, ...whole } = leftBy('whole');
    expect(leftBy('up')).toMatchObject(whole);
    expect(existsSync(join(elsewhere, 'mirror', 'inputs', 'reviews.csv'))).toBe(true);
  });

  test.each([
    'SIGKILL during write log.jsonl 2',
    'SIGKILL after rename .answers 1',
    'SIGKILL after write inputs.json 1',
  ])('a worker or one of its processes is killed, others go on: %s', async (fault) => {
    const folder = `killed-${fault.replaceAll(/\W+/g, '-')}`;
    const dying = started(`worker --queue ${redis.url} --store ${join(root, 'store')} --wait 30 --quiet`, { fault });
    const lead = started(`${DISTIL} ${folder} --queue ${redis.url} --store ${join(root, 'store')} --workers 1`);
    await ended(lead);
    dying.kill('SIGTERM');
    await dying.ended;
    expect(leftBy(folder)).toEqual(leftBy('whole'));
  });

  test.each([
    'SIGKILL after rename plan.json 1',
    'SIGKILL before rename .done 2',
    'SIGKILL during write results.jsonl 5',
    'SIGKILL before rename experiment.json 1',
  ])('who leads is killed, its workers elsewhere go on, and --resume ends it: %s', async (fault) => {
    const folder = `lead-${fault.replaceAll(/\W+/g, '-')}`;
    const line = `${DISTIL} ${folder} --queue ${redis.url} --store ${join(root, 'store')}`;
    const worker = started(`worker --queue ${redis.url} --store ${join(root, 'store')} --wait 30 --quiet`, {
      cwd: elsewhere,
    });
    expect((await started(line, { fault }).ended).code).toBeNull();
    await ended(started(`${line} --resume`));
    worker.kill('SIGTERM');
    await worker.ended;
    expect(leftBy(folder)).toEqual(leftBy('whole'));
  });

  test('Redis is killed and started again while runs are under way', async () => {
    const line = `${DISTIL} redis --queue ${redis.url} --workers 2`;
    const lead = started(line);
    await until(() => existsSync(join(root, 'redis', 'work', 'queue.json')));
    await redis.kill();
    await redis.start();
    await until(() => readdirSync(join(root, 'redis', 'work')).some((name) => name.endsWith('.done')));
    await redis.kill();
    await redis.start();
    await ended(lead);
    expect(leftBy('redis')).toEqual(leftBy('whole'));
  });

  test('an experiment that nobody has joined is shown, and ends when it is cancelled', async () => {
    const lead = started(`${DISTIL} cancelled --queue ${redis.url}`);
    await until(() => existsSync(join(root, 'cancelled', 'work', 'queue.json')));
    expect(retort('status cancelled', root).stdout).toContain('0 of 9 runs done, 0 under way, 9 open');
    expect(retort('status cancelled --cancel', root).code).toBe(0);
    const { code, stderr } = await lead.ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining('got that it was cancelled')]);
    const none = retort(`worker --queue ${redis.url} --store store --quiet`, root);
    expect(none.stdout).toContain('no experiment is open');
  });

  test('whoever sees the queue alone is told what is shared, ends it, and removes it', async () => {
    const lead = started(`${DISTIL} seen --queue ${redis.url}`);
    const status = (words = '') => retort(`status --queue ${redis.url} ${words}`, root);
    let id = '';
    await until(() => {
      id = /^([0-9a-f]{16}) +distill \S*seen .* open +0 runs +0 +9 +0 +-$/mu.exec(status().stdout)?.[1] ?? '';
      return id !== '';
    });
    const refused = status(`--experiment ${id} --remove`);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('wanted something that was cancelled')]);
    expect(status(`--experiment ${id} --cancel`).stdout).toContain(`${id} is cancelled: workers end`);
    expect((await lead.ended).code).toBe(130);
    expect(status(`--experiment ${id}`).stdout).toMatch(/ cancelled +0 runs/u);
    expect(status(`--experiment ${id} --remove`).stdout).toContain('removed from Redis at 127.0.0.1');
    expect(status().stdout).not.toContain(id);
    const unknown = status(`--experiment ${id} --cancel`);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining(`got ${id}`)]);
  });

  test('what cannot be is said before anything is done', () => {
    for (const [line, says] of [
      [`${DISTIL} no --store x`, '--store: wanted --queue beside it'],
      [`${DISTIL} no --queue redis://127.0.0.1:1`, 'wanted a Redis server that replies'],
      [
        `${DISTIL} no --queue ${redis.url} --cache_dir c`,
        '--cache_dir: wanted the outputs of the teacher in the output folder',
      ],
      [`worker --queue ${redis.url}`, '--store: wanted where files travel'],
      ['worker', 'wanted the output folder of an experiment, or --queue with --store or --teacher'],
      ['status', 'wanted the output folder of an experiment, or --queue'],
      [`status whole --queue ${redis.url}`, 'FOLDER: wanted either it or --queue'],
      ['status whole --remove', '--remove: wanted --queue beside it'],
      [`status --queue ${redis.url} --remove`, '--remove: wanted --experiment ID beside it'],
    ] as const) {
      const { code, stderr } = retort(line, root);
      expect([code === 0, stderr]).toEqual([false, expect.stringContaining(says)]);
    }
    expect(existsSync(join(root, 'no'))).toBe(false);
    const none = retort(`worker --queue ${redis.url} --store store --quiet`, root);
    expect([none.code, none.stdout]).toEqual([
      0,
      expect.stringContaining('no experiment is open at Redis at 127.0.0.1'),
    ]);
  });
});
