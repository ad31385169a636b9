import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WorkSource } from '../../src/files/work-source.js';
import { type BullSourceOptions, bullSource } from '../../src/queue/bull-source.js';
import { openConnection, type QueueConnection } from '../../src/queue/connection.js';
import { runModule, temporaryFolder } from '../files/processes.js';
import { lacksRedis, redisServer } from './redis-server.js';
import { replyLosingProxy } from './reply-losing-proxy.js';
import { claimed } from './work-source-contract.js';

const GIVEN = { result: { score: 0.5 }, about: { seconds: 3 } };
const NO_FILES = { put: async () => [], take: async () => {} };
/** Of those that are to expire within a test. */
const LOCK_MS = 200;
const root = temporaryFolder();

/** Does one unit, `a-1`, whose file it leaves in a folder, and kills itself at a point. */
const WORKER = `
  import { copyFileSync, writeFileSync } from 'node:fs';
  import { bullSource } from 'DIST/queue/bull-source.js';
  import { openConnection } from 'DIST/queue/connection.js';
  const [url, name, folder, point] = process.argv.slice(1);
  const at = (here) => {
    if (here === point) process.kill(process.pid, 'SIGKILL');
  };
  const carrier = {
    put: async ([file]) => {
      at('before upload');
      copyFileSync(folder + '/here/' + file, folder + '/store/' + file);
      at('between upload and complete');
      return [{ name: file }];
    },
    take: async () => {},
  };
  const connection = await openConnection(url);
  at('before claim');
  const work = await bullSource({ connection, name, carrier, lockMs: ${LOCK_MS} });
  const lease = await work.claim(['a-1']);
  at('after claim');
  writeFileSync(folder + '/here/weights', 'weights of a-1');
  work.renew(lease, 0.5, 1);
  console.log(await work.finish(lease, { ...${JSON.stringify(GIVEN)}, files: ['weights'] }));
  at('after complete');
  await work.close();
  await connection.close();`;

describe.skipIf(lacksRedis())('a queue of units', () => {
  const redis = redisServer();
  let connection: QueueConnection;
  const opened: WorkSource[] = [];
  beforeAll(async () => {
    connection = await openConnection(redis.url, { env: {} });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((source) => source.close()));
  });
  afterAll(() => connection.close());

  let queues = 0;
  const newName = () => `faults-${++queues}`;
  const open = async (name: string, options: Partial<BullSourceOptions> = {}) => {
    const source = await bullSource({ connection, name, carrier: NO_FILES, ...options });
    opened.push(source);
    return source;
  };
  const eventually = (look: () => Promise<unknown>) => expect.poll(look, { timeout: 120_000, interval: 20 });

  test.each([
    ['before claim', 1, 0],
    ['after claim', 2, 1],
    ['before upload', 2, 1],
    ['between upload and complete', 2, 1],
    ['after complete', 'done', 0],
    ['never', 'done', 0],
  ])('a worker that is killed %s leaves the unit to the next, or done', async (point, left, failures) => {
    const name = newName();
    const folder = join(root, name);
    for (const part of ['here', 'store']) mkdirSync(join(folder, part), { recursive: true });
    const { code } = await runModule(WORKER, [redis.url, name, folder, point]).ended;
    expect(code).toBe(point === 'never' ? 0 : null);
    const work = await open(name, { lockMs: LOCK_MS });
    if (left === 'done') {
      expect(await work.claim(['a-1'])).toBeUndefined();
    } else {
      await eventually(() => work.claim(['a-1'])).toEqual({ unit: 'a-1', number: left });
      expect(await work.failuresOf('a-1')).toHaveLength(failures);
      const next = await runModule(WORKER, [redis.url, name, folder, 'never'], {}).ended;
      // The unit is another's now, and free to nobody.
      expect(next.code).toBe(1);
      expect(await work.finish({ unit: 'a-1', number: left as number }, GIVEN)).toBe('kept');
    }
    expect(await work.resultOf('a-1')).toEqual(GIVEN);
    expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'done', failures, results: 1 });
    if (left === 'done') expect(readFileSync(join(folder, 'store/weights'), 'utf8')).toBe('weights of a-1');
  });

  describe('whose Redis is killed and restarted', () => {
    const restart = async () => {
      await redis.kill();
      await redis.start();
    };

    test('while a unit is held: the lease holds, and its result is kept', async () => {
      const work = await open(newName());
      const lease = await claimed(work, 'a-1');
      await restart();
      expect(work.renew(lease, 0.5, 1)).toBe(true);
      expect(await work.finish(lease, GIVEN)).toBe('kept');
      expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'done', failures: 0, results: 1 });
    });

    test('between upload and complete', async () => {
      const work = await open(newName(), {
        carrier: {
          ...NO_FILES,
          put: async () => {
            await restart();
            return [{ name: 'weights' }];
          },
        },
      });
      expect(await work.finish(await claimed(work, 'a-1'), { ...GIVEN, files: ['weights'] })).toBe('kept');
    });

    test('after complete: the result is there', async () => {
      const name = newName();
      const work = await open(name);
      await work.finish(await claimed(work, 'a-1'), GIVEN);
      await restart();
      expect(await (await open(name)).resultOf('a-1')).toEqual(GIVEN);
      expect(await work.claim(['a-1'])).toBeUndefined();
    });

    test('before a claim, a failure, and what is given back: they wait for it', async () => {
      const work = await open(newName());
      const units = ['a-1', 'b-1', 'c-1'];
      const [a, b] = [await claimed(work, 'a-1'), await claimed(work, 'b-1')];
      await redis.kill();
      const waiting = Promise.all([work.claim(['c-1']), work.fail(a, 'no luck'), work.giveBack(b)]);
      await redis.start();
      expect(await waiting).toEqual([{ unit: 'c-1', number: 1 }, undefined, undefined]);
      const standing = await work.standing(units);
      expect(units.map((unit) => standing.get(unit))).toEqual([
        { state: 'open', failures: 1, results: 0 },
        { state: 'open', failures: 0, results: 0 },
        expect.objectContaining({ state: 'held' }),
      ]);
    });

    test('and away for longer than a lock lasts: who had a unit has it still, and nobody has failed', async () => {
      const name = newName();
      const work = await open(name, { lockMs: LOCK_MS });
      const lease = await claimed(work, 'a-1');
      await redis.kill();
      const killed = performance.now();
      await expect.poll(() => performance.now() - killed, { timeout: 60_000 }).toBeGreaterThan(2 * LOCK_MS);
      await redis.start();
      expect(await work.finish(lease, GIVEN)).toBe('kept');
      expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'done', failures: 0, results: 1 });
    });
  });

  test('an owner that sleeps until its unit waits as stalled has it still where nobody has started it', async () => {
    const name = newName();
    const owner = await bullSource({ connection, name, carrier: NO_FILES, lockMs: 1_000_000 });
    const lease = await claimed(owner, 'a-1');
    const key = `retort:${name}:a-1`;
    await connection.client.del(`${key}:lock`);
    const other = await open(name, { lockMs: LOCK_MS });
    await eventually(async () => {
      // The owner has looked for stalled jobs when it began, for long.
      await connection.client.del(`retort:${name}:stalled-check`);
      return connection.client.hget(key, 'stc');
    }).toBe('1');
    expect((await other.standing(['a-1'])).get('a-1')).toEqual({ state: 'open', failures: 1, results: 0 });
    expect(await owner.finish(lease, GIVEN)).toBe('kept');
    expect((await other.standing(['a-1'])).get('a-1')).toEqual({ state: 'done', failures: 0, results: 1 });
    await owner.close();
  });

  describe('whose reply is lost', () => {
    const through = async (use: (work: WorkSource, loseReply: () => void) => Promise<void>) => {
      const proxy = await replyLosingProxy(redis.port);
      const own = await openConnection(proxy.url, { env: {} });
      const work = await bullSource({ connection: own, name: newName(), carrier: NO_FILES, lockMs: LOCK_MS });
      await use(work, proxy.loseReply);
      await work.close();
      await own.close();
      proxy.close();
    };

    test('after complete: the command that is sent again finds its own result', () =>
      through(async (work, loseReply) => {
        const lease = await claimed(work, 'a-1');
        loseReply();
        expect(await work.finish(lease, GIVEN)).toBe('kept');
        expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'done', failures: 0, results: 1 });
      }));

    test('after a claim: the unit is free again when its lock expires', () =>
      through(async (work, loseReply) => {
        await work.giveBack(await claimed(work, 'a-1'));
        loseReply();
        await eventually(() => work.claim(['a-1'])).toMatchObject({ unit: 'a-1' });
      }));
  });
});
