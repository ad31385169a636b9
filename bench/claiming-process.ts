/** @file One process of the bench `claimers`: many who claim from one source, over one connection. */
import { bullSource } from '../src/queue/bull-source.js';
import { openConnection } from '../src/queue/connection.js';

export type ClaimOrder = {
  readonly url: string;
  readonly name: string;
  readonly units: number;
  readonly claimers: number;
};

export type Claimed = {
  readonly kept: number;
  /** Milliseconds from asking for a unit to its kept result. */
  readonly cycles: readonly number[];
  /** Resident, in bytes. */
  readonly rss: number;
};

process.once('message', (order) => void claim(order as ClaimOrder));

async function claim({ url, name, units, claimers }: ClaimOrder): Promise<void> {
  const connection = await openConnection(url);
  const source = await bullSource({ connection, name, carrier: { put: async () => [], take: async () => {} } });
  const names = Array.from({ length: units }, (_, unit) => `unit-${unit}`);
  const first = await source.claim(names);
  if (first !== undefined) await source.giveBack(first);
  const go = new Promise((resolve) => process.once('message', resolve));
  process.send?.('ready');
  await go;
  const cycles: number[] = [];
  let kept = 0;
  const one = async () => {
    for (;;) {
      const begun = performance.now();
      const lease = await source.claim(names);
      if (lease === undefined) return;
      source.renew(lease, 0.5, 0);
      const finished = await source.finish(lease, { result: { score: 0.5 }, about: { seconds: 0 } });
      if (finished === 'kept') kept += 1;
      cycles.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: claimers }, one));
  const claimed: Claimed = { kept, cycles, rss: process.memoryUsage.rss() };
  process.send?.(claimed);
  await source.close();
  await connection.close();
  process.disconnect?.();
}
