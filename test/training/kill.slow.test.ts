import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '../../src/tensor/random.js';
import { killBefore, runModule, temporaryFolder } from '../files/processes.js';
import { CHILD_RUN } from './child-run.js';

const root = temporaryFolder();
const whole = join(root, 'whole');
/** From the clock, so that every run of the suite kills at other moments; printed, so that a failure can be repeated. */
const seed = Number(process.env.RETORT_TEST_SEED ?? Date.now() % 1_000_000);
/** From the start of the training to its end. */
let milliseconds = 0;
/** Calls that change the file system in a whole run. */
let calls = 0;

beforeAll(async () => {
  console.log(`kill tests: RETORT_TEST_SEED=${seed}`);
  const counted = CHILD_RUN.replace("console.log('done')", "console.log('calls ' + calls + ' done')");
  const { stdout, stderr, code } = await runModule(`${killBefore(-1)}${counted}`, [whole]).ended;
  expect(code, stderr).toBe(0);
  calls = Number(/calls (\d+)/.exec(stdout)?.[1]);
  milliseconds = 1000 * Number(/took ([\d.]+) s/.exec(stdout)?.[1]);
});

/** All files below a folder, with their bytes; times in JSON left out. */
function contents(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    paths
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => {
        const bytes = readFileSync(path);
        const text = /\.jsonl?$/.test(path)
          ? bytes.toString().replace(/"seconds": ?[\d.e-]+/g, '')
          : bytes.toString('hex');
        return [path.slice(folder.length), text];
      }),
  );
}

async function finish(folder: string): Promise<void> {
  const { code, stderr } = await runModule(CHILD_RUN, [folder]).ended;
  expect(code, stderr).toBe(0);
  expect(contents(folder)).toEqual(contents(whole));
}

describe('a killed run', () => {
  test('a run that nothing disturbs leaves two best models, the last one, a log and metrics', () => {
    const names = readdirSync(whole);
    expect(names.filter((name) => name.startsWith('epoch='))).toHaveLength(2);
    expect(names).toEqual(expect.arrayContaining(['last.ckpt', 'log.jsonl', 'metrics.json']));
    expect(names).toHaveLength(5);
    expect(calls).toBeGreaterThan(50);
  });

  test('killed at random moments and resumed each time, it ends with the same bytes', {
    timeout: 120_000,
  }, async () => {
    const random = new RandomStream(seed, 'moments');
    let runs = 1;
    const folder = () => join(root, `moments-${runs}`);
    const log: string[] = [];
    for (let kills = 0; kills < 6; kills++) {
      const child = runModule(CHILD_RUN, [folder()]);
      // The first before anything is saved, or even begun; the others while it trains.
      // A run killed between its record and its last word has ended, and does not begin again.
      if (kills > 0) await Promise.race([child.saying('begun').catch(() => {}), child.ended]);
      const delay = random.uniform(0, milliseconds / 2);
      await Promise.race([pause(delay), child.ended]);
      child.kill();
      const { stdout } = await child.ended;
      const saves = stdout.split('resume saved').length - 1;
      const isDone = stdout.includes('done');
      log.push(`${Math.round(delay)} ms (${isDone ? 'done' : `${saves} saves`})`);
      if (!isDone) continue;
      expect(contents(folder())).toEqual(contents(whole));
      runs += 1;
    }
    console.log(`killed after ${log.join(', ')} of ${Math.round(milliseconds)} ms`);
    await finish(folder());
  });

  test('killed before a random call that changes the disk, it ends with the same bytes', {
    timeout: 120_000,
  }, async () => {
    const random = new RandomStream(seed, 'calls');
    for (let i = 0; i < 5; i++) {
      const call = random.below(calls);
      const folder = join(root, `call-${i}`);
      await runModule(`${killBefore(call)}${CHILD_RUN}`, [folder]).ended;
      console.log(`killed before call ${call} of ${calls}`);
      await finish(folder);
    }
  });

  test('killed right after its state was saved, it goes on from there', { timeout: 60_000 }, async () => {
    const folder = join(root, 'after-save');
    const child = runModule(CHILD_RUN, [folder]);
    await child.saying('resume saved');
    child.kill();
    await child.ended;
    expect(existsSync(join(folder, 'metrics.json'))).toBe(false);
    await finish(folder);
  });
});
