/**
 * @file A connection to Redis, from a URL to a server that is known to be usable. Messages name the host alone: user and
 * password are secrets.
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { InterruptedError, OptionError, OutputError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { keepSecret } from '../errors/secrets.js';

export type QueueConnection = {
  /**
   * Commands wait while Redis is away, and are sent again when it is back: one that was done just before is done twice, so
   * each must be safe to repeat.
   */
  readonly client: Redis;
  /** For messages: `Redis at HOST:PORT`. */
  readonly where: string;
  /** Waits for the replies that are due, where there is a connection. */
  close(): Promise<void>;
};

export type ConnectionOptions = {
  /** Told in one line of what may lose work, and of a connection that was lost or is back. */
  readonly onNotice?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the first connection. Default: 15 s. */
  readonly patienceMs?: number;
  /** `RETORT_REDIS_PASSWORD` is read here. Default: of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/** The variable that holds a password which is not to be seen in a command line. */
export const PASSWORD_VARIABLE = 'RETORT_REDIS_PASSWORD';
const PATIENCE_MS = 15_000;
/** Between two tries. */
const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 5000;
/** The oldest that BullMQ recommends. */
const OLDEST = [6, 2] as const;
const REFUSED = /\b(WRONGPASS|NOAUTH|NOPERM|invalid password|invalid username-password)/u;

/**
 * Connects, for as long as patience lasts; from then on a lost connection is made again for ever.
 * @throws OptionError for a URL that is none, a missing package, a wrong password or a server that is too old; OutputError
 *   for one that cannot be reached; InterruptedError after `signal`.
 */
export async function openConnection(url: string, options: ConnectionOptions = {}): Promise<QueueConnection> {
  const { onNotice, signal, patienceMs = PATIENCE_MS, env = process.env } = options;
  const { where, ...target } = targetOf(url, env);
  const RedisClient = await loadClient();
  let isOpen = false;
  let isAway = false;
  let lastError: Error | undefined;
  const client = new RedisClient({
    ...target,
    lazyConnect: true,
    // BullMQ asks for it: commands wait for ever.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isOpen ? waitMs(times) : null),
  });
  client.on('error', (error: Error) => {
    lastError = error;
  });
  client.on('close', () => {
    if (isOpen && !isAway) onNotice?.(`${where}: the connection is lost; trying again until it is back`);
    isAway = isOpen;
  });
  client.on('ready', () => {
    if (isAway) onNotice?.(`${where}: the connection is back`);
    isAway = false;
  });
  try {
    await firstConnection(client, { where, signal, patienceMs, lastError: () => lastError });
    isOpen = true;
    await expectUsable(client, where, onNotice);
  } catch (error) {
    isOpen = false;
    client.disconnect();
    throw error;
  }
  return {
    client,
    where,
    close: async () => {
      const isReady = client.status === 'ready';
      isOpen = false;
      if (isReady) await client.quit().catch(() => {});
      client.disconnect();
    },
  };
}

/** Options of the client, and what the server is called. @throws OptionError */
function targetOf(text: string, env: Readonly<Record<string, string | undefined>>) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isRedis = url?.protocol === 'redis:' || url?.protocol === 'rediss:';
  const [, db = '0'] = /^\/?(\d{0,4})$/u.exec(url?.pathname ?? '') ?? [undefined, undefined];
  if (!isRedis || url.hostname === '' || url.search !== '' || url.hash !== '' || !/^\/?\d{0,4}$/u.test(url.pathname)) {
    throw new OptionError({
      where: 'queue',
      wanted: 'the URL of a Redis server, redis://HOST:PORT or rediss://HOST:PORT (TLS), with /NUMBER of a database',
      // It may hold a password.
      got: url === undefined ? 'no URL' : `one of ${url.protocol}//${url.hostname}`,
      fix: `such as --queue redis://localhost:6379; the password comes from ${PASSWORD_VARIABLE}`,
    });
  }
  const username = decoded(url.username);
  const password = decoded(url.password) || env[PASSWORD_VARIABLE] || '';
  if (password !== '') keepSecret(password);
  const host = url.hostname.replace(/^\[(.*)\]$/u, '$1');
  const port = url.port === '' ? 6379 : Number(url.port);
  return {
    where: `Redis at ${url.hostname}:${port}`,
    host,
    port,
    db: Number(db),
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(url.protocol === 'rediss:' && { tls: { servername: host } }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function loadClient(): Promise<typeof Redis> {
  const missing = (cause: unknown) =>
    new OptionError({
      where: 'queue',
      wanted: 'the packages bullmq and ioredis, which retort does not bring',
      got: 'no such package',
      fix: 'run npm install bullmq@6 ioredis@6 beside retort-ml',
      cause,
    });
  try {
    // Both are needed, and one of them may be there by itself.
    await import('bullmq');
    return (await import('ioredis')).Redis;
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' ? missing(error) : error;
  }
}

function waitMs(times: number): number {
  return Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(times - 1, 10));
}

type FirstConnection = {
  readonly where: string;
  readonly signal: AbortSignal | undefined;
  readonly patienceMs: number;
  readonly lastError: () => Error | undefined;
};

/** Servers start later than workers at times: tried again until patience ends, but for a refusal. */
async function firstConnection(client: Redis, { where, signal, patienceMs, lastError }: FirstConnection) {
  const ends = new AbortController();
  const timer = setTimeout(() => ends.abort(), patienceMs);
  const stop = signal === undefined ? ends.signal : AbortSignal.any([ends.signal, signal]);
  const stopped = new Promise<'stopped'>((resolve) => {
    stop.addEventListener('abort', () => resolve('stopped'), { once: true });
    if (stop.aborted) resolve('stopped');
  });
  try {
    for (let times = 1; ; times++) {
      const outcome = await Promise.race([client.connect().then(() => 'ready' as const, messageOf), stopped]);
      if (outcome === 'ready') return;
      const said = lastError()?.message || (outcome === 'stopped' ? 'no reply' : outcome);
      if (signal?.aborted) {
        const fix = 'run the same command again';
        throw new InterruptedError({ where, wanted: 'a connection', got: 'an interruption', fix });
      }
      if (REFUSED.test(said)) throw refusal(where, said);
      if (outcome === 'stopped') throw unreachable(where, said);
      await sleep(waitMs(times), undefined, { signal: stop }).catch(() => {});
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Without the cause: the client's errors carry the command that was refused, with its password. */
function refusal(where: string, said: string): OptionError {
  return new OptionError({
    where,
    wanted: 'a user and a password that the server takes',
    got: said.includes('NOAUTH') ? 'a server that asks for a password' : `a refusal (${said})`,
    fix: `set ${PASSWORD_VARIABLE}, and the user in the URL if there is one: redis://USER@HOST`,
  });
}

function unreachable(where: string, said: string): OutputError {
  return new OutputError({
    where,
    wanted: 'a Redis server that replies',
    got: said,
    fix: 'start it, or check host and port; rediss:// is for servers with TLS, redis:// for those without',
  });
}

/** @throws OptionError for a server that is too old, or for one that may not be asked. */
async function expectUsable(client: Redis, where: string, onNotice?: (line: string) => void): Promise<void> {
  const info = await client.info().catch((error: unknown) => {
    throw refusal(where, messageOf(error));
  });
  const infoOf = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'mu').exec(info)?.[1] ?? '';
  const version = infoOf('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new OptionError({
      where,
      wanted: `version ${OLDEST.join('.')} or later, which BullMQ needs`,
      got: version === '' ? 'a server that names none' : version,
      fix: 'use a newer Redis, or Valkey',
    });
  }
  const policy = infoOf('maxmemory_policy');
  if (policy !== '' && policy !== 'noeviction') {
    onNotice?.(
      `${where}: its maxmemory-policy is ${policy}, by which a full Redis drops units of work and results; set noeviction`,
    );
  }
  if (infoOf('aof_enabled') === '0') {
    onNotice?.(`${where}: it keeps no append-only file, so that work is lost when it restarts; set appendonly yes`);
  }
}
