import { describe, expect, test } from 'vitest';
import { leaseFolder } from '../../src/files/lease-folder.js';
import type { WorkSource } from '../../src/files/work-source.js';
import { labelParts } from '../../src/teachers/label-parts.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const rows = Uint32Array.of(0, 1);
let folders = 0;

/** A source whose workers see no common disk, after another has done `done`. */
async function sourceWith(done: readonly string[], bring: (unit: string) => void): Promise<WorkSource> {
  const folder = await leaseFolder(`${root}/${++folders}`);
  return {
    claim: (units) => folder.claim(units.filter((unit) => !done.includes(unit))),
    renew: (...given) => folder.renew(...given),
    finish: (...given) => folder.finish(...given),
    deliver: (...given) => folder.deliver(...given),
    bring: async (unit) => bring(unit),
    fail: (...given) => folder.fail(...given),
    giveBack: (lease) => folder.giveBack(lease),
    standing: async (units) => {
      const standing = new Map(await folder.standing(units));
      for (const unit of units) {
        if (done.includes(unit)) standing.set(unit, { state: 'done', failures: 0, results: 1 });
      }
      return standing;
    },
    resultOf: (unit) => folder.resultOf(unit),
    failuresOf: (unit) => folder.failuresOf(unit),
    forgive: (units) => folder.forgive(units),
    close: () => folder.close(),
  };
}

describe('labelParts', () => {
  test('makes what nobody has made, delivers its files, and brings what others have made', async () => {
    const there = new Set<string>();
    const delivered: (readonly string[])[] = [];
    const source = await sourceWith(['b', 'c'], (unit) => there.add(unit));
    let isClosed = false;
    await labelParts({
      source: async () => ({
        ...source,
        deliver: (lease, files) => {
          delivered.push([lease.unit, ...files]);
          return source.deliver(lease, files);
        },
        close: async () => {
          isClosed = true;
        },
      }),
      name: 'labelling',
      parts: async () => new Map(['a', 'b', 'c'].flatMap((unit) => (there.has(unit) ? [] : [[unit, rows] as const]))),
      make: async () => {
        there.add('a');
        return ['a.answers'];
      },
    });
    expect([...there].sort()).toEqual(['a', 'b', 'c']);
    expect(delivered).toEqual([['a', 'a.answers']]);
    expect(isClosed).toBe(true);
  });

  test('does not wait for a part whose files have come, and hold something else', async () => {
    const source = await sourceWith(['a'], () => {});
    const labelling = labelParts({
      source: async () => source,
      name: 'labelling by teacher t',
      parts: async () => new Map([['a', rows]]),
      make: async () => [],
    });
    await expect(labelling).rejects.toThrow(
      'labelling by teacher t: wanted the outputs for a in the files that were made for it, got none; start over',
    );
  });
});
