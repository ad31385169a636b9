import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { intervalMs, SharedPace } from '../../../src/experiments/asking/shared-pace.js';
import { AskLedger } from '../../../src/queue/ask-ledger.js';
import { openConnection, type QueueConnection } from '../../../src/queue/connection.js';
import { lacksRedis, redisServer } from '../../queue/redis-server.js';

const LEASE_MS = 60_000;

describe.skipIf(lacksRedis())('SharedPace', () => {
  const redis = redisServer();
  const connections: QueueConnection[] = [];

  beforeAll(async () => {
    for (let i = 0; i < 4; i++) connections.push(await openConnection(redis.url, { env: {} }));
  });
  afterAll(() => Promise.all(connections.map((connection) => connection.close())));

  /** So many that ask, over a few connections, with no other limit than the pace. */
  const pacesOf = (id: string, count: number, lateMs?: number) =>
    Array.from({ length: count }, (_, i) => {
      const { client } = connections[i % connections.length] as QueueConnection;
      return new SharedPace(new AskLedger(client, id), lateMs);
    });
  const opened = async (id: string, everyMs?: number) => {
    const ledger = new AskLedger((connections[0] as QueueConnection).client, id);
    await ledger.open({
      document: '',
      spent: 0,
      leaseMs: LEASE_MS,
      ...(everyMs !== undefined && { intervalMs: everyMs }),
    });
    return ledger;
  };
  const never = () => new AbortController().signal;

  test('200 that ask at once: in no second more than allowed, and not much less', async () => {
    const [allowed, time] = [100, { timeMs: 1000, lateMs: 200 }];
    await opened('rate', intervalMs(allowed, time));
    const sent: number[] = [];
    await Promise.all(
      pacesOf('rate', 200, time.lateMs).map(async (pace) => {
        for (let i = 0; i < 2; i++) {
          await pace.turn(never());
          sent.push(performance.now());
        }
      }),
    );
    sent.sort((a, b) => a - b);
    expect(sent).toHaveLength(400);
    // Any window begins at a request, to be full.
    for (const [i, at] of sent.entries()) {
      expect(sent[i + allowed] ?? Infinity).toBeGreaterThanOrEqual(at + time.timeMs);
    }
  });

  test('a server that asks one to wait holds back all, those whose turn has come already too', async () => {
    const ledger = await opened('quiet', 100);
    const before = performance.now();
    const sent: number[] = [];
    const all = pacesOf('quiet', 20).map(async (pace) => {
      await pace.turn(never());
      sent.push(performance.now() - before);
    });
    await ledger.hold(1500);
    await Promise.all(all);
    // The first may have gone out before; its turn was at once.
    expect(sent.filter((ms) => ms < 1500).length).toBeLessThanOrEqual(1);
    expect(sent).toHaveLength(20);
  });

  test('a stop ends the wait', async () => {
    const ledger = await opened('stopped');
    await ledger.hold(600_000);
    const stop = new AbortController();
    const waiting = new SharedPace(ledger).turn(stop.signal);
    stop.abort();
    await waiting;
  });
});
