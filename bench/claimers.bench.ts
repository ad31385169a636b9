/**
 * @file A thousand who claim units of no work from one queue on Redis, in a few processes: units a second, the time from the
 * claim of a unit to its kept result, and the memory of Redis and of a process that looks on as a coordinator does.
 *
 *   npm run bench -- claimers [--claimers 1000] [--processes 4] [--units 20000]
 *
 * Needs `redis-server`, or its path in `RETORT_REDIS_SERVER`; it is started with an append-only file, synced each second.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bullSource } from '../src/queue/bull-source.js';
import { openConnection, type QueueConnection } from '../src/queue/connection.js';
import type { Claimed, ClaimOrder } from './claiming-process.js';
import { median } from './figures.js';
import { freePort } from './free-port.js';
import { startRedis } from './redis-process.js';

const LOOK_MS = 1000;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      claimers: { type: 'string', default: '1000' },
      processes: { type: 'string', default: '4' },
      units: { type: 'string', default: '20000' },
    },
  });
  const [claimers, processes, units] = [values.claimers, values.processes, values.units].map(Number) as [
    number,
    number,
    number,
  ];
  const folder = mkdtempSync(join(tmpdir(), 'retort-claimers-'));
  const port = await freePort();
  const redis = await startRedis(port, folder);
  const children: ChildProcess[] = [];
  try {
    const url = `redis://127.0.0.1:${port}`;
    const connection = await openConnection(url);
    const names = Array.from({ length: units }, (_, unit) => `unit-${unit}`);
    const looking = await bullSource({
      connection,
      name: 'bench',
      carrier: { put: async () => [], take: async () => {} },
    });
    const added = performance.now();
    const first = await looking.claim(names);
    if (first !== undefined) await looking.giveBack(first);
    console.log(`${units} units added in ${((performance.now() - added) / 1000).toFixed(1)} s`);
    const order: ClaimOrder = { url, name: 'bench', units, claimers: Math.ceil(claimers / processes) };
    const started = Array.from({ length: processes }, () => claiming(order, children));
    await Promise.all(started.map(({ ready }) => ready));
    const begun = performance.now();
    for (const child of children) child.send('go');
    const looks = { redis: [memoryOf(redis)], own: [process.memoryUsage().rss], ms: [] as number[], connections: 0 };
    let isOver = false;
    const onlooker = (async () => {
      while (!isOver) {
        const look = performance.now();
        await looking.standing(names);
        looks.ms.push(performance.now() - look);
        looks.connections = Math.max(looks.connections, await connectionsOf(connection));
        looks.redis.push(memoryOf(redis));
        looks.own.push(process.memoryUsage().rss);
        await sleep(LOOK_MS);
      }
    })();
    const ended = await Promise.all(started.map(({ done }) => done));
    const seconds = (performance.now() - begun) / 1000;
    isOver = true;
    await onlooker;
    const standing = [...(await looking.standing(names)).values()];
    const done = standing.filter(({ state, results }) => state === 'done' && results === 1).length;
    const cycles = ended.flatMap(({ cycles }) => cycles).sort((a, b) => a - b);
    report({ claimers, processes, units, seconds, done, cycles, ended, looks });
    await looking.close();
    await connection.close();
  } finally {
    for (const child of children) child.kill('SIGKILL');
    redis.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

type Report = Omit<ClaimOrder, 'url' | 'name'> & {
  readonly processes: number;
  readonly seconds: number;
  readonly done: number;
  readonly cycles: readonly number[];
  readonly ended: readonly Claimed[];
  readonly looks: {
    readonly redis: readonly number[];
    readonly own: readonly number[];
    readonly ms: readonly number[];
    readonly connections: number;
  };
};

function report({ claimers, processes, units, seconds, done, cycles, ended, looks }: Report): void {
  const kept = ended.reduce((sum, one) => sum + one.kept, 0);
  const at = (share: number) => (cycles[Math.floor(share * (cycles.length - 1))] ?? 0).toFixed(1);
  const mib = (bytes: readonly number[]) => `${(Math.max(...bytes) / 2 ** 20).toFixed(0)} MiB`;
  console.log(`${claimers} claimers in ${processes} processes: ${done} of ${units} units done, ${kept} kept once each`);
  console.log(`${(units / seconds).toFixed(0)} units/s, ${((1000 * seconds) / units).toFixed(2)} ms a unit`);
  console.log(`from asking for a unit to its kept result: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, all claimers at once`);
  console.log(`memory at most: Redis ${mib(looks.redis)}, a claiming process ${mib(ended.map(({ rss }) => rss))}`);
  console.log(
    `of a process that looks on ${mib(looks.own)}; a look at all units took ${median(looks.ms).toFixed(0)} ms`,
  );
  console.log(`connections to Redis at most: ${looks.connections}`);
}

async function connectionsOf({ client }: QueueConnection): Promise<number> {
  return Number(/connected_clients:(\d+)/u.exec(await client.info('clients'))?.[1]);
}

function claiming(order: ClaimOrder, children: ChildProcess[]) {
  const child = fork(fileURLToPath(new URL('./claiming-process.js', import.meta.url)));
  children.push(child);
  const ready = new Promise<void>((resolve) => child.once('message', () => resolve()));
  const done = ready.then(
    () => new Promise<Claimed>((resolve) => child.once('message', (it) => resolve(it as Claimed))),
  );
  child.send(order);
  return { ready, done };
}

/** Resident, in bytes. */
function memoryOf({ pid }: ChildProcess): number {
  return 1024 * Number(/VmRSS:\s*(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
}
