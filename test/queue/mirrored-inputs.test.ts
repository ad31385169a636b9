import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBlobStore } from '../../src/queue/blob-store.js';
import { mirrorInputs, takeInputs } from '../../src/queue/mirrored-inputs.js';
import { temporaryFolder } from '../files/processes.js';
import { served, sha256Of, TOKEN } from './serving.js';

const temporary = temporaryFolder();
let count = 0;
let here = '';
let there = '';
let kept = '';
beforeEach(() => {
  count += 1;
  [here, there, kept] = ['here', 'there', 'kept'].map((name) => join(temporary, String(count), name)) as [
    string,
    string,
    string,
  ];
  for (const path of [here, there, kept]) mkdirSync(path, { recursive: true });
});

const file = (name: string, content: string): string => {
  mkdirSync(join(here, name, '..'), { recursive: true });
  writeFileSync(join(here, name), content);
  return join(here, name);
};

describe('mirrorInputs', () => {
  test('files and folders are the same on another machine', async () => {
    const store = await openBlobStore(await served(kept), { token: TOKEN });
    file('teacher/last.ckpt', 'weights');
    file('teacher/tokenizer/vocab.txt', 'words');
    file('elsewhere/blob', 'linked');
    symlinkSync('../elsewhere/blob', join(here, 'teacher/config.json'));
    file('teacher/.retort-00000000-1-1-1.tmp', 'half');
    mkdirSync(join(here, 'empty'));
    symlinkSync('teacher', join(here, 'link-to-teacher'));
    const paths = [file('a/train.tsv', 'a'), file('b/train.tsv', 'b')];
    for (const name of ['teacher', 'empty', 'link-to-teacher']) paths.push(join(here, name));
    const mirrored = await mirrorInputs(paths, store);
    expect(mirrored.inputs).toEqual([
      'inputs/0/train.tsv',
      'inputs/1/train.tsv',
      'inputs/2/teacher',
      'inputs/3/empty',
      'inputs/4/link-to-teacher',
    ]);
    const inTeacher = ['config.json', 'last.ckpt', 'tokenizer/vocab.txt'];
    expect(mirrored.files.map(({ name }) => name)).toEqual([
      'inputs/0/train.tsv',
      'inputs/1/train.tsv',
      ...inTeacher.map((name) => `inputs/2/teacher/${name}`),
      ...inTeacher.map((name) => `inputs/4/link-to-teacher/${name}`),
    ]);
    // All that is needed there comes from the store.
    rmSync(here, { recursive: true });
    const places = await takeInputs(JSON.parse(JSON.stringify(mirrored)), store, there);
    expect(places).toEqual(mirrored.inputs.map((name) => join(there, name)));
    const [first, second, teacher, empty, again] = places as [string, string, string, string, string];
    expect([first, second].map((path) => readFileSync(path, 'utf8'))).toEqual(['a', 'b']);
    for (const folder of [teacher, again]) {
      expect(readFileSync(join(folder, 'config.json'), 'utf8')).toBe('linked');
      expect(readFileSync(join(folder, 'last.ckpt'), 'utf8')).toBe('weights');
      expect(readFileSync(join(folder, 'tokenizer/vocab.txt'), 'utf8')).toBe('words');
      expect(readdirSync(folder)).toHaveLength(3);
    }
    expect(readdirSync(empty)).toEqual([]);
    // Of one content there is one file, and what is there is not had again.
    expect(readdirSync(kept, { recursive: true }).filter((name) => String(name).includes('/'))).toHaveLength(5);
    const { ino } = statSync(first);
    await takeInputs(mirrored, store, there);
    expect(statSync(first).ino).toBe(ino);
  });

  test('says what cannot travel', async () => {
    const store = await openBlobStore(kept);
    const failures: readonly [string, () => void, string][] = [
      ['none', () => {}, 'none: wanted a file or a folder, got nothing of that name'],
      [
        'broken',
        () => symlinkSync('nowhere', join(here, 'broken/link')),
        'link: wanted a file or a folder, got nothing',
      ],
      [
        'circle',
        () => symlinkSync('..', join(here, 'circle/up')),
        'up: wanted files, folders and links to files in an',
      ],
      [
        'pipe',
        () => execFileSync('mkfifo', [join(here, 'pipe/p')]),
        'p: wanted a file or a folder, got a device or pipe',
      ],
      ['control', () => file('control/a\nb', ''), 'wanted a path inside a folder, without "..", backslashes'],
      ['backslash', () => file('backslash/a\\b', ''), 'wanted a path inside a folder, without "..", backslashes'],
    ];
    for (const [name, make, message] of failures) {
      if (name !== 'none') mkdirSync(join(here, name));
      make();
      await expect(mirrorInputs([join(here, name)], store)).rejects.toThrow(message);
    }
    await expect(mirrorInputs(['/'], store)).rejects.toThrow();
    expect(readdirSync(kept)).toEqual([]);
  });
});

describe('takeInputs', () => {
  const FILE = { name: 'inputs/0/a', sha256: sha256Of(''), bytes: 0 };

  test.each([
    [{ inputs: ['inputs/0/a'], files: [{ ...FILE, name: 'work/plan.json' }] }, 'a file that belongs to no input'],
    [{ inputs: ['inputs/0/a'], files: [{ ...FILE, name: 'inputs/1/a' }] }, 'a file that belongs to no input'],
    [{ inputs: ['inputs/0/a'], files: [{ ...FILE, name: 'inputs/0/ab' }] }, 'a file that belongs to no input'],
    [{ inputs: ['/etc'], files: [] }, 'inputs of a job: inputs.0: '],
    [{ inputs: ['work'], files: [] }, 'no name of an input'],
    [{ inputs: ['inputs/0/..'], files: [] }, 'inputs of a job: inputs.0: '],
    [{ inputs: ['inputs/0/a/b'], files: [] }, 'no name of an input'],
    [{ inputs: [] }, 'inputs of a job: files: '],
    [[], 'inputs of a job: '],
  ])('refuses %j', async (given, message) => {
    const store = await openBlobStore(kept);
    await expect(takeInputs(given, store, there)).rejects.toThrow(message);
    expect(readdirSync(there)).toEqual([]);
  });
});
