/**
 * @file What sharing work by files costs: milliseconds of a unit that is claimed, renewed and finished with its result synced
 * to the disk, by one worker and by several in turn.
 *
 *   npm run bench -- shared-work [--units 1000] [--workers 4] [--rounds 3]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { leaseFolder } from '../src/files/lease-folder.js';
import { machine, spread } from './figures.js';

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      units: { type: 'string', default: '1000' },
      workers: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const [units, most, rounds] = [values.units, values.workers, values.rounds].map(Number) as [number, number, number];
  console.log(machine());
  const scratch = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  try {
    for (const workers of [1, most]) {
      const taken: number[] = [];
      for (let round = 0; round < rounds; round++) {
        taken.push(await msOfUnit(join(scratch, `${workers}-${round}`), units, workers));
      }
      console.log(`${units} units, ${workers} at a time: ${spread(taken)} ms a unit`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function msOfUnit(folder: string, count: number, workers: number): Promise<number> {
  const units = Array.from({ length: count }, (_, unit) => `unit-${unit}`);
  const sources = await Promise.all(Array.from({ length: workers }, () => leaseFolder(folder)));
  const begun = performance.now();
  await Promise.all(
    sources.map(async (source) => {
      for (let lease = await source.claim(units); lease !== undefined; lease = await source.claim(units)) {
        source.renew(lease, 0.5, 1);
        await source.finish(lease, { result: { score: 0.5 }, about: { seconds: 1 } });
      }
    }),
  );
  return (performance.now() - begun) / count;
}
