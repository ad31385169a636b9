/** @file Labelling by several at once: the parts of one, each made by one of them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { leaseFolder } from '../../src/files/lease-folder.js';
import { thisProcess } from '../../src/files/process-identity.js';
import { bilstm } from '../../src/models/bilstm.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { logitsOf } from '../../src/teachers/answers.js';
import { cachedTeacher } from '../../src/teachers/cached-teacher.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { words, wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-labelling-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
/** Three parts and some rows. */
const data = textDataset(wordTable('rows', 3100), words, { model });
const teacher = modelTeacher(
  {
    path: 'teacher',
    model,
    weights: initialiseParameters(model.parameters, 1),
    labelNames: data.labelNames,
    contentHash: 'a',
  },
  { threads: 1 },
);

/** The same teacher, whose answers are counted, and may fail. */
function counted(fail: (asked: number) => void = () => {}): {
  readonly teacher: Teacher;
  readonly asked: () => number;
} {
  let asked = 0;
  const { open } = teacher;
  if (open === undefined) throw new Error('a model is opened');
  return {
    asked: () => asked,
    teacher: {
      ...teacher,
      open: async (signals) => {
        const opened = await open(signals);
        return {
          ...opened,
          answer: async (of, rows) => {
            fail(++asked);
            return opened.answer(of, rows);
          },
        };
      },
    },
  };
}

/** Names of the answers' files, which are named by their contents. */
function filesIn(folder: string): readonly string[] {
  const [key = ''] = readdirSync(folder);
  return readdirSync(join(folder, key))
    .filter((name) => name.endsWith('.answers'))
    .sort();
}

/** With leases in the folder of the answers. */
const partsIn = (folder: string) => ({ root: folder, source: (key: string) => leaseFolder(join(folder, key, 'work')) });

const folderOf = (name: string) => join(scratch, name);

describe('labelling by several', () => {
  test('gives the bytes of one, and each part is made once', async () => {
    const whole = await logitsOf(cachedTeacher(teacher, { folder: folderOf('whole') }), data);
    const workers = Array.from({ length: 3 }, () => counted());
    const folder = folderOf('together');
    const all = await Promise.all(
      workers.map((one) => logitsOf(cachedTeacher(one.teacher, { folder, parts: partsIn(folder) }), data)),
    );
    for (const logits of all) expect(logits).toEqual(whole);
    expect(filesIn(folder)).toEqual(filesIn(folderOf('whole')));
    expect(workers.reduce((sum, { asked }) => sum + asked(), 0)).toBe(4);
  });

  test('continues what one left who died, and what is damaged is made again', async () => {
    const folder = folderOf('left');
    const failing = counted((asked) => {
      if (asked === 3) throw new Error('out of memory');
    });
    const first = logitsOf(cachedTeacher(failing.teacher, { folder, parts: partsIn(folder) }), data);
    await expect(first).rejects.toThrow('out of memory');
    const [key = ''] = readdirSync(folder);
    const [made = ''] = filesIn(folder);
    const bytes = readFileSync(join(folder, key, made));
    writeFileSync(join(folder, key, made), bytes.subarray(0, bytes.length / 2));
    const next = counted();
    await logitsOf(cachedTeacher(next.teacher, { folder, parts: partsIn(folder) }), data);
    expect(next.asked()).toBe(3);
    expect(filesIn(folder)).toEqual(filesIn(folderOf('whole')));
  });

  test('a part whose makers died three times is named, and tried again by the next call', async () => {
    const folder = folderOf('poison');
    const stop = new AbortController();
    // Made up to the third part, so that the name of that part's unit is known from its lease.
    const stopping = counted((asked) => asked === 2 && stop.abort());
    const first = logitsOf(
      cachedTeacher(stopping.teacher, { folder, parts: partsIn(folder), signal: stop.signal }),
      data,
    );
    await expect(first).rejects.toThrow('got an interruption after');
    const [key = ''] = readdirSync(folder);
    const work = join(folder, key, 'work');
    mkdirSync(work, { recursive: true });
    const dead = `${JSON.stringify({ beat: '000000000', id: 'theirs', ...thisProcess(), pid: 2 ** 22 + 1 })}\n`;
    const units: string[] = [];
    const watching = counted((asked) => {
      units.push(...readdirSync(work).flatMap((name) => /^(.*)\.1\.lease$/.exec(name)?.[1] ?? []));
      if (asked === 1) throw new Error('seen');
    });
    await expect(logitsOf(cachedTeacher(watching.teacher, { folder, parts: partsIn(folder) }), data)).rejects.toThrow(
      'seen',
    );
    const [unit = ''] = units;
    writeFileSync(join(work, `${unit}.2.failed`), '{"reason":"killed"}');
    writeFileSync(join(work, `${unit}.3.lease`), dead);
    const label = () => logitsOf(cachedTeacher(counted().teacher, { folder, parts: partsIn(folder) }), data);
    await expect(label()).rejects.toThrow(
      /wanted outputs for all parts of the rows, got 1 set aside after 3 tries; the last said: its owner, process \d+, ended without a word/,
    );
    await label();
    expect(filesIn(folder)).toEqual(filesIn(folderOf('whole')));
  });
});
