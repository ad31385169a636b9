import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leaseFolder } from '../../src/files/lease-folder.js';
import { STALE_MS } from '../../src/files/owner-watch.js';
import { type ProcessIdentity, thisProcess } from '../../src/files/process-identity.js';
import { sealed } from '../../src/files/sealed-json.js';
import { runModule, temporaryFolder } from './processes.js';

const root = temporaryFolder();
const UNITS = ['a-1', 'b-1'];
const GIVEN = { result: { score: 0.5 }, about: { seconds: 3 } };

let folders = 0;
/** A folder of work, with what lies there already. */
function folderWith(files: Readonly<Record<string, string>> = {}): string {
  const path = join(root, String(++folders));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const leaseText = (owner: Partial<ProcessIdentity>, beats = 0): string =>
  `${JSON.stringify({ beat: String(beats).padStart(9, '0'), id: 'theirs', ...thisProcess(), ...owner })}\n`;
const doneText = (unit: string, lease: number, result: object): string =>
  `${JSON.stringify(sealed({ unit, lease, result, about: {} }))}\n`;

/** No process has this number. */
const DEAD = { pid: 2 ** 22 + 1 };
let pods = 0;
/** Of a machine that cannot be asked. */
const elsewhere = () => ({ pid: 7, started: String(++pods), machine: '00000000', host: 'pod-a', namespace: 'pid:[1]' });

describe('leaseFolder', () => {
  test('hands each unit to one of two who ask, in order, and none to a third', async () => {
    const path = folderWith();
    const [one, two] = [await leaseFolder(path), await leaseFolder(path)];
    const both = await Promise.all([one.claim(UNITS), two.claim(UNITS)]);
    const taken = [...both, await one.claim(UNITS), await two.claim(UNITS)].flatMap((lease) => lease ?? []);
    expect(taken.map(({ unit, number }) => `${unit}.${number}`).sort()).toEqual(['a-1.1', 'b-1.1']);
  });

  test('a unit is claimed by exactly one of eight processes', async () => {
    const path = folderWith();
    const claimer = `
      import { leaseFolder } from 'DIST/files/lease-folder.js';
      const work = await leaseFolder(process.argv[1]);
      console.log('ready');
      const lease = await work.claim(['a-1']);
      console.log(lease === undefined ? 'none' : 'mine');
      process.stdin.resume();
      setInterval(() => {}, 1000);`;
    const claimers = Array.from({ length: 8 }, () => runModule(claimer, [path]));
    const said = await Promise.all(
      claimers.map((one) => Promise.any([one.saying('mine').then(() => 1), one.saying('none').then(() => 0)])),
    );
    for (const one of claimers) one.kill();
    expect(said.reduce<number>((sum, one) => sum + one, 0)).toBe(1);
  });

  test('keeps a result, with what is not compared, and hands the unit out no more', async () => {
    const path = folderWith();
    const work = await leaseFolder(path);
    const lease = await work.claim(['a-1']);
    expect(await work.finish(lease ?? never(), GIVEN)).toBe('kept');
    expect(await work.resultOf('a-1')).toEqual(GIVEN);
    expect(await work.claim(['a-1'])).toBeUndefined();
    expect(readdirSync(path)).toEqual(['a-1.1.done']);
    expect(await work.standing(UNITS)).toEqual(
      new Map([
        ['a-1', { state: 'done', failures: 0, results: 1 }],
        ['b-1', { state: 'open', failures: 0, results: 0 }],
      ]),
    );
  });

  test('a lease of a process that is seen to have died is followed by the next at once, and counts as a failure', async () => {
    const path = folderWith({ 'a-1.1.lease': leaseText(DEAD) });
    const work = await leaseFolder(path);
    expect(await work.claim(['a-1'])).toEqual({ unit: 'a-1', number: 2 });
    expect(await work.failuresOf('a-1')).toEqual([`its owner, process ${DEAD.pid}, ended without a word`]);
    expect(readdirSync(path)).toContain('a-1.1.lease');
  });

  test('one of another machine that gives signs of life is left alone; silent for a minute, it has died', async () => {
    const owner = elsewhere();
    const path = folderWith({ 'a-1.1.lease': leaseText(owner) });
    let now = 1e6;
    const work = await leaseFolder(path, { now: () => now });
    expect(await work.claim(UNITS)).toEqual({ unit: 'b-1', number: 1 });
    now += STALE_MS - 1;
    writeFileSync(join(path, 'a-1.1.lease'), leaseText(owner, 1));
    expect(await work.claim(['a-1'])).toBeUndefined();
    now += STALE_MS - 1;
    expect(await work.claim(['a-1'])).toBeUndefined();
    expect((await work.standing(['a-1'])).get('a-1')).toMatchObject({ state: 'held', held: { owner } });
    now += 1;
    expect(await work.claim(['a-1'])).toEqual({ unit: 'a-1', number: 2 });
  });

  test('its owner gives signs of life by itself', async () => {
    const path = folderWith();
    const work = await leaseFolder(path, { beatMs: 1 });
    await work.claim(['a-1']);
    const read = () => readFileSync(join(path, 'a-1.1.lease'), 'utf8');
    await expect.poll(read, { timeout: 60_000 }).not.toContain('"beat":"000000000"');
  });

  test('what is finished under a lease that was followed is lost: nothing of it is written', async () => {
    const path = folderWith();
    const work = await leaseFolder(path);
    const lease = (await work.claim(['a-1'])) ?? never();
    expect(work.renew(lease, 0.5, 2)).toBe(true);
    writeFileSync(join(path, 'a-1.2.lease'), leaseText(elsewhere()));
    expect(work.renew(lease, 0.6, 3)).toBe(false);
    expect(await work.finish(lease, GIVEN)).toBe('lost');
    expect(readdirSync(path)).toEqual(['a-1.2.lease']);
  });

  test('a lease of the same number in work that was begun again is another one', async () => {
    const path = folderWith();
    const work = await leaseFolder(path);
    const lease = (await work.claim(['a-1'])) ?? never();
    rmSync(path, { recursive: true });
    const again = await leaseFolder(path);
    expect(await again.claim(['a-1'])).toEqual(lease);
    expect(work.renew(lease, 0.5, 1)).toBe(false);
    expect(await work.finish(lease, GIVEN)).toBe('lost');
    await work.fail(lease, 'late');
    expect(readdirSync(path)).toEqual(['a-1.1.lease']);
    expect(await again.finish(lease, GIVEN)).toBe('kept');
  });

  test('tells how far its owner says that it is', async () => {
    const work = await leaseFolder(folderWith());
    const lease = (await work.claim(['a-1'])) ?? never();
    work.renew(lease, 0.5, 2);
    const standing = (await work.standing(['a-1'])).get('a-1');
    expect(standing).toMatchObject({ state: 'held', held: { owner: thisProcess(), fraction: 0.5, seconds: 2 } });
  });

  test('a result that comes twice is compared: the same is no news, another is refused on both sides', async () => {
    const path = folderWith();
    const work = await leaseFolder(path);
    const lease = (await work.claim(['a-1'])) ?? never();
    writeFileSync(join(path, 'a-1.7.done'), doneText('a-1', 7, GIVEN.result));
    expect(await work.finish(lease, GIVEN)).toBe('same');
    writeFileSync(join(path, 'a-1.8.done'), doneText('a-1', 8, { score: 0.25 }));
    await expect(work.resultOf('a-1')).rejects.toThrow(
      `${join(path, 'a-1.*.done')}: wanted one result of a unit, however often it is done, got two that differ`,
    );
    const other = (await work.claim(['b-1'])) ?? never();
    writeFileSync(join(path, 'b-1.2.done'), doneText('b-1', 2, { score: 0.25 }));
    await expect(work.finish(other, GIVEN)).rejects.toThrow('got two that differ');
    // Whoever took the first of them learns of it, too.
    await expect(work.resultOf('b-1')).rejects.toThrow('got two that differ');
    expect((await work.standing(['b-1'])).get('b-1')).toMatchObject({ state: 'done', results: 2 });
  });

  test.each([
    ['incomplete', doneText('a-1', 1, GIVEN.result).slice(0, 20), 'got an incomplete or damaged file'],
    ['empty', '', 'got an incomplete or damaged file'],
    ['changed', doneText('a-1', 1, GIVEN.result).replace('0.5', '0.9'), 'got changed values'],
    ['without a checksum', JSON.stringify({ unit: 'a-1', lease: 1, ...GIVEN }), 'got values without one'],
    ['of another unit', doneText('b-1', 1, GIVEN.result), 'got that of another unit or lease'],
    ['of another lease', doneText('a-1', 2, GIVEN.result), 'got that of another unit or lease'],
  ])('refuses a result that is %s', async (_how, text, got) => {
    const path = folderWith({ 'a-1.1.done': text });
    const work = await leaseFolder(path);
    await expect(work.resultOf('a-1')).rejects.toThrow(got);
  });

  test('an empty lease file, whose writer was killed in between, is followed after a minute', async () => {
    let now = 0;
    const work = await leaseFolder(folderWith({ 'a-1.1.lease': '' }), { now: () => now });
    expect(await work.claim(['a-1'])).toBeUndefined();
    now = STALE_MS;
    expect(await work.claim(['a-1'])).toEqual({ unit: 'a-1', number: 2 });
  });

  test('a unit that fails three times is set aside with its reasons, until that is forgiven', async () => {
    const work = await leaseFolder(folderWith());
    for (const reason of ['first', 'second', 'third']) {
      await work.fail((await work.claim(['a-1'])) ?? never(), reason);
    }
    expect(await work.claim(['a-1'])).toBeUndefined();
    expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'aside', failures: 3, results: 0 });
    expect(await work.failuresOf('a-1')).toEqual(['first', 'second', 'third']);
    await work.forgive(['a-1']);
    expect(await work.claim(['a-1'])).toMatchObject({ unit: 'a-1' });
  });

  test('one that kills three owners is set aside as well, and numbers are not used again after that is forgiven', async () => {
    const dead = leaseText(DEAD);
    const path = folderWith({ 'a-1.1.failed': '{}', 'a-1.2.failed': '{}', 'a-1.3.lease': dead });
    const work = await leaseFolder(path);
    expect(await work.claim(['a-1'])).toBeUndefined();
    expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'aside', failures: 3, results: 0 });
    await work.forgive(['a-1']);
    expect(await work.claim(['a-1'])).toEqual({ unit: 'a-1', number: 4 });
  });

  test('what is given back is free again, and no failure', async () => {
    const path = folderWith();
    const work = await leaseFolder(path);
    await work.giveBack((await work.claim(['a-1'])) ?? never());
    expect(readdirSync(path)).toEqual([]);
    expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'open', failures: 0, results: 0 });
  });

  test.each([
    ['before open a-1.1.lease 1', /a-1\.1\.lease: wanted free space on the disk, got a full disk/],
    ['before rename a-1.1.done 1', /a-1\.1\.done: wanted free space on the disk, got a full disk/],
  ])('says that the disk is full (%s) and leaves no part of a result', async (point, says) => {
    const path = folderWith();
    const { code, stderr } = await runModule(WORKER, [path], { fault: `ENOSPC ${point}` }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
    expect(readdirSync(path).filter((name) => !name.endsWith('.lease'))).toEqual([]);
    const work = await leaseFolder(path);
    expect(await work.claim(['a-1'])).toMatchObject({ unit: 'a-1' });
  });

  test.each([
    ['before open a-1.1.lease 1', 1, 0],
    ['during write a-1.1.lease 1', undefined, 0],
    ['after write a-1.1.lease 1', 2, 1],
    ['before rename a-1.1.done 1', 2, 1],
    ['after rename a-1.1.done 1', 'done', 0],
    ['before rm a-1.1.lease 1', 'done', 0],
  ])('a worker that is killed %s leaves the unit to the next, or done', async (point, left, failures) => {
    const path = folderWith();
    const { code } = await runModule(WORKER, [path], { fault: `SIGKILL ${point}` }).ended;
    expect(code).toBeNull();
    let now = 0;
    const work = await leaseFolder(path, { now: () => now });
    if (left === 'done') expect(await work.resultOf('a-1')).toEqual(GIVEN);
    else expect((await work.claim(['a-1']))?.number).toBe(left);
    expect((await work.failuresOf('a-1')).length).toBe(failures);
    // Who was killed while it wrote its name is not known: that is seen by its silence.
    now = STALE_MS;
    if (left === undefined) expect(await work.claim(['a-1'])).toEqual({ unit: 'a-1', number: 2 });
  });

  test('of a folder that is gone meanwhile nothing is left to claim', async () => {
    const path = folderWith();
    const work = await leaseFolder(path);
    rmSync(path, { recursive: true });
    expect(existsSync(path)).toBe(false);
    expect((await work.standing(['a-1'])).get('a-1')).toEqual({ state: 'open', failures: 0, results: 0 });
    await expect(work.claim(['a-1'])).rejects.toThrow('wanted an existing folder to write into');
  });
});

const WORKER = `
  import { leaseFolder } from 'DIST/files/lease-folder.js';
  try {
    const work = await leaseFolder(process.argv[1]);
    const lease = await work.claim(['a-1']);
    await work.finish(lease, ${JSON.stringify(GIVEN)});
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }`;

function never(): never {
  throw new Error('no lease');
}
