import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OptionError, OutputError } from '../../src/errors/failures.js';
import { claimOutputFolder } from '../../src/files/output-folder.js';
import { type ProcessIdentity, thisProcess } from '../../src/files/process-identity.js';
import { runModule, temporaryFolder } from './processes.js';

const root = temporaryFolder();

/** Claims the folder once a file is there, tells, and keeps it until it is killed. */
const CLAIM = `
  import { existsSync } from 'node:fs';
  import { claimOutputFolder } from 'DIST/files/output-folder.js';
  const [path, start] = process.argv.slice(1);
  console.log('ready');
  while (!existsSync(start));
  try {
    await claimOutputFolder(path, { resume: true });
    console.log('claimed');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.name + ': ' + error.message);
  }
`;

function withFiles(name: string, ...files: string[]): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const file of files) {
    if (file.endsWith('/')) {
      mkdirSync(join(path, file));
      writeFileSync(join(path, file, 'inside'), '');
    } else writeFileSync(join(path, file), '');
  }
  return path;
}

function withLock(name: string, content: string): string {
  const path = withFiles(name);
  writeFileSync(join(path, '.lock'), content);
  return path;
}

describe('claimOutputFolder', () => {
  test('creates the folder with its parents, and release leaves it empty', async () => {
    const path = join(root, 'deep', 'er', 'run');
    const folder = await claimOutputFolder(path);
    expect(readdirSync(path)).toEqual(['.lock']);
    folder.release();
    folder.release();
    expect(readdirSync(path)).toEqual([]);
    (await claimOutputFolder(path)).release();
  });

  test('refuses a folder that is not empty, names both ways out, and takes its lock away again', async () => {
    const path = withFiles('full', 'a', 'b', 'c', 'd', 'e');
    const claiming = claimOutputFolder(path);
    await expect(claiming).rejects.toBeInstanceOf(OutputError);
    await expect(claiming).rejects.toThrow(
      `${path}: wanted a new or empty output folder, got one with a, b, c and 2 more; pass --resume to continue that run, --overwrite to replace it, or choose another folder`,
    );
    expect(readdirSync(path)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('resume touches nothing', async () => {
    const path = withFiles('resume', 'last.ckpt/', 'log.jsonl', 'notes.md', 'resume/');
    (await claimOutputFolder(path, { resume: true })).release();
    expect(readdirSync(path)).toEqual(['last.ckpt', 'log.jsonl', 'notes.md', 'resume']);
  });

  test('overwrite removes what a run wrote and nothing else', async () => {
    const written = ['resume/', 'run.json', 'metrics.json', 'log.jsonl', 'dev_predictions.txt', 'predictions.csv'];
    const kept = ['notes.md', 'mine.ckpt.txt', 'my last.ckpt', 'predictions', 'resume.pdf', 'best.ckpt', 'data/'];
    const path = withFiles('overwrite', ...written, 'last.ckpt/', 'epoch=3.ckpt/', ...kept);
    (await claimOutputFolder(path, { overwrite: true })).release();
    expect(readdirSync(path).sort()).toEqual(kept.map((name) => name.replace('/', '')).sort());
  });

  test('overwrite removes a link and not what it leads to', async () => {
    const path = withFiles('overwrite link');
    const elsewhere = withFiles('kept checkpoint', 'model');
    symlinkSync(elsewhere, join(path, 'last.ckpt'));
    (await claimOutputFolder(path, { overwrite: true })).release();
    expect(readdirSync(path)).toEqual([]);
    expect(readdirSync(elsewhere)).toEqual(['model']);
  });

  test('both options at once are wrong use', async () => {
    const claiming = claimOutputFolder(join(root, 'both'), { overwrite: true, resume: true });
    await expect(claiming).rejects.toBeInstanceOf(OptionError);
  });

  test('a second claim in one process is refused', async () => {
    const path = join(root, 'twice');
    const first = await claimOutputFolder(path);
    await expect(claimOutputFolder(path, { resume: true })).rejects.toThrow('folder in use by this process');
    first.release();
  });

  test.each([
    ['a path below a regular file', 'run/deeper', /wanted a path through folders, got a file at .*\/run;/],
    ['a regular file', 'run', /wanted a folder, or nothing yet, got a file of that name/],
  ])('%s is one error', async (name, below, message) => {
    const path = withFiles(name, 'run');
    await expect(claimOutputFolder(join(path, below))).rejects.toThrow(message);
    await expect(claimOutputFolder(join(path, below))).rejects.toBeInstanceOf(OutputError);
  });

  test('puts back a checkpoint that was being replaced when a kill came', async () => {
    const path = withFiles('between', '.last.ckpt.retort-old/');
    (await claimOutputFolder(path, { resume: true })).release();
    expect(readdirSync(path)).toEqual(['last.ckpt']);
  });
});

describe('the lock', () => {
  test('refuses while its process lives, and not after kill -9', async () => {
    const path = join(root, 'killed');
    const child = runModule(CLAIM, [path, root]);
    await child.saying('claimed');
    await expect(claimOutputFolder(path, { resume: true })).rejects.toThrow(
      `${path}: wanted a folder no other process uses, got folder in use by process ${child.pid}; wait for it or use another folder`,
    );
    child.kill();
    await child.ended;
    const folder = await claimOutputFolder(path);
    expect(readdirSync(path)).toEqual(['.lock']);
    expect(JSON.parse(readFileSync(join(path, '.lock'), 'utf8'))).toMatchObject(thisProcess());
    folder.release();
  });

  test.each([
    ['a new folder', undefined],
    ['a folder whose owner was killed', { pid: 2 ** 22 + 1 }],
  ])('of several processes that claim %s at once, exactly one wins', async (name, dead) => {
    const path = withFiles(`race for ${name}`);
    for (let round = 0; round < 3; round++) {
      if (dead !== undefined) writeFileSync(join(path, '.lock'), JSON.stringify({ ...thisProcess(), ...dead }));
      const start = join(root, `start ${name} ${round}`);
      const children = Array.from({ length: 5 }, () => runModule(CLAIM, [path, start]));
      await Promise.all(children.map((child) => child.saying('ready')));
      writeFileSync(start, '');
      await Promise.all(children.map((child) => Promise.race([child.saying('claimed'), child.saying('OutputError')])));
      for (const child of children) child.kill();
      const said = await Promise.all(children.map(async (child) => (await child.ended).stdout));
      expect(said.filter((text) => text === 'ready\nclaimed\n')).toHaveLength(1);
      const refused = /^ready\nOutputError: .*in use by process \d+/;
      expect(said.filter((text) => refused.test(text))).toHaveLength(4);
    }
    expect(readdirSync(path)).toEqual(['.lock']);
  });

  test.each<[string, Partial<ProcessIdentity>, boolean]>([
    ['of a process that does not exist', { pid: 2 ** 22 + 1 }, true],
    ['of an earlier process with the number of a live one', { started: '1' }, true],
    ['of a live process', {}, false],
  ])('a lock %s', async (name, change, isFree) => {
    const path = withLock(`lock ${name}`, JSON.stringify({ ...thisProcess(), ...change }));
    const claiming = claimOutputFolder(path);
    if (isFree) (await claiming).release();
    else await expect(claiming).rejects.toBeInstanceOf(OutputError);
  });

  test('of another machine is watched before it is taken over', async () => {
    const path = withLock(
      'other machine',
      JSON.stringify({ ...thisProcess(), machine: '00000000', beat: '000000000' }),
    );
    let ms = 0;
    const pause = async (pauseMs: number): Promise<void> => {
      ms += pauseMs;
    };
    (await claimOutputFolder(path, { clock: { now: () => ms, pause }, onWait: () => {} })).release();
    expect(ms).toBe(60_000);
  });

  test('release leaves a lock alone that is no longer ours', async () => {
    const path = join(root, 'taken away');
    const folder = await claimOutputFolder(path);
    writeFileSync(join(path, '.lock'), JSON.stringify({ ...thisProcess(), pid: 77 }));
    folder.release();
    expect(readdirSync(path)).toEqual(['.lock']);
  });
});
