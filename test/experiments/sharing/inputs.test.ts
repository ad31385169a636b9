/** @file Which files an experiment reads, and what they are called for a worker that does not see them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inputsOf, relocated } from '../../../src/experiments/sharing/inputs.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'retort-inputs-'));
});

afterEach(() => rmSync(root, { recursive: true }));

function write(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), name);
  }
}

/** Name for a worker -> the file here, below the root. */
async function inputs(options: Parameters<typeof inputsOf>[0], outputDir = 'output') {
  const cwd = join(root, 'project');
  const { files, start } = await inputsOf(options, { cwd, outputDir });
  return {
    start,
    files: Object.fromEntries(files.map(({ name, path }) => [name, path.slice(root.length + 1)]).sort()),
  };
}

test('files and folders that options name, under the relative names that they have here', async () => {
  write(
    'project/reviews.csv',
    'project/teacher/last.ckpt/model.safetensors',
    'project/teacher/run.json',
    'project/pool.txt',
  );
  const found = await inputs({
    data: 'reviews.csv',
    teacher: 'teacher',
    transfer: 'pool.txt',
    model: 'ngram',
    seeds: 3,
  });
  expect(found).toEqual({
    start: 'inputs',
    files: {
      'inputs/pool.txt': 'project/pool.txt',
      'inputs/reviews.csv': 'project/reviews.csv',
      'inputs/teacher/last.ckpt/model.safetensors': 'project/teacher/last.ckpt/model.safetensors',
      'inputs/teacher/run.json': 'project/teacher/run.json',
    },
  });
});

test('splits beside the data come too; a name that is no file here does not', async () => {
  write('project/train.csv', 'project/dev.csv', 'project/test.csv', 'project/other.csv');
  expect((await inputs({ data: 'train.csv', teacher: 'org/model', model: 'bilstm' })).files).toEqual({
    'inputs/dev.csv': 'project/dev.csv',
    'inputs/test.csv': 'project/test.csv',
    'inputs/train.csv': 'project/train.csv',
  });
});

test('the start lies as deep as paths lead upwards, so that all of them stay below the folder', async () => {
  write('data/deep/reviews.csv', 'project/teacher/run.json', 'elsewhere/teacher/run.json');
  const options = { data: '../data/deep/reviews.csv', teacher: `teacher,${join(root, 'elsewhere', 'teacher')}` };
  const moved = relocated(options, join(root, 'project'));
  expect(moved).toEqual({ data: '../data/deep/reviews.csv', teacher: 'teacher,../elsewhere/teacher' });
  const { start, files } = await inputs({ ...options, ...moved });
  expect(start).toBe('inputs/from');
  expect(files).toEqual({
    'inputs/data/deep/reviews.csv': 'data/deep/reviews.csv',
    'inputs/elsewhere/teacher/run.json': 'elsewhere/teacher/run.json',
    'inputs/from/teacher/run.json': 'project/teacher/run.json',
  });
  for (const path of ['../data/deep/reviews.csv', 'teacher', '../elsewhere/teacher']) {
    expect(Object.keys(files).some((name) => name.startsWith(posix.join(start, path)))).toBe(true);
  }
});

test('a teacher that was trained for the experiment, and its outputs so far: without leases and states to resume from', async () => {
  write(
    ...['project/reviews.csv', 'project/out/teacher/last.ckpt/config.json', 'project/out/teacher/resume/state.json'],
    ...[
      'project/out/teacher/.lock',
      'project/out/answers/abc/one.answers',
      'project/out/answers/abc/work/rows-1.1.lease',
    ],
    ...['project/out/runs/hinton-1/log.jsonl', 'project/out/results.jsonl'],
  );
  expect((await inputs({ data: 'reviews.csv' }, 'out')).files).toEqual({
    'inputs/reviews.csv': 'project/reviews.csv',
    'output/answers/abc/one.answers': 'project/out/answers/abc/one.answers',
    'output/teacher/last.ckpt/config.json': 'project/out/teacher/last.ckpt/config.json',
  });
});

test('of a data set by name its own files, from where they are found', async () => {
  write('sets/trec/train.label', 'sets/trec/test.label', 'sets/trec/notes.txt', 'sets/other/x.csv', 'project/trec/x');
  const moved = relocated({ data: 'trec', dataDir: join(root, 'sets') }, join(root, 'project'));
  expect(moved).toEqual({ data: 'trec', dataDir: '../sets' });
  expect((await inputs(moved)).files).toEqual({
    'inputs/sets/trec/test.label': 'sets/trec/test.label',
    'inputs/sets/trec/train.label': 'sets/trec/train.label',
  });
});

test('a folder of cached outputs of its own is refused', () => {
  expect(() => relocated({ data: 'a.csv', cacheDir: 'cache' }, root)).toThrow(
    /cacheDir: wanted the outputs of the teacher in/,
  );
});
