/** @file A teacher whose answers are kept on disk, by content. */
import { createHash } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import { InterruptedError, OptionError } from '../errors/failures.js';
import { jsonHash } from '../files/json-hash.js';
import type { WorkSource } from '../files/work-source.js';
import type { SignalName } from '../models/model.js';
import { type Shard, shardBytes } from './answer-shard.js';
import { sinkFor } from './answer-sink.js';
import { floatsOf, openTeacher, type RowShape, readsOf, rowShapes, usableAnswers, valuesOf } from './answers.js';
import {
  describe,
  knownSignals,
  lockFolder,
  makeRoom,
  readShard,
  shardNames,
  type TeacherFolder,
  teacherFolder,
  touch,
  writeShard,
} from './cache-folder.js';
import { cachedPlan } from './cached-plan.js';
import { labelParts } from './label-parts.js';
import { KEY_WORDS, KeyIndex, keysOfRows } from './row-keys.js';
import type { FedSignals, OpenTeacher, Teacher, TeacherAnswers } from './teacher.js';

export type LabellingProgress = {
  /** Rows that the teacher has answered now, of those that it has to. */
  readonly done: number;
  readonly total: number;
  /** Rows whose answers were there already, or that are the same as another. */
  readonly known: number;
};

export type CacheOptions = {
  /** Made if it is not there; several teachers and data sets may share it. */
  readonly folder: string;
  /** The most that all answers in the folder may take. Default: 4 GiB. */
  readonly maxBytes?: number | undefined;
  /** Where other processes label the same rows at the same time: each part is then made by one of them. */
  readonly parts?: SharedParts | undefined;
  /** Answers of up to this size are read into memory; more are read from disk row by row. Default: 256 MiB. */
  readonly memoryBytes?: number | undefined;
  readonly onProgress?: ((progress: LabellingProgress) => void) | undefined;
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Ends the labelling after the part under way; what is there stays. */
  readonly signal?: AbortSignal | undefined;
};

export type SharedParts = {
  /** @param key of the outputs: the teacher's and the signals', the same in all processes */
  readonly source: (key: string) => Promise<WorkSource>;
  /** What the names of files are relative to. */
  readonly root: string;
};

const FORMAT = 1;
/**
 * The first version whose answers are those that the same teachers give now: to be raised with ONNX Runtime, or when rows
 * come to be read otherwise.
 */
const ANSWERED_SINCE = '0.1.0';
const DEFAULT_MAX_BYTES = 2 ** 32;
/** Rows that are answered and written together; a kill loses one such part. */
const ROWS_PER_SHARD = 1024;
const DEFAULT_MEMORY_BYTES = 2 ** 28;

/**
 * The same teacher, asked once for each content: answers are kept under the hash of the teacher (`contentHash`, label names,
 * `threads`), the signals, and the row's texts or inputs. So rows may be reordered, edited, added or dropped between runs, and
 * another teacher, tokenizer or label order finds nothing. Labelling that was killed goes on where it stood, to the same
 * answers. Files are checked as they are read, and damaged ones are answered anew.
 * @throws OptionError for a teacher whose answers depend on the place of a row; OutputError, before any work, where there is
 *   no room; InterruptedError after `signal`.
 */
export function cachedTeacher(teacher: Teacher, options: CacheOptions): Teacher {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (!(maxBytes > 0)) {
    throw new OptionError({ where: 'maxBytes', wanted: 'a number of bytes > 0', got: String(maxBytes) });
  }
  if (readsOf(teacher).includes('places')) {
    throw new OptionError({
      where: `cache for teacher ${teacher.name}`,
      wanted: "a teacher whose outputs depend on a row's contents",
      got: 'one that goes by the position or id of a row',
      fix: 'use it as it is, or cache the teacher inside it',
    });
  }
  const { open: _open, ...rest } = teacher;
  return {
    ...rest,
    remembers: true,
    plan: async (data, request) => {
      const key = await answersKey(options.folder, teacher, request.signals);
      return cachedPlan(teacher, join(options.folder, key), data, request);
    },
    answer: async (data, signals) =>
      usableAnswers(teacher, data, await cachedAnswers({ teacher, data, signals: [...signals].sort(), options })),
  };
}

/**
 * The same teacher with its answers kept on disk: by a cache, unless they lie there already or depend on the place of a row.
 * @throws as `cachedTeacher` does.
 */
export function rememberingTeacher(teacher: Teacher, options: CacheOptions): Teacher {
  const needsNone = teacher.remembers === true || readsOf(teacher).includes('places');
  return needsNone ? teacher : cachedTeacher(teacher, options);
}

/** Answers to some rows: those that are there, and those that are made. */
type Labelling = {
  readonly teacher: Teacher;
  readonly data: Dataset;
  readonly signals: readonly SignalName[];
  readonly options: CacheOptions;
};

async function cachedAnswers(labelling: Labelling): Promise<TeacherAnswers> {
  const { teacher, data, signals, options } = labelling;
  const keys = await keysOfRows(data, readsOf(teacher), `teacher ${teacher.name}`);
  const index = new KeyIndex(keys);
  const folder = await teacherFolder(options.folder, await answersKey(options.folder, teacher, signals));
  const known = await knownSignals(folder);
  if (known !== undefined) {
    await touch(folder);
    const { sink, missing } = await find(labelling, folder, known, index);
    if (missing.length === 0) {
      report(labelling, 0, 0);
      return sink.answers(index.firsts);
    }
  }
  if (options.parts !== undefined) return labelWithOthers(labelling, options.parts, { folder, index, keys });
  const lock = await lockFolder(folder, options.signal);
  try {
    return await label(labelling, folder, index, keys);
  } finally {
    lock.release();
  }
}

/** What is there of the answers that are wanted, and the rows that are missing. */
async function find(
  { teacher, data, options }: Labelling,
  folder: TeacherFolder,
  signals: FedSignals,
  index: KeyIndex,
) {
  const { memoryBytes = DEFAULT_MEMORY_BYTES, onNotice } = options;
  const shapes = rowShapes(signals, `teacher ${teacher.name}`);
  const sink = sinkFor(folder, signals, shapes, data.size, memoryBytes);
  const floats = floatsOf(shapes);
  const unused: string[] = [];
  const seen = new Set<string>();
  /** Takes what has come since, and gives the rows that are missing still. */
  const look = async (): Promise<Uint32Array> => {
    for (const name of await shardNames(folder)) {
      if (seen.has(name)) continue;
      const shard = await readShard(folder, name, floats);
      if (shard === undefined) {
        onNotice?.(`${join(folder.path, name)} was damaged; its outputs are computed again`);
        continue;
      }
      seen.add(name);
      let used = 0;
      for (let at = 0; at < shard.rows; at++) {
        const row = index.rowOf(shard.keys, at);
        if (row === undefined) continue;
        used += 1;
        sink.put(row, shard.values.subarray(at * floats, (at + 1) * floats), name, shard.rows, at);
      }
      if (used === 0) unused.push(name);
    }
    return index.firsts.filter((first, row) => first === row && sink.known[row] === 0);
  };
  return { sink, unused, look, missing: await look() };
}

async function label(
  labelling: Labelling,
  folder: TeacherFolder,
  index: KeyIndex,
  keys: Uint32Array,
): Promise<TeacherAnswers> {
  const { teacher, data, options } = labelling;
  const { name } = teacher;
  const { signal } = options;
  return withTeacher(labelling, async (opened, shapes) => {
    const floats = floatsOf(shapes);
    const { sink, unused, missing } = await find(labelling, folder, opened.signals, index);
    await prepareFolder(labelling, folder, opened, { unused, missing });
    let done = 0;
    report(labelling, done, missing.length);
    for (const part of partsOf(missing)) {
      if (signal?.aborted) throw interrupted(name, done, missing.length);
      const shard = await askFor(opened, data, part, keys, shapes, teacher);
      const file = await writeShard(folder, shard);
      for (const [at, row] of part.entries()) {
        sink.put(row, shard.values.subarray(at * floats, (at + 1) * floats), file, shard.rows, at);
      }
      done += part.length;
      report(labelling, done, missing.length);
    }
    return sink.answers(index.firsts);
  });
}

/** Opens the teacher for as long as it is used. */
async function withTeacher(
  { teacher, signals }: Labelling,
  use: (opened: OpenTeacher, shapes: ReturnType<typeof rowShapes>) => Promise<TeacherAnswers>,
): Promise<TeacherAnswers> {
  const opened = await openTeacher(teacher, signals);
  try {
    return await use(opened, rowShapes(opened.signals, `teacher ${teacher.name}`));
  } finally {
    await opened.release();
  }
}

async function prepareFolder(
  { teacher, options }: Labelling,
  folder: TeacherFolder,
  { signals }: OpenTeacher,
  { unused, missing }: { readonly unused: readonly string[]; readonly missing: Uint32Array },
): Promise<void> {
  const { name, contentHash, labelNames } = teacher;
  const floats = floatsOf(rowShapes(signals, `teacher ${name}`));
  let needed = 0;
  for (const part of partsOf(missing)) needed += shardBytes(part.length, floats);
  await makeRoom(folder, { needed, maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES, unused });
  await describe(folder, { teacher: name, contentHash, labelNames, signals });
}

/**
 * As `label`, by several processes at once: each part is a unit, whose result is its file among the answers. So a part is
 * the same bytes whoever makes it, and one that is made twice is one file.
 */
async function labelWithOthers(
  labelling: Labelling,
  { source, root }: SharedParts,
  { folder, index, keys }: { readonly folder: TeacherFolder; readonly index: KeyIndex; readonly keys: Uint32Array },
): Promise<TeacherAnswers> {
  const { teacher, data, options } = labelling;
  const { signal } = options;
  return withTeacher(labelling, async (opened, shapes) => {
    const { sink, look, ...found } = await prepared(labelling, folder, opened, index);
    let { missing } = found;
    const total = missing.length;
    // Of a part that is looked at again: hashing all of them for each that is made would take longer than a fast teacher.
    const names = new Map<string, string>();
    const nameOf = (part: Uint32Array): string => {
      const place = `${part[0]}-${part.at(-1)}-${part.length}`;
      const name = names.get(place) ?? unitOfPart(part, keys);
      names.set(place, name);
      return name;
    };
    await labelParts({
      source: () => source(folder.key),
      name: `labelling by teacher ${teacher.name}`,
      signal,
      parts: async () => {
        missing = await look();
        report(labelling, total - missing.length, total);
        return new Map(Array.from(partsOf(missing), (part) => [nameOf(part), part]));
      },
      make: async (part) => {
        const file = await writeShard(folder, await askFor(opened, data, part, keys, shapes, teacher));
        return [relative(root, join(folder.path, file)).split(sep).join('/')];
      },
    });
    if (signal?.aborted && missing.length > 0) throw interrupted(teacher.name, total - missing.length, total);
    return sink.answers(index.firsts);
  });
}

/** What is there and what is missing, and room for it: by one process at a time. */
async function prepared(labelling: Labelling, folder: TeacherFolder, opened: OpenTeacher, index: KeyIndex) {
  const lock = await lockFolder(folder, labelling.options.signal);
  try {
    const found = await find(labelling, folder, opened.signals, index);
    await prepareFolder(labelling, folder, opened, found);
    return found;
  } finally {
    lock.release();
  }
}

/** By its rows' contents. */
function unitOfPart(part: Uint32Array, keys: Uint32Array): string {
  const hash = createHash('sha256');
  for (const row of part) hash.update(keys.subarray(row * KEY_WORDS, (row + 1) * KEY_WORDS));
  return `rows-${hash.digest('hex').slice(0, 24)}`;
}

function report({ data, options }: Labelling, done: number, total: number): void {
  options.onProgress?.({ done, total, known: data.size - total });
}

/** What answers lie under: all that they depend on besides the row. */
async function answersKey(root: string, teacher: Teacher, signals: readonly SignalName[]): Promise<string> {
  const { contentHash, labelNames, threads } = teacher;
  const parts = [FORMAT, ANSWERED_SINCE, contentHash, labelNames, [...signals].sort(), readsOf(teacher)];
  const plain = jsonHash(parts);
  // What 0.1.0 kept, without threads, counts for any number of them.
  if (threads === undefined || (await knownSignals({ path: join(root, plain) }))) return plain;
  return jsonHash([...parts, threads]);
}

/** The values of some rows, signal behind signal in each. */
async function askFor(
  opened: OpenTeacher,
  data: Dataset,
  rows: Uint32Array,
  keys: Uint32Array,
  shapes: readonly RowShape[],
  teacher: Teacher,
): Promise<Shard> {
  const given = await opened.answer(data, rows);
  const floats = floatsOf(shapes);
  const values = new Float32Array(rows.length * floats);
  let offset = 0;
  for (const shape of shapes) {
    const of = valuesOf(given, shape, { data, rows, teacher });
    for (let i = 0; i < rows.length; i++) {
      values.set(of.subarray(i * shape.size, (i + 1) * shape.size), i * floats + offset);
    }
    offset += shape.size;
  }
  const own = new Uint32Array(rows.length * KEY_WORDS);
  for (const [i, row] of rows.entries()) {
    own.set(keys.subarray(row * KEY_WORDS, (row + 1) * KEY_WORDS), i * KEY_WORDS);
  }
  return { rows: rows.length, keys: own, values };
}

/**
 * Parts that end where a whole number of shards does among all rows, so that a row is answered beside the same others
 * whether the labelling was interrupted or not: sums in another order round differently.
 */
function* partsOf(missing: Uint32Array): Generator<Uint32Array, void> {
  for (let start = 0, end = 1; end <= missing.length; end++) {
    const isLast = end === missing.length;
    const border = Math.floor((missing[start] as number) / ROWS_PER_SHARD);
    if (!isLast && Math.floor((missing[end] as number) / ROWS_PER_SHARD) === border) continue;
    yield missing.subarray(start, end);
    start = end;
  }
}

function interrupted(name: string, done: number, total: number): InterruptedError {
  return new InterruptedError({
    where: `labelling by teacher ${name}`,
    wanted: `outputs for ${total} rows`,
    got: `an interruption after ${done}`,
    fix: 'they are cached: run it again to continue, a command with --resume',
  });
}
