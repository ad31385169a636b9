import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { InterruptedError } from '../../src/errors/failures.js';
import { mlp } from '../../src/models/mlp.js';
import { modelHash } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { alignLabels } from '../../src/teachers/align-labels.js';
import { answersInMemory } from '../../src/teachers/answers.js';
import { type CacheOptions, cachedTeacher, type LabellingProgress } from '../../src/teachers/cached-teacher.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import { shuffledTeacher } from '../../src/teachers/shuffled-teacher.js';
import type { OpenTeacher, Teacher, TeacherAnswers } from '../../src/teachers/teacher.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { runModule, temporaryFolder } from '../files/processes.js';
import { blobs, CLASSES, PIXELS } from '../training/blobs.js';
import { STUDENT_VOCABULARY, savedBert, TEXTS, textData, tokenizerIn } from './text-models.js';

const root = temporaryFolder();
const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
let folders = 0;
const folder = () => join(root, `cache-${++folders}`);

const labelNames = ['no', 'maybe', 'yes'];
type Asked = { rows: string[] };
/** Says of a text how long it is, its first letter and its last; counts what it was asked. */
function letters(asked: Asked, more: Partial<Teacher> = {}, failAfter = Infinity): Teacher {
  const said = (text: string) => [text.length, text.charCodeAt(0), text.charCodeAt(text.length - 1)];
  const open = async (): Promise<OpenTeacher> => ({
    signals: { logits: { dtype: 'float32', shape: [3] } },
    answer: async (data, rows) => {
      const texts = Array.from(rows, (row) => data.text?.table.texts[row] ?? '');
      if (asked.rows.length + texts.length > failAfter) throw new Error('killed');
      asked.rows.push(...texts);
      return { logits: Float32Array.from(texts.flatMap(said)) };
    },
    release: async () => {},
  });
  return {
    name: 'letters',
    provides: ['logits'],
    classes: 3,
    labelNames,
    contentHash: 'letters-1',
    reads: ['texts'],
    open,
    answer: (data, signals) => answersInMemory({ name: 'letters', open }, data, signals),
    ...more,
  };
}

const textsOf = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `${String.fromCharCode(97 + (i % 26))} text ${i + from}`);
const dataOf = (texts: readonly string[]) => textData(texts, tokenizer);
const valuesOf = (answers: TeacherAnswers, rows: ArrayLike<number>) =>
  Array.from(answers.batch(rows, rows.length).logits?.data as Float32Array);
const allRows = (data: Dataset) => Uint32Array.from({ length: data.size }, (_, row) => row);

async function label(teacher: Teacher, data: Dataset, options: CacheOptions) {
  return valuesOf(await cachedTeacher(teacher, options).answer(data, ['logits']), allRows(data));
}

describe('cachedTeacher', () => {
  test('asks once for each content: rows that were moved, edited, dropped or added get their own answers', async () => {
    const at = { folder: folder() };
    const asked: Asked = { rows: [] };
    const texts = textsOf(2500);
    const plain = async (data: Dataset) =>
      valuesOf(await letters({ rows: [] }).answer(data, ['logits']), allRows(data));
    const first = dataOf(texts);
    expect(await label(letters(asked), first, at)).toEqual(await plain(first));
    expect(asked.rows).toHaveLength(2500);

    const changed = [...texts.slice(1200), 'a new text', ...texts.slice(0, 1000).reverse()];
    changed[7] = 'z edited';
    const second = dataOf(changed);
    asked.rows = [];
    const progress: LabellingProgress[] = [];
    const options = { ...at, onProgress: (now: LabellingProgress) => progress.push(now) };
    expect(await label(letters(asked), second, options)).toEqual(await plain(second));
    expect(asked.rows.sort()).toEqual(['a new text', 'z edited']);
    expect(progress[0]).toEqual({ done: 0, total: 2, known: second.size - 2 });
    expect(progress.at(-1)).toMatchObject({ done: 2, total: 2 });

    asked.rows = [];
    await label(letters(asked), second, at);
    expect(asked.rows).toEqual([]);
  });

  test('read from disk row by row they are the same, signal by signal', async () => {
    const at = { folder: folder() };
    const data = dataOf([...textsOf(2500), 'a text 0']);
    const both = letters(
      { rows: [] },
      {
        open: async () => ({
          signals: { logits: { dtype: 'float32', shape: [3] }, pooledOutput: { dtype: 'float32', shape: [2] } },
          answer: async (_, rows) => ({
            logits: Float32Array.from(Array.from(rows).flatMap((row) => [row, row + 0.5, -row])),
            pooledOutput: Float32Array.from(Array.from(rows).flatMap((row) => [2 * row, 7])),
          }),
          release: async () => {},
        }),
      },
    );
    const signals = ['pooledOutput', 'logits'] as const;
    for (const memoryBytes of [0, undefined]) {
      const options = { ...at, ...(memoryBytes !== undefined && { memoryBytes }) };
      const { batch } = await cachedTeacher(both, options).answer(data, signals);
      // The last row is the first again.
      const { logits, pooledOutput } = batch([2499, 2500, 1030], 4);
      expect(logits).toMatchObject({ dtype: 'float32', shape: [4, 3] });
      expect(Array.from(logits?.data as Float32Array)).toEqual([
        2499, 2499.5, -2499, 0, 0.5, -0, 1030, 1030.5, -1030, 2499, 2499.5, -2499,
      ]);
      expect(Array.from(pooledOutput?.data as Float32Array)).toEqual([4998, 7, 0, 7, 2060, 7, 4998, 7]);
    }
  });

  test('the same text twice is asked once; padding repeats rows', async () => {
    const asked: Asked = { rows: [] };
    const data = dataOf(['one', 'two', 'one', 'one']);
    const answers = await cachedTeacher(letters(asked), { folder: folder() }).answer(data, ['logits']);
    expect(asked.rows).toEqual(['one', 'two']);
    const { logits } = answers.batch([2, 1], 3);
    expect(logits?.shape).toEqual([3, 3]);
    expect(Array.from(logits?.data as Float32Array)).toEqual([3, 111, 101, 3, 116, 111, 3, 111, 101]);
  });

  test('another teacher, label order, tokenizer or signal finds nothing of it', async () => {
    const at = { folder: folder() };
    const data = dataOf(TEXTS.slice(0, 5));
    await label(letters({ rows: [] }), data, at);
    for (const other of [
      { contentHash: 'letters-2' },
      { labelNames: ['yes', 'no', 'maybe'] },
      { reads: ['texts', 'inputs'] as const },
    ]) {
      const asked: Asked = { rows: [] };
      await label(letters(asked, other), data, at);
      expect(asked.rows).toHaveLength(5);
    }
    const students = await tokenizerIn(join(root, 'other'), STUDENT_VOCABULARY);
    const bert = textTeacher(savedBert(), tokenizer, { threads: 1 });
    const others = [
      bert,
      textTeacher(savedBert(2), tokenizer, { threads: 1 }),
      textTeacher(savedBert(), students, { threads: 1 }),
      textTeacher(savedBert(), tokenizer, { threads: 1, maxLength: 9 }),
      alignLabels(bert, ['yes', 'no', 'maybe']),
    ];
    for (const teacher of others) {
      const totals: number[] = [];
      const found = await label(teacher, data, { ...at, onProgress: ({ total }) => totals.push(total) });
      expect(totals[0]).toBe(5);
      expect(found).toEqual(valuesOf(await teacher.answer(data, ['logits']), allRows(data)));
    }
  });

  test('answers that depend on threads are kept apart by them, but for those that 0.1.0 kept', async () => {
    const [at, of010] = [{ folder: folder() }, { folder: folder() }];
    const data = dataOf(TEXTS.slice(0, 5));
    const askedFor = async (threads: readonly number[] | undefined, place: CacheOptions) => {
      const asked: Asked = { rows: [] };
      await label(letters(asked, threads && { threads }), data, place);
      return asked.rows.length;
    };
    expect(await askedFor([1], at)).toBe(5);
    expect(await askedFor([2], at)).toBe(5);
    expect(await askedFor([2], at)).toBe(0);
    // Its keys had no threads.
    expect(await askedFor(undefined, of010)).toBe(5);
    expect(await askedFor([2], of010)).toBe(0);
  });

  test('the answers that count are those of the ONNX Runtime that is used', () => {
    const manifest = new URL('../../package.json', import.meta.url);
    const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: Record<string, string> };
    // With another, raise ANSWERED_SINCE in src/teachers/cached-teacher.ts.
    expect(dependencies['onnxruntime-node']).toBe('1.30.0');
  });

  test('labelling that was cut off goes on where it stood, to the same answers', async () => {
    const at = { folder: folder() };
    const data = dataOf(textsOf(3000));
    const asked: Asked = { rows: [] };
    await expect(label(letters(asked, {}, 2100), data, at)).rejects.toThrow('killed');
    expect(asked.rows).toHaveLength(2048);
    const [only] = readdirSync(at.folder);
    // As a kill leaves it: a lock of a process that is gone, and a file half written.
    const dead = { pid: 2 ** 22 + 1, started: '1', machine: '00000000', host: 'elsewhere' };
    writeFileSync(join(at.folder, only ?? '', `.retort-${dead.machine}-${dead.pid}-1-1.tmp`), 'half');
    expect(await label(letters(asked), data, at)).toEqual(
      valuesOf(await letters({ rows: [] }).answer(data, ['logits']), allRows(data)),
    );
    expect(asked.rows).toHaveLength(3000);
  });

  test('killed (-9) while it labels, it goes on to the same bytes', async () => {
    const at = { folder: folder() };
    const killed = await runModule(
      `
      const { cachedTeacher } = await import('DIST/teachers/cached-teacher.js');
      const { textTable } = await import('DIST/data/text-table.js');
      const texts = Array.from({ length: 4000 }, (_, i) => String.fromCharCode(97 + (i % 26)) + ' text ' + i);
      const data = { name: 'train', size: 4000, labelNames: [], text: { table: textTable('train', { texts }) } };
      const open = async () => ({
        signals: { logits: { dtype: 'float32', shape: [3] } },
        answer: async (data, rows) => {
          return { logits: Float32Array.from(Array.from(rows).flatMap((row) => {
            const text = data.text.table.texts[row];
            return [text.length, text.charCodeAt(0), text.charCodeAt(text.length - 1)];
          })) };
        },
        release: async () => {},
      });
      const teacher = { name: 'letters', provides: ['logits'], classes: 3, labelNames: ['no', 'maybe', 'yes'], contentHash: 'letters-1', reads: ['texts'], open };
      await cachedTeacher(teacher, { folder: process.argv[1] }).answer(data, ['logits']);
    `,
      [at.folder],
      { fault: 'SIGKILL before rename .answers 3' },
    ).ended;
    expect(killed.code, killed.stderr).toBe(null);
    const data = dataOf(textsOf(4000));
    const asked: Asked = { rows: [] };
    const progress: LabellingProgress[] = [];
    const found = await label(letters(asked), data, { ...at, onProgress: (now) => progress.push(now) });
    expect(progress[0]?.known).toBe(2048);
    expect(asked.rows).toHaveLength(4000 - 2048);
    const whole = { folder: folder() };
    expect(found).toEqual(await label(letters({ rows: [] }), data, whole));
    const shards = (root: string) =>
      (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.answers')).sort();
    // Named after their contents.
    expect(shards(at.folder)).toEqual(shards(whole.folder));
  });

  test('a stop is heard between two parts', async () => {
    const stop = new AbortController();
    const options = {
      folder: folder(),
      signal: stop.signal,
      onProgress: ({ done }: LabellingProgress) => {
        if (done > 0) stop.abort();
      },
    };
    await expect(label(letters({ rows: [] }), dataOf(textsOf(3000)), options)).rejects.toThrow(
      'labelling by teacher letters: wanted outputs for 3000 rows, got an interruption after 1024; ' +
        'they are cached: run it again to continue, a command with --resume',
    );
  });

  test.each([
    ['a changed byte', (bytes: Buffer) => bytes.fill(7, 100, 101)],
    ['a torn end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 5)],
    ['another file', () => Buffer.from('{}')],
  ])('%s is found, said, and answered again', async (_, damage) => {
    const at = { folder: folder() };
    const data = dataOf(textsOf(1500));
    const wanted = await label(letters({ rows: [] }), data, at);
    const inside = join(at.folder, readdirSync(at.folder)[0] ?? '');
    const shard = join(inside, readdirSync(inside).filter((name) => name.endsWith('.answers'))[0] ?? '');
    const rows = readFileSync(shard).readUInt32LE(8);
    writeFileSync(shard, damage(readFileSync(shard)));
    const asked: Asked = { rows: [] };
    const notices: string[] = [];
    expect(await label(letters(asked), data, { ...at, onNotice: (text) => notices.push(text) })).toEqual(wanted);
    expect(asked.rows).toHaveLength(rows);
    expect(notices[0]).toMatch(/\.answers was damaged; its outputs are computed again/u);
  });

  test('two that label at once share the work', async () => {
    const at = { folder: folder() };
    const data = dataOf(textsOf(2000));
    const asked: Asked = { rows: [] };
    const [a, b] = await Promise.all([label(letters(asked), data, at), label(letters(asked), data, at)]);
    expect(a).toEqual(b);
    expect(asked.rows).toHaveLength(2000);
  });

  test('who waits for another to label may stop', async () => {
    const at = { folder: folder() };
    const data = dataOf(textsOf(10));
    let holdsLock = (): void => {};
    const begun = new Promise<void>((done) => {
      holdsLock = done;
    });
    let goOn = (): void => {};
    const held = new Promise<void>((done) => {
      goOn = done;
    });
    const slow = letters({ rows: [] });
    const open = async (): Promise<OpenTeacher> => {
      holdsLock();
      await held;
      return (slow.open as () => Promise<OpenTeacher>)();
    };
    const labelling = label({ ...slow, open }, data, at);
    await begun;
    const stop = new AbortController();
    const waiting = label(slow, data, { ...at, signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toBeInstanceOf(InterruptedError);
    goOn();
    await labelling;
  });

  test('it stays within its bytes: what was not used for an hour goes, and too little room is said before any work', async () => {
    const at = { folder: folder(), maxBytes: 60_000 };
    const data = dataOf(textsOf(1000));
    await label(letters({ rows: [] }), data, at);
    const [old = ''] = readdirSync(at.folder);
    const asked: Asked = { rows: [] };
    await expect(label(letters(asked, { contentHash: 'letters-2' }), dataOf(textsOf(1500)), at)).rejects.toThrow(
      /wanted space for 1 MiB of outputs within 1 MiB, got 1 MiB in use; raise maxBytes/u,
    );
    expect(asked.rows).toEqual([]);
    // A lock that a dead process left kept its folder for ever.
    writeFileSync(join(at.folder, old, '.lock'), '');
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    for (const name of readdirSync(join(at.folder, old))) utimesSync(join(at.folder, old, name), longAgo, longAgo);
    await label(letters(asked, { contentHash: 'letters-2' }), dataOf(textsOf(1500)), at);
    expect(asked.rows).toHaveLength(1500);
    expect(readdirSync(at.folder)).not.toContain(old);
    let bytes = 0;
    for (const entry of readdirSync(at.folder, { recursive: true }) as string[]) {
      const found = statSync(join(at.folder, entry));
      if (found.isFile()) bytes += found.size;
    }
    expect(bytes).toBeLessThanOrEqual(at.maxBytes);
  });

  test('digits go by their pixels; a teacher by place is refused; what is no number is not kept', async () => {
    const model = mlp({ inputs: PIXELS, hidden: [6], classes: CLASSES });
    const weights = initialiseParameters(model.parameters, 1);
    const mlpTeacher = modelTeacher({
      path: 'mlp',
      model,
      weights,
      labelNames: [],
      contentHash: modelHash({ model, weights }),
    });
    const digits = blobs('train', 300);
    const found = await label(mlpTeacher, digits, { folder: folder() });
    expect(found).toEqual(valuesOf(await mlpTeacher.answer(digits, ['logits']), allRows(digits)));
    const shuffled = await shuffledTeacher(mlpTeacher, digits, 1);
    expect(() => cachedTeacher(shuffled, { folder: folder() })).toThrow("depend on a row's contents");
    const broken = letters(
      { rows: [] },
      {
        open: async () => ({
          signals: { logits: { dtype: 'float32', shape: [3] } },
          answer: async (_, rows) => ({ logits: new Float32Array(rows.length * 3).fill(Number.NaN) }),
          release: async () => {},
        }),
      },
    );
    await expect(label(broken, dataOf(['a', 'b']), { folder: folder() })).rejects.toThrow(
      'teacher letters, logits of row 1 of train: wanted finite numbers, got NaN',
    );
  });
});
