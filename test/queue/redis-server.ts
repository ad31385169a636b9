import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { freePort } from '../../bench/free-port.js';
import { REDIS_SERVER, SYNCED_ALWAYS, startRedis } from '../../bench/redis-process.js';

export type RedisServer = {
  readonly url: string;
  readonly port: number;
  /** `kill -9`, and the end of the process. */
  kill(): Promise<void>;
  /** On the same port and files. */
  start(): Promise<void>;
};

const IS_THERE = isThere();

function isThere(): boolean {
  try {
    return execFileSync('sh', ['-c', `command -v ${JSON.stringify(REDIS_SERVER)}`]).length > 0;
  } catch {
    return false;
  }
}

/** Whether tests have to be skipped. Where Redis is required (`RETORT_REDIS=required`), they fail instead. */
export function lacksRedis(): boolean {
  if (IS_THERE || process.env.RETORT_REDIS === 'required') return false;
  console.warn('SKIPPED: no redis-server here; install it, or name one by RETORT_REDIS_SERVER');
  return true;
}

/**
 * A Redis of its own on a free port for the tests of a file or `describe`, in whose body it is called, with an append-only
 * file in a temporary folder. Each command is on the disk before its reply, so that `kill` loses none that was replied to.
 */
export function redisServer(options: readonly string[] = []): RedisServer {
  const folder = mkdtempSync(join(tmpdir(), 'retort-redis-'));
  let child: ChildProcess | undefined;
  let port = 0;
  const kill = async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((done) => running.once('exit', done));
    running.kill('SIGKILL');
    await ended;
  };
  const startAt = async (at: number) => {
    child = await startRedis(at, folder, [...SYNCED_ALWAYS, ...options]);
  };
  beforeAll(async () => {
    port = await onFreePort(startAt);
  });
  afterAll(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get url() {
      return `redis://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    kill,
    start: () => startAt(port),
  };
}

/** Another process may take a port that was free a moment ago. */
async function onFreePort(start: (port: number) => Promise<void>): Promise<number> {
  for (let tries = 5; ; tries--) {
    const port = await freePort();
    try {
      await start(port);
      return port;
    } catch (error) {
      if (tries === 0) throw error;
    }
  }
}
