import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sealed } from '../../src/files/sealed-json.js';
import type { WorkSource } from '../../src/files/work-source.js';
import { type BullSourceOptions, bullSource } from '../../src/queue/bull-source.js';
import { openConnection, type QueueConnection } from '../../src/queue/connection.js';
import { lacksRedis, redisServer } from './redis-server.js';
import { claimed, describeWorkSource } from './work-source-contract.js';

const GIVEN = { result: { score: 0.5 }, about: { seconds: 3 } };
const NO_FILES = { put: async () => [], take: async () => {} };

describe.skipIf(lacksRedis())('bullSource', () => {
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
  const newName = () => `work-${++queues}`;
  const open = async (name: string, options: Partial<BullSourceOptions> = {}) => {
    const source = await bullSource({ connection, name, carrier: NO_FILES, ...options });
    opened.push(source);
    return source;
  };
  const keyOf = (name: string, unit: string) => `retort:${name}:${unit}`;

  describeWorkSource(() => {
    const name = newName();
    return () => open(name);
  });

  test('a job names its unit and nothing else of it', async () => {
    const name = newName();
    const work = await open(name);
    await work.giveBack(await claimed(work, 'a-1'));
    const { data, name: jobName, opts } = await connection.client.hgetall(keyOf(name, 'a-1'));
    expect({ data, jobName, opts: JSON.parse(opts ?? '') }).toEqual({
      data: '{}',
      jobName: 'unit',
      opts: { attempts: 1_000_000, jobId: 'a-1', removeOnComplete: false, removeOnFail: false, backoff: undefined },
    });
  });

  test.each(['a:1', '../a', '12', 'wait', 'waiting-children', ''])('refuses %j as a unit', async (unit) => {
    const work = await open(newName());
    await expect(work.claim([unit])).rejects.toThrow('unit of work: wanted a name of letters, digits, - and _');
  });

  test('refuses a name that no queue can have', async () => {
    await expect(open('a:b')).rejects.toThrow('name of a queue: wanted letters, digits, -, _ and ., got "a:b"');
  });

  test('a source that claimed under another source cannot end its lease', async () => {
    const name = newName();
    const [one, two] = [await open(name), await open(name)];
    const lease = await claimed(one, 'a-1');
    expect(two.renew(lease, 0.5, 1)).toBe(false);
    expect(await two.finish(lease, GIVEN)).toBe('lost');
    expect(await one.finish(lease, GIVEN)).toBe('kept');
  });

  describe('an owner that gives no sign of life', () => {
    /** It has ended its timers, as one that died or sleeps. */
    const silent = async (name: string) => {
      const owner = await bullSource({ connection, name, carrier: NO_FILES, lockMs: 1_000_000 });
      const lease = await claimed(owner, 'a-1');
      return { owner, lease, expire: () => expireLock(name) };
    };
    const expireLock = (name: string) => connection.client.del(`${keyOf(name, 'a-1')}:lock`);
    /** Each time as if nobody had looked for stalled jobs yet: the silent ones did when they began, for long. */
    const nextLease = (work: WorkSource, name: string) =>
      expect.poll(
        async () => {
          await connection.client.del(keyOf(name, 'stalled-check'));
          return work.claim(['a-1']);
        },
        { timeout: 60_000, interval: 20 },
      );

    test('is followed by the next when its lock expires, which counts as a failure', async () => {
      const name = newName();
      const { owner, lease, expire } = await silent(name);
      const work = await open(name, { lockMs: 40 });
      expect(await work.claim(['a-1'])).toBeUndefined();
      await expire();
      await nextLease(work, name).toEqual({ unit: 'a-1', number: 2 });
      expect(await work.failuresOf('a-1')).toEqual([
        `its owner, process ${process.pid} on ${hostname()}, ended without a word`,
      ]);
      // It wakes up: what it has goes nowhere.
      expect(await owner.finish(lease, { ...GIVEN, result: 'other' })).toBe('lost');
      expect(await work.finish({ unit: 'a-1', number: 2 }, GIVEN)).toBe('kept');
      expect(await work.resultOf('a-1')).toEqual(GIVEN);
      await owner.close();
    });

    test('and wakes up before anybody followed has its lease still', async () => {
      const name = newName();
      const { owner, lease, expire } = await silent(name);
      await expire();
      expect(await owner.finish(lease, GIVEN)).toBe('kept');
      await owner.close();
    });

    /** The owner, after another was done with its unit. */
    const overtaken = async (name: string) => {
      const work = await open(name, { lockMs: 40 });
      const { expire, ...left } = await silent(name);
      await expire();
      await nextLease(work, name).toEqual({ unit: 'a-1', number: 2 });
      expect(await work.finish({ unit: 'a-1', number: 2 }, GIVEN)).toBe('kept');
      return { work, ...left };
    };

    test('and wakes up after another was done with it: the same result is no news', async () => {
      const { work, owner, lease } = await overtaken(newName());
      expect(await owner.finish(lease, { ...GIVEN, about: { seconds: 4 } })).toBe('same');
      expect((await work.standing(['a-1'])).get('a-1')).toMatchObject({ state: 'done', results: 1 });
      await owner.close();
    });

    test('and wakes up with another result than who was done with it: both are refused for all', async () => {
      const { work, owner, lease } = await overtaken(newName());
      await work.standing(['a-1']);
      const late = owner.finish(lease, { ...GIVEN, result: 'other' });
      await expect(late).rejects.toThrow('wanted one result of a unit, however often it is done, got two that differ');
      // Whoever took the first of them learns of it, too.
      expect((await work.standing(['a-1'])).get('a-1')).toMatchObject({ state: 'done', results: 2 });
      await expect(work.resultOf('a-1')).rejects.toThrow('got two that differ');
      await owner.close();
    });

    test('three times: the unit is set aside, until that is forgiven', async () => {
      const name = newName();
      // Long enough for who sets it aside on a busy machine.
      const work = await open(name, { lockMs: 2000 });
      for (const number of [1, 2, 3]) {
        const owner = await bullSource({ connection, name, carrier: NO_FILES, lockMs: 1_000_000 });
        await nextLease(owner, name).toEqual({ unit: 'a-1', number });
        await owner.close();
        await expireLock(name);
      }
      const aside = { state: 'aside', failures: 3, results: 0 };
      const standing = async () => {
        await connection.client.del(keyOf(name, 'stalled-check'));
        return (await work.standing(['a-1'])).get('a-1');
      };
      await expect.poll(standing, { timeout: 60_000 }).toEqual(aside);
      expect(await work.claim(['a-1'])).toBeUndefined();
      expect((await work.standing(['a-1'])).get('a-1')).toEqual(aside);
      const reason = `its owner, process ${process.pid} on ${hostname()}, ended without a word`;
      expect(await work.failuresOf('a-1')).toEqual([reason, reason, reason]);
      await work.forgive(['a-1']);
      expect(await work.failuresOf('a-1')).toEqual([]);
      expect(await work.claim(['a-1'])).toMatchObject({ unit: 'a-1' });
    });
  });

  test('keeps its locks for as long as it holds them', async () => {
    const name = newName();
    const work = await open(name, { lockMs: 200 });
    const other = await open(name, { lockMs: 200 });
    const lease = await claimed(work, 'a-1');
    const lock = `${keyOf(name, 'a-1')}:lock`;
    // Renewed: it has more left than a moment before.
    let before = await connection.client.pttl(lock);
    await expect
      .poll(
        async () => {
          const left = await connection.client.pttl(lock);
          const isRenewed = left > before;
          before = left;
          return isRenewed;
        },
        { timeout: 60_000, interval: 10 },
      )
      .toBe(true);
    expect(await other.claim(['a-1'])).toBeUndefined();
    expect(work.renew(lease, 0.5, 1)).toBe(true);
  });

  test('notices that its lock is another owner’s', async () => {
    const name = newName();
    const work = await open(name, { lockMs: 40 });
    const lease = await claimed(work, 'a-1');
    await connection.client.set(`${keyOf(name, 'a-1')}:lock`, 'theirs');
    await expect.poll(() => work.renew(lease, 0.5, 1), { timeout: 60_000, interval: 10 }).toBe(false);
    expect(await work.finish(lease, GIVEN)).toBe('lost');
  });

  describe('files', () => {
    const carrierOf = (there: Map<string, string>, brought: unknown[] = []) => ({
      put: async (names: readonly string[]) => names.map((name) => ({ name, sha256: there.get(name) ?? never() })),
      take: async (files: unknown) => void brought.push(files),
    });

    test('are carried before the result is kept, and brought by whoever takes it', async () => {
      const name = newName();
      const work = await open(name, { carrier: carrierOf(new Map([['a-1/last.ckpt', 'ab']])) });
      expect(await work.finish(await claimed(work, 'a-1'), { ...GIVEN, files: ['a-1/last.ckpt'] })).toBe('kept');
      const brought: unknown[] = [];
      const other = await open(name, { carrier: carrierOf(new Map(), brought) });
      await other.bring('a-1');
      expect(brought).toEqual([[{ name: 'a-1/last.ckpt', sha256: 'ab' }]]);
      expect(await other.resultOf('a-1')).toEqual(GIVEN);
    });

    test('that are the result are compared by what they hold', async () => {
      const name = newName();
      const one = await open(name, { carrier: carrierOf(new Map([['part', 'ab']])) });
      const other = await open(name, { carrier: carrierOf(new Map([['part', 'cd']])) });
      const lease = await claimed(one, 'a-1');
      expect(await one.deliver(lease, ['part'])).toBe('kept');
      expect(await one.deliver(lease, ['part'])).toBe('kept');
      await expect(other.deliver(lease, ['part'])).rejects.toThrow('got two that differ');
    });

    test('that cannot be carried fail the unit, which is free again', async () => {
      const work = await open(newName(), { carrier: carrierOf(new Map()) });
      const lease = await claimed(work, 'a-1');
      await expect(work.deliver(lease, ['part'])).rejects.toThrow('no such file');
      expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'open', failures: 1, results: 0 });
      expect(await work.failuresOf('a-1')).toEqual(['no such file']);
    });
  });

  test('a result larger than 1 MiB is refused, and its unit has failed', async () => {
    const work = await open(newName());
    const lease = await claimed(work, 'a-1');
    const large = work.finish(lease, { ...GIVEN, result: 'x'.repeat(2 ** 20) });
    await expect(large).rejects.toThrow(
      /^a-1 in the queue work-\d+ of Redis at 127\.0\.0\.1:\d+: wanted a result of at/,
    );
    expect((await work.standing(['a-1'])).get('a-1')).toMatchObject({ state: 'open', failures: 1 });
  });

  const good = sealed({ unit: 'a-1', lease: 1, ...GIVEN, files: [] });
  test.each([
    ['incomplete', JSON.stringify(good).slice(0, 20), 'got incomplete or damaged JSON'],
    ['changed', JSON.stringify(good).replace('0.5', '0.9'), 'got changed values'],
    ['without a checksum', JSON.stringify({ unit: 'a-1', lease: 1, ...GIVEN }), 'got values without one'],
    ['of another unit', JSON.stringify(sealed({ unit: 'b-1', lease: 1, ...GIVEN })), 'got that of another unit'],
    ['without its lease', JSON.stringify(sealed({ unit: 'a-1', ...GIVEN })), 'got that of another unit'],
    ['too large', JSON.stringify({ ...good, more: 'x'.repeat(2 ** 20) }), 'got more than a result may have'],
    ['nested too deep', '['.repeat(200) + ']'.repeat(200), 'got incomplete or damaged JSON'],
  ])('refuses a result that is %s', async (_how, text, got) => {
    const name = newName();
    const work = await open(name);
    await work.finish(await claimed(work, 'a-1'), GIVEN);
    await connection.client.hset(keyOf(name, 'a-1'), 'returnvalue', text);
    await expect(work.resultOf('a-1')).rejects.toThrow(got);
    await expect(work.bring('a-1')).rejects.toThrow(got);
  });
});

function never(): never {
  throw new Error('no such file');
}
