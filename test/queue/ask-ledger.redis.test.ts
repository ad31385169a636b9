import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AskLedger, type AskStanding, type ClaimedUnit } from '../../src/queue/ask-ledger.js';
import { openConnection, type QueueConnection } from '../../src/queue/connection.js';
import { RandomStream } from '../../src/tensor/random.js';
import { lacksRedis, redisServer } from './redis-server.js';

/** So short that the deaths of a test are noticed at once; no claim of a living worker depends on it. */
const SHORT_MS = 200;
const LONG_MS = 60_000;

describe.skipIf(lacksRedis())('AskLedger', () => {
  const redis = redisServer();
  let connection: QueueConnection;
  let asks = 0;
  let claims = 0;

  beforeAll(async () => {
    connection = await openConnection(redis.url, { env: {} });
  });
  afterAll(() => connection.close());

  async function ledgerOf(terms: { limit?: number; spent?: number; intervalMs?: number; leaseMs?: number } = {}) {
    const ledger = new AskLedger(connection.client, `test-${asks++}`);
    await ledger.open({ document: '{}', spent: 0, leaseMs: LONG_MS, ...terms });
    return ledger;
  }

  async function claimed(ledger: AskLedger, owner = 'a'): Promise<ClaimedUnit> {
    for (;;) {
      const unit = await ledger.claim(`claim-${claims++}`, owner);
      if (typeof unit === 'object') return unit;
      expect(unit).toBe('none');
      await sleep(20);
    }
  }

  async function standingOf(ledger: AskLedger): Promise<AskStanding> {
    const standing = await ledger.standing();
    if (standing === undefined) throw new Error('nothing there');
    return standing;
  }

  test('reserves up to the limit, exactly, and frees what a request did not take', async () => {
    const ledger = await ledgerOf({ limit: 100, spent: 20 });
    await ledger.publish('u', '[]');
    const unit = await claimed(ledger);
    expect(await ledger.reserve(unit, '1-1', 50)).toBe('reserved');
    expect(await ledger.reserve(unit, '1-2', 31)).toBe('wait');
    expect(await ledger.reserve(unit, '1-2', 30)).toBe('reserved');
    expect(await ledger.keep(unit, '1-1', 10, 'one')).toBe('kept');
    expect(await standingOf(ledger)).toMatchObject({ spent: 30, reserved: 30, underWay: 1, forfeited: 0, replies: 1 });
    expect(await ledger.reserve(unit, '1-3', 40)).toBe('reserved');
    await ledger.release(unit, '1-3');
    await ledger.release(unit, '1-2');
    // What was spent alone leaves no room: nobody waits, and all stop.
    expect(await ledger.reserve(unit, '1-4', 71)).toBe('stopped');
    expect(await standingOf(ledger)).toMatchObject({ spent: 30, reserved: 0, underWay: 0, stop: 'spent 71' });
    expect(await ledger.claim('late', 'b')).toBe('stopped');
    await ledger.open({ document: '{}', limit: 101, spent: 0, leaseMs: LONG_MS });
    expect(await ledger.reserve(unit, '1-5', 71)).toBe('reserved');
    await ledger.end();
    expect(await connection.client.keys(`retort:ask:${ledger.id}*`)).toEqual([]);
  });

  test('every step may be sent twice, and counts once', async () => {
    const ledger = await ledgerOf({ limit: 100 });
    await ledger.publish('u', '[]');
    await ledger.publish('u', '["another"]');
    const unit = await ledger.claim('same', 'a');
    expect(await ledger.claim('same', 'a')).toEqual(unit);
    if (typeof unit === 'string') throw new Error(unit);
    expect(unit).toEqual({ name: 'u', lease: 1, rows: '[]', replies: [] });
    for (let i = 0; i < 2; i++) expect(await ledger.reserve(unit, '1-1', 60)).toBe('reserved');
    for (let i = 0; i < 2; i++) expect(await ledger.keep(unit, '1-1', 7, 'one')).toBe('kept');
    await ledger.reserve(unit, '1-2', 5);
    for (let i = 0; i < 2; i++) await ledger.release(unit, '1-2');
    for (let i = 0; i < 2; i++) await ledger.finish(unit, 1);
    const standing = await standingOf(ledger);
    expect(standing).toMatchObject({ spent: 7, reserved: 0, underWay: 0, replies: 1 });
    expect(standing.units).toEqual({ open: [], held: [], done: ['u'], aside: [] });
    expect(await ledger.unit('u')).toMatchObject({ replies: ['one'], owner: 'a', seconds: 1 });
    for (let i = 0; i < 2; i++) await ledger.retire('u');
    expect(await ledger.unit('u')).toBeUndefined();
  });

  // Where a worker dies, what is spent after another has its unit, and what that one finds.
  test.each([
    ['after the claim', 0, 0, [] as string[]],
    ['after it reserved', 1, 9, []],
    ['after it sent', 2, 9, []],
    ['after the reply was kept', 3, 4, ['one']],
    ['after the next was reserved', 4, 13, ['one']],
  ])(
    'a worker that dies %s: its successor knows what is kept, and all that may have been sent is paid',
    async (_at, steps, spent, replies) => {
      const ledger = await ledgerOf({ limit: 100, leaseMs: SHORT_MS });
      await ledger.publish('u', '[]');
      const dead = await claimed(ledger, 'dead');
      if (steps > 0) await ledger.reserve(dead, '1-1', 9);
      if (steps > 2) await ledger.keep(dead, '1-1', 4, 'one');
      if (steps > 3) await ledger.reserve(dead, '1-2', 9);
      const next = await claimed(ledger, 'next');
      expect(next).toEqual({ name: 'u', lease: 2, rows: '[]', replies });
      const isPending = steps > 0 && steps !== 3;
      expect(await standingOf(ledger)).toMatchObject({ spent, reserved: 0, forfeited: isPending ? 9 : 0 });
      // It was only asleep: nothing of it counts any more.
      expect(await ledger.renew(dead)).toEqual({ holds: false });
      expect(await ledger.reserve(dead, '1-3', 1)).toBe('lost');
      expect(await ledger.keep(dead, steps > 3 ? '1-2' : '1-3', 1, 'late')).toBe('lost');
      await ledger.finish(dead, 1);
      await ledger.giveBack(dead);
      expect((await standingOf(ledger)).units.held).toEqual(['u']);
      await ledger.end();
    },
  );

  test('replies are in the order of leases and requests', async () => {
    const ledger = await ledgerOf();
    await ledger.publish('u', '[]');
    const first = await claimed(ledger);
    for (const n of [10, 9, 2]) {
      await ledger.reserve(first, `1-${n}`, 0);
      await ledger.keep(first, `1-${n}`, 0, `1-${n}`);
    }
    await ledger.giveBack(first);
    const second = await claimed(ledger);
    await ledger.reserve(second, '2-1', 0);
    await ledger.keep(second, '2-1', 0, '2-1');
    expect((await ledger.unit('u'))?.replies).toEqual(['1-2', '1-9', '1-10', '2-1']);
  });

  test('a unit that fails three times is set aside with its reason, and has its tries again when the ask is resumed', async () => {
    const ledger = await ledgerOf();
    await ledger.publish('u', '[]');
    for (let i = 0; i < 3; i++) await ledger.fail(await claimed(ledger), `reason ${i}`);
    expect((await standingOf(ledger)).units).toEqual({ open: [], held: [], done: [], aside: ['u'] });
    expect((await ledger.unit('u'))?.reason).toBe('reason 2');
    expect(await ledger.open({ document: '{}', spent: 5, leaseMs: LONG_MS })).toBe(true);
    expect((await standingOf(ledger)).units.open).toEqual(['u']);
    expect((await claimed(ledger)).lease).toBe(4);
  });

  test('a restart of Redis loses neither replies nor what is reserved, and no lease ends by it', async () => {
    const ledger = await ledgerOf({ limit: 100, leaseMs: 1000 });
    await ledger.publish('u', '[]');
    const unit = await claimed(ledger);
    await ledger.reserve(unit, '1-1', 9);
    await ledger.keep(unit, '1-1', 4, 'one');
    await ledger.reserve(unit, '1-2', 9);
    await redis.kill();
    const renewed = ledger.renew(unit);
    await sleep(1500); // longer than the lease
    await redis.start();
    expect(await renewed).toEqual({ holds: true });
    expect(await ledger.claim('other', 'b')).toBe('none');
    expect(await standingOf(ledger)).toMatchObject({ spent: 4, reserved: 9, replies: 1 });
    expect(await ledger.keep(unit, '1-2', 5, 'two')).toBe('kept');
  });

  test('turns are spaced for all together, and held back for all', async () => {
    const ledger = await ledgerOf({ intervalMs: 1000 });
    const waits = await Promise.all(Array.from({ length: 5 }, () => ledger.turn()));
    // The interval times 0 … 4, less the time that the calls took.
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeLessThanOrEqual(1000 * i);
      expect(wait).toBeGreaterThan(1000 * (i - 1));
    }
    expect(await ledger.hold(30_000)).toBeCloseTo(30_000, 3);
    expect(await ledger.hold(10)).toBeGreaterThan(20_000);
    expect(await ledger.turn()).toBeGreaterThan(20_000);
  });

  /**
   * Workers that claim, reserve, send, keep and finish, and die in between at random, by a seed. The service charges each
   * request what it likes, up to the most.
   */
  test.each([
    [1, 9000],
    [2, 2000],
    [3, 500],
  ])(
    '300 workers, of which many die: the budget holds, and no row is asked again whose reply is kept (seed %i, limit %i)',
    async (seed, limit) => {
      const random = new RandomStream(seed, 'workers');
      const [units, rows, most] = [150, 4, 10];
      const ledger = await ledgerOf({ limit, leaseMs: SHORT_MS });
      for (let u = 0; u < units; u++) await ledger.publish(`u${u}`, JSON.stringify([u]));
      let charged = 0;
      const kept = new Map<string, number>();
      let again = 0;
      const dies = (): boolean => random.uniform() < 0.02;
      const work = async (worker: number): Promise<void> => {
        for (;;) {
          const unit = await ledger.claim(`${seed}-${worker}-${claims++}`, `w${worker}`);
          if (unit === 'stopped' || unit === 'gone') return;
          if (unit === 'none') {
            const { open, held } = (await standingOf(ledger)).units;
            if (open.length + held.length === 0) return;
            await sleep(50);
            continue;
          }
          if (dies()) return;
          let isLost = false;
          for (let row = 0; row < rows && !isLost; row++) {
            const key = `${unit.name}:${row}`;
            if (unit.replies.includes(key)) continue;
            const request = `${unit.lease}-${row}`;
            let reserved = await ledger.reserve(unit, request, most);
            while (reserved === 'wait') {
              await sleep(20);
              await ledger.renew(unit);
              reserved = await ledger.reserve(unit, request, most);
            }
            if (reserved === 'stopped') return ledger.giveBack(unit);
            if (reserved === 'lost') {
              isLost = true;
              break;
            }
            if (dies()) return;
            const cost = 1 + Math.floor(random.uniform() * most);
            if (kept.has(key)) again += 1;
            charged += cost;
            if (dies()) return;
            if ((await ledger.keep(unit, request, cost, key)) === 'lost') isLost = true;
            else kept.set(key, (kept.get(key) ?? 0) + 1);
            if (dies()) return;
          }
          if (!isLost) await ledger.finish(unit, 1);
        }
      };
      await Promise.all(Array.from({ length: 300 }, (_, worker) => work(worker)));
      await work(300 + seed); // one that may find what the last of the dead had
      const { spent, forfeited, replies, stop, units: left } = await standingOf(ledger);
      expect(spent).toBeLessThanOrEqual(limit);
      expect(charged).toBeLessThanOrEqual(spent);
      expect(forfeited).toBeGreaterThan(0);
      expect(again).toBe(0);
      expect([...kept.values()].every((times) => times === 1)).toBe(true);
      expect(replies).toBe(kept.size);
      // 600 rows at 10 each at most, and what the dead had, are within 9000.
      if (limit === 9000) expect([stop, left.done.length + left.aside.length]).toEqual([undefined, units]);
      else expect(stop).toBe('spent 10');
      let found = 0;
      for (let u = 0; u < units; u++) found += (await ledger.unit(`u${u}`))?.replies.length ?? 0;
      expect(found).toBe(kept.size);
      await ledger.end();
    },
  );
});
