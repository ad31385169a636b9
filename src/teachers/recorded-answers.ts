/** @file Answers that were given earlier as a teacher, wherever they are from: nothing of Node is behind it. */
import type { Dataset } from '../data/dataset.js';
import type { ObjectRow } from '../data/formats/table-rows.js';
import { allRows } from '../data/row-sample.js';
import type { TextTable } from '../data/text-table.js';
import { FileError, OptionError, SignalError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import type { SignalName } from '../models/model.js';
import { defined } from '../options/given.js';
import { isJsonObject } from '../options/json.js';
import { isQuestion, type Question } from '../options/question.js';
import { answersInMemory, usualSignals } from './answers.js';
import { expectLogitsAlone } from './model-teacher.js';
import { textsOf } from './own-texts.js';
import { AnswerReader, type RecordedOptions } from './recorded-row.js';
import { RUNGS, type Rung } from './targets.js';
import type { OpenTeacher, Teacher } from './teacher.js';

export type RecordedAnswersOptions = RecordedOptions & {
  /** The labels in the data's order; answers name them, or are lists in this order. */
  readonly labelNames: readonly string[];
  /** What a row of the data is found by. Default: the id where answers have one, else the text. */
  readonly by?: 'id' | 'text';
  /** The kind of answer to read where rows have several. Default: the best that each has. */
  readonly use?: Rung;
  /** Whether answers to rows that the data does not have are an error. Default: `error`. */
  readonly unknownRows?: 'error' | 'ignore';
};

export type RecordedTeacher = Teacher & {
  /** Rows that the teacher would not answer, in the file. */
  readonly refused: number;
};

/** What is made of all that decides what the teacher says, piece by piece. */
type Digest = { readonly update: (text: string) => unknown; readonly digest: () => string };

/**
 * The teacher of recorded answers, as `recordedTeacher` describes their rows.
 * @param hash Makes `contentHash`.
 * @throws as `recordedTeacher` does.
 */
export async function teacherOfRows(
  path: string,
  rows: AsyncIterable<ObjectRow>,
  options: RecordedAnswersOptions,
  hash: Digest,
): Promise<RecordedTeacher> {
  const { labelNames, unknownRows = 'error' } = options;
  checkOptions(options);
  const records = await readRecords(path, rows, options, hash);
  const { by, values, remainder, isWhole } = records;
  const C = labelNames.length;
  const open = async (signals: readonly SignalName[]): Promise<OpenTeacher> => {
    const where = `teacher ${path}`;
    expectLogitsAlone(signals, where);
    const checked = new WeakSet<TextTable>();
    return {
      signals: usualSignals({ classes: C }, remainder !== undefined),
      answer: async (data, rows) => {
        const table = data.text?.table ?? textsOf(data, rows, where);
        if (!checked.has(table)) expectSameRows(records, table, path, unknownRows);
        checked.add(table);
        const places = Array.from(rows, (row) => records.places.get(keyOf(table, row, by)) as number);
        const pick = (from: Float32Array) => {
          const picked = new Float32Array(places.length * C);
          for (const [i, place] of places.entries()) picked.set(from.subarray(place * C, (place + 1) * C), i * C);
          return picked;
        };
        return { logits: pick(values), ...(remainder && { remainder: pick(remainder) }) };
      },
      release: async () => {},
    };
  };
  return {
    name: path,
    provides: ['logits'],
    classes: C,
    labelNames,
    contentHash: records.hash,
    refused: records.refused,
    ...defined({ question: records.question }),
    reads: by === 'id' ? ['places'] : ['texts'],
    remembers: true,
    known: (data) => knownRows(records, data, path),
    temperatures: isWhole ? 'any' : 'one',
    open,
    answer: (data, signals) => answersInMemory({ name: path, open }, data, signals),
  };
}

/** The labels that recorded answers name, in the order in which they come; none of lists of numbers. */
export async function labelsOfRows(rows: AsyncIterable<ObjectRow>): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const { object } of rows) {
    for (const rung of RUNGS) for (const name of namesIn(object[rung])) names.add(name);
  }
  return [...names];
}

function namesIn(said: unknown): readonly string[] {
  if (typeof said === 'string') return [said];
  if (Array.isArray(said)) return said.filter((part) => typeof part === 'string');
  return isJsonObject(said) ? Object.keys(said) : [];
}

type Records = {
  readonly by: 'id' | 'text';
  /** Places of the answers by id or text. */
  readonly places: ReadonlyMap<string, number>;
  /** Where each answer stands. */
  readonly wheres: readonly string[];
  /** What the answers were given to, where they say so besides their ids. */
  readonly texts: readonly (string | undefined)[];
  /** [answers, C] */
  readonly values: Float32Array;
  readonly remainder: Float32Array | undefined;
  /** Whether every answer says all of every label. */
  readonly isWhole: boolean;
  readonly refused: number;
  readonly question: Question | undefined;
  readonly hash: string;
};

async function readRecords(
  path: string,
  rows: AsyncIterable<ObjectRow>,
  options: RecordedAnswersOptions,
  hash: Digest,
): Promise<Records> {
  const { labelNames, use } = options;
  const reader = new AnswerReader(labelNames, options);
  hash.update(JSON.stringify(['recorded', options]));
  const places = new Map<string, number>();
  const wheres: string[] = [];
  const texts: (string | undefined)[] = [];
  let isWhole = true;
  let refused = 0;
  let question: Question | undefined;
  const values = new Growing(labelNames.length);
  const remainder = new Growing(labelNames.length);
  const none = labelNames.map(() => 0);
  let by = options.by;
  for await (const { object, where } of rows) {
    by ??= object.id === undefined || object.id === null ? 'text' : 'id';
    const text = textKey(object);
    const key = by === 'id' ? idKey(object) : text;
    if (key === undefined) {
      const got = `the keys ${Object.keys(object).join(', ')}`;
      throw new FileError({ where, wanted: `the key ${by} of the row`, got, fix: 'correct or delete that row' });
    }
    const before = places.get(key);
    // In a log of requests texts come again: what was said first counts.
    if (before !== undefined && typeof object.at === 'string') continue;
    if (before !== undefined) {
      const got = `another for the same ${by} as ${wheres[before]}`;
      throw new FileError({ where, wanted: 'one output per row', got, fix: 'delete one of them' });
    }
    const { rung, target, isWhole: saysAll } = reader.read(object, where, use);
    places.set(key, wheres.length);
    wheres.push(where);
    texts.push(by === 'id' ? text : undefined);
    isWhole &&= saysAll;
    if (rung === 'refused') refused += 1;
    question = sameQuestion(question, object.question, where);
    values.add(target.logits);
    remainder.add(target.remainder ?? none);
    hash.update(JSON.stringify([key, text, rung, target]));
  }
  if (wheres.length === 0) {
    throw new FileError({ where: path, wanted: 'recorded outputs', got: 'none', fix: 'check that this is the file' });
  }
  const others = remainder.all();
  return {
    by: by ?? 'id',
    places,
    wheres,
    texts,
    values: values.all(),
    remainder: others.some((value) => value > 0) ? others : undefined,
    isWhole,
    refused,
    question,
    hash: hash.digest(),
  };
}

/** What a recorded answer may say. */
export const RECORDED_KEYS: readonly string[] = [
  'id',
  'text',
  'pair',
  'outside',
  'decimals',
  'refused',
  'question',
  'at',
  ...RUNGS,
];

/** @throws FileError for rows that answer another one than those before. */
function sameQuestion(before: Question | undefined, said: unknown, where: string): Question | undefined {
  if (said === undefined || said === null) return before;
  const fix = 'divide the rows by their question';
  const wanted = 'a question: { "type", "instructions", "criteria": [[label, description or null], …] }';
  if (!isQuestion(said))
    throw new FileError({ where: `${where}: question`, wanted, got: shortened(JSON.stringify(said)) });
  if (before === undefined || JSON.stringify(before) === JSON.stringify(said)) return before ?? said;
  const got = shortened(JSON.stringify(said));
  throw new FileError({ where, wanted: 'the question of the rows before', got, fix });
}

function idKey({ id }: Readonly<Record<string, unknown>>): string | undefined {
  return ['string', 'number', 'bigint'].includes(typeof id) ? String(id).trim() : undefined;
}

function textKey({ text, pair }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof text !== 'string') return undefined;
  return textsKey(text, typeof pair === 'string' ? pair : undefined);
}

function textsKey(text: string, pair: string | undefined): string {
  return pair === undefined ? JSON.stringify([text]) : JSON.stringify([text, pair]);
}

function keyOf(table: TextTable, row: number, by: 'id' | 'text'): string {
  return by === 'id' ? (table.ids[row] as string) : textsKey(table.texts[row] as string, table.pairs?.[row]);
}

/** How many rows have an answer. */
function knownRows({ by, places }: Records, data: Dataset, path: string): number {
  const rows = allRows(data.size);
  const table = data.text?.table ?? textsOf(data, rows, `teacher ${path}`);
  return rows.reduce((count, row) => count + (places.has(keyOf(table, row, by)) ? 1 : 0), 0);
}

/** Every row has an answer, to its very text where that is known, and every answer a row unless told otherwise. */
function expectSameRows(records: Records, table: TextTable, path: string, unknownRows: 'error' | 'ignore'): void {
  const { by, places, texts, wheres } = records;
  const used = new Uint8Array(wheres.length);
  const missing: string[] = [];
  for (let row = 0; row < table.size; row++) {
    const place = places.get(keyOf(table, row, by));
    if (place === undefined) {
      missing.push(by === 'id' ? (table.ids[row] as string) : shortened(JSON.stringify(table.texts[row])));
      continue;
    }
    used[place] = 1;
    const text = texts[place];
    if (text !== undefined && text !== keyOf(table, row, 'text')) {
      throw new SignalError({
        where: wheres[place] as string,
        wanted: `the output for row ${table.ids[row]} of ${table.name}, ${shortened(keyOf(table, row, 'text'))}`,
        got: `one for ${shortened(text)}`,
        fix: "the rows have changed: match by text (by: 'text'), or record the outputs again",
      });
    }
  }
  if (missing.length > 0) {
    const some = missing.slice(0, 3).join(', ');
    throw new SignalError({
      where: `teacher ${path}`,
      wanted: `outputs for all ${table.size} rows of ${table.name}, by ${by}`,
      got: `none for ${missing.length} of them (${some}${missing.length > 3 ? ', …' : ''})`,
      fix: 'record those too, or leave the rows out',
    });
  }
  const extra = used.indexOf(0);
  if (extra < 0 || unknownRows === 'ignore') return;
  const count = used.reduce((sum, value) => sum + (1 - value), 0);
  throw new SignalError({
    where: wheres[extra] as string,
    wanted: `the output for a row of ${table.name}`,
    got: `one for an unknown ${by}${count > 1 ? `, the first of ${count}` : ''}`,
    fix: "check that this is the file for this data; unknownRows: 'ignore' ignores them",
  });
}

function checkOptions({ labelNames, by, use, labelSmoothing = 0.1, samplePrior = 0.5 }: RecordedAnswersOptions): void {
  const refuse = (where: string, wanted: string, got: unknown) => {
    throw new OptionError({ where, wanted, got: String(got) });
  };
  if (labelNames.length < 2 || new Set(labelNames).size < labelNames.length) {
    refuse('labelNames', 'at least two different names', labelNames.join(', ') || 'none');
  }
  if (by !== undefined && by !== 'id' && by !== 'text') refuse('by', 'id or text', by);
  if (use !== undefined && !RUNGS.includes(use)) refuse('use', RUNGS.join(', '), use);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) refuse('labelSmoothing', 'a number ≥ 0 and < 1', labelSmoothing);
  if (!(samplePrior >= 0 && Number.isFinite(samplePrior))) refuse('samplePrior', 'a number ≥ 0', samplePrior);
}

/** Rows of numbers, as many as come. */
class Growing {
  readonly #width: number;
  #values: Float32Array;
  #rows = 0;

  constructor(width: number) {
    this.#width = width;
    this.#values = new Float32Array(width * 1024);
  }

  add(row: readonly number[]): void {
    if ((this.#rows + 1) * this.#width > this.#values.length) {
      const larger = new Float32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values.set(row, this.#rows * this.#width);
    this.#rows += 1;
  }

  all(): Float32Array {
    return this.#values.subarray(0, this.#rows * this.#width);
  }
}
