import { describe, expect, test } from 'vitest';
import { openConnection, PASSWORD_VARIABLE } from '../../src/queue/connection.js';
import { lacksRedis, redisServer } from './redis-server.js';

const PASSWORD = 'xK4-geheim-0815';
const NO_ENV = { env: {} };

describe.skipIf(lacksRedis())('openConnection', () => {
  const open = redisServer();
  const locked = redisServer(['--requirepass', PASSWORD, '--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no']);

  test('connects, without a word where all is well', async () => {
    const notices: string[] = [];
    const connection = await openConnection(open.url, { ...NO_ENV, onNotice: (line) => notices.push(line) });
    expect(await connection.client.ping()).toBe('PONG');
    expect(connection.where).toBe(`Redis at 127.0.0.1:${open.port}`);
    await connection.close();
    expect(notices).toEqual([]);
  });

  test.each([
    ['in the URL', (url: string) => url.replace('//', `//:${encodeURIComponent(PASSWORD)}@`), {}],
    ['of a user in the URL', (url: string) => url.replace('//', `//default:${encodeURIComponent(PASSWORD)}@`), {}],
    ['in the environment', (url: string) => url, { [PASSWORD_VARIABLE]: PASSWORD }],
  ])('takes a password %s, and warns of what may lose work', async (_where, urlOf, env) => {
    const notices: string[] = [];
    const connection = await openConnection(urlOf(locked.url), { env, onNotice: (line) => notices.push(line) });
    expect(await connection.client.ping()).toBe('PONG');
    await connection.close();
    expect(notices).toEqual([
      expect.stringContaining('its maxmemory-policy is allkeys-lru, by which a full Redis drops units'),
      expect.stringContaining('it keeps no append-only file'),
    ]);
    expect(notices.join()).not.toContain(PASSWORD);
  });

  test('says that a password is missing or wrong, and never what it is', async () => {
    await expect(openConnection(locked.url, NO_ENV)).rejects.toThrow('got a server that asks for a password');
    const wrong = 'qQ7-falsch-4711';
    const error = await openConnection(locked.url, { env: { [PASSWORD_VARIABLE]: wrong } }).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'OptionError', got: expect.stringContaining('a refusal (WRONGPASS') });
    expect(JSON.stringify(error) + (error instanceof Error ? error.stack : '')).not.toContain(wrong);
  });

  test('waits for a Redis that is restarted, with the commands that are given meanwhile', async () => {
    const notices: string[] = [];
    const connection = await openConnection(open.url, { ...NO_ENV, onNotice: (line) => notices.push(line) });
    await connection.client.set('before', '1');
    await open.kill();
    const later = connection.client.get('before');
    await open.start();
    expect(await later).toBe('1');
    await connection.close();
    expect(notices).toEqual([
      expect.stringContaining('the connection is lost; trying again until it is back'),
      expect.stringContaining('the connection is back'),
    ]);
  });
});
