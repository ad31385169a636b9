import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runShared } from '../../../src/experiments/sharing/shared-runs.js';
import { secondsWith } from '../../../src/experiments/sharing/shared-time.js';
import { secondsLeftOf } from '../../../src/experiments/sharing/work-standing.js';
import { leaseFolder } from '../../../src/files/lease-folder.js';
import { sealed } from '../../../src/files/sealed-json.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-shared-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;
const newFolder = () => join(scratch, String(++folders));
const JOBS = ['a-1', 'b-1', 'a-2', 'b-2'].map((unit) => ({ unit }));
const about = { seconds: 1 };

async function sharedWork(path: string, isCancelled = () => false) {
  return { source: await leaseFolder(path), isCancelled };
}

/** One of those who work on the jobs. */
async function worker(path: string, run: (unit: string) => Promise<unknown>, isCancelled?: () => boolean) {
  const kept = new Map<string, unknown>();
  const here = await runShared(await sharedWork(path, isCancelled), {
    jobs: JOBS,
    run: async ({ unit }, progress) => {
      await run(unit);
      progress(0.5);
      return { result: `result of ${unit}`, about };
    },
    keep: ({ unit }, { result }) => kept.set(unit, result),
  });
  return { kept: [...kept].sort(), here };
}

const ALL = JOBS.map(({ unit }) => [unit, `result of ${unit}`]).sort();

describe('runShared', () => {
  test('three workers do each unit once, and each has the results of all', async () => {
    const path = newFolder();
    const done: string[] = [];
    const workers = await Promise.all([0, 1, 2].map(() => worker(path, async (unit) => done.push(unit))));
    expect(done.sort()).toEqual(JOBS.map(({ unit }) => unit).sort());
    expect(workers.map(({ kept }) => kept)).toEqual([ALL, ALL, ALL]);
    expect(workers.reduce((sum, { here }) => sum + here.size, 0)).toBe(4);
  });

  test('a unit that fails is tried again, by whomever', async () => {
    let tries = 0;
    const { kept } = await worker(newFolder(), async (unit) => {
      if (unit === 'b-1' && ++tries < 3) throw new Error('not yet');
    });
    expect(kept).toEqual(ALL);
    expect(tries).toBe(3);
  });

  test('one that fails three times is set aside: the others are done first, then it is named with its reason', async () => {
    const done: string[] = [];
    const failing = worker(newFolder(), async (unit) => {
      if (unit.startsWith('b-')) throw new Error(`${unit} has no luck`);
      done.push(unit);
    });
    await expect(failing).rejects.toThrow(
      'b-1, b-2: wanted a result of each run, got 2 set aside after 3 tries; of b-1 the last said: b-1 has no luck',
    );
    expect(done).toEqual(['a-1', 'a-2']);
  });

  test('what is cancelled hands out no unit any more', async () => {
    const done: string[] = [];
    const { kept } = await worker(
      newFolder(),
      async (unit) => done.push(unit),
      () => done.length === 2,
    );
    expect(done).toEqual(['a-1', 'b-1']);
    expect(kept.length).toBeLessThan(4);
  });

  test('a second result that differs is refused, though the first was taken already', async () => {
    const path = newFolder();
    const other = `${JSON.stringify(sealed({ unit: 'a-1', lease: 9, result: 'something else', about }))}\n`;
    const working = worker(path, async (unit) => {
      if (unit === 'b-2') writeFileSync(join(path, 'a-1.9.done'), other);
    });
    await expect(working).rejects.toThrow('wanted one result of a unit, however often it is done, got two that differ');
  });

  test('an interruption gives the unit back', async () => {
    const path = newFolder();
    const stopping = new AbortController();
    const here = await runShared(await sharedWork(path), {
      jobs: JOBS,
      run: async (_job, _progress, signal) => {
        stopping.abort();
        signal.throwIfAborted();
        throw new Error('its signal is aborted with that of all');
      },
      keep: () => {},
      signal: stopping.signal,
    });
    expect(here.size).toBe(0);
    const standing = await (await leaseFolder(path)).standing(['a-1']);
    expect(standing.get('a-1')).toEqual({ state: 'open', failures: 0, results: 0 });
  });
});

test('secondsWith: labelling divided evenly, runs by whoever is free first, the rest once', () => {
  const plan = {
    seconds: 100,
    arms: [
      { name: 'hinton', runs: 3, finished: 0, stages: [], steps: 1, seconds: 20 },
      { name: 'no-teacher', runs: 1, finished: 2, stages: [], steps: 1, seconds: 10 },
    ],
    labelling: [{ data: 'train', rows: 9, unanswered: 9, bytes: 0, seconds: 12 }],
  };
  // 18 s once, 12 s of labelling; runs of 20, 20, 20 and 10 s: by two 40 s and 30 s.
  expect(secondsWith(1, plan)).toBe(100);
  expect(secondsWith(2, plan)).toBe(18 + 6 + 40);
  expect(secondsWith(12, plan)).toBe(18 + 1 + 20);
  const { seconds: _timed, ...untimed } = plan;
  expect(secondsWith(2, untimed)).toBeUndefined();
});

test('secondsLeftOf: runs like those that are done, over the workers there are', () => {
  // Half a run of 10 s and three whole ones, by one worker: 35 s; by two, of which one is half done: 45 s / 2.
  expect(secondsLeftOf({ held: [{ fraction: 0.5 }], open: 3, taken: [8, 12] })).toBe(35);
  expect(secondsLeftOf({ held: [{ fraction: 0.5 }, { fraction: 0 }], open: 3, taken: [10] })).toBe(22.5);
  expect(secondsLeftOf({ held: [], open: 3, taken: [10] })).toBeUndefined();
  expect(secondsLeftOf({ held: [{ fraction: 0 }], open: 3, taken: [] })).toBeUndefined();
});
