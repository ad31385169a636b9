import { createServer, type Server } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { openConnection } from '../../src/queue/connection.js';
import { runModule } from '../files/processes.js';

const NO_ENV = { env: {} };

describe('openConnection', () => {
  test.each([
    ['redis-host', 'got no URL'],
    ['https://localhost:6379', 'got one of https://localhost'],
    ['redis://', 'got one of redis://'],
    ['redis://localhost/0?family=6', 'got one of redis://localhost'],
    ['redis://localhost/queue', 'got one of redis://localhost'],
  ])('refuses %s', async (url, got) => {
    await expect(openConnection(url, NO_ENV)).rejects.toThrow(
      `queue: wanted the URL of a Redis server, redis://HOST:PORT or rediss://HOST:PORT (TLS), with /NUMBER of a database, ${got}`,
    );
  });

  test('a URL that is refused does not show its password', async () => {
    await expect(openConnection('http://user:abcdefgh123@localhost', NO_ENV)).rejects.not.toThrow('abcdefgh123');
  });

  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  /** A server that replies to each piece that comes with the same bytes. */
  const replying = (reply: string) =>
    new Promise<string>((done) => {
      const server = createServer((socket) => {
        socket.on('data', () => reply && socket.write(reply));
        socket.on('error', () => {});
      });
      servers.push(server);
      server.listen(0, '127.0.0.1', () => done(`redis://127.0.0.1:${(server.address() as { port: number }).port}`));
    });

  test('gives up on a server that is silent, or not there, when patience ends', async () => {
    const silent = await replying('');
    await expect(openConnection(silent, { ...NO_ENV, patienceMs: 50 })).rejects.toThrow(
      /^Redis at 127\.0\.0\.1:\d+: wanted a Redis server that replies, got no reply; start it/,
    );
    await expect(openConnection('redis://127.0.0.1:1', { ...NO_ENV, patienceMs: 50 })).rejects.toThrow(
      'Redis at 127.0.0.1:1: wanted a Redis server that replies, got connect ECONNREFUSED',
    );
  });

  test('ends at a signal', async () => {
    const signal = AbortSignal.abort();
    await expect(openConnection(await replying(''), { ...NO_ENV, signal })).rejects.toThrow('got an interruption');
  });

  test('refuses a Redis that is too old', async () => {
    const info = 'redis_version:5.0.14\r\nloading:0\r\n';
    const old = await replying(`$${info.length}\r\n${info}\r\n`.repeat(3));
    await expect(openConnection(old, NO_ENV)).rejects.toThrow(
      'wanted version 6.2 or later, which BullMQ needs, got 5.0.14',
    );
  });

  test.each(['bullmq', 'ioredis'])('says how to install %s where it is missing', async (name) => {
    const hook = `export const resolve = async (wanted, context, next) => {
      if (wanted !== '${name}') return next(wanted, context);
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    };`;
    const { stdout } = await runModule(`
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
      const { openConnection } = await import('DIST/queue/connection.js');
      await openConnection('redis://127.0.0.1:1').catch((error) => console.log(error.exitCode, error.message));`).ended;
    expect(stdout).toBe(
      '2 queue: wanted the packages bullmq and ioredis, which retort does not bring, got no such package; ' +
        'run npm install bullmq@6 ioredis@6 beside retort-ml\n',
    );
  });
});
