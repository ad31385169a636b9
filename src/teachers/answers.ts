/** @file Answers to all rows of a data set, in memory, from a teacher that answers part by part. */
import type { Dataset } from '../data/dataset.js';
import { allRows } from '../data/row-sample.js';
import { SignalError } from '../errors/failures.js';
import type { SignalName } from '../models/model.js';
import { type StaticShape, sizeOf, staticShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { LARGEST_TARGET } from './targets.js';
import type { FedSignals, OpenTeacher, RowPart, RowValues, Teacher, TeacherAnswers } from './teacher.js';

const MAX_ANSWER_BYTES = 2 ** 30;
const ROWS_PER_PART = 1024;

/** A signal of one row. */
export type RowShape = { readonly name: string; readonly shape: StaticShape; readonly size: number };

/**
 * What is known of answers before any is given.
 * @param hasRemainder whether they may name only some of the classes.
 */
export function usualSignals({ classes }: Pick<Teacher, 'classes'>, hasRemainder = false): FedSignals {
  const byClass = { dtype: 'float32', shape: [classes] } as const;
  return { logits: byClass, ...(hasRemainder && { remainder: byClass }) };
}

/**
 * The shapes of a row's signals, in the order in which they are given.
 * @throws SignalError for a signal that is not of a fixed size, or no float32.
 */
export function rowShapes(signals: FedSignals, where: string): RowShape[] {
  return Object.entries(signals).map(([name, { dtype, shape }]) => {
    if (dtype !== 'float32') throw new SignalError({ where: `${where}, ${name}`, wanted: 'float32', got: dtype });
    const fixed = staticShape(shape, `${where}, ${name}`);
    return { name, shape: fixed, size: sizeOf(fixed) };
  });
}

/** Numbers that a row's signals have together. */
export function floatsOf(rows: readonly RowShape[]): number {
  return rows.reduce((sum, { size }) => sum + size, 0);
}

/**
 * All answers, with memory for all rows taken at once.
 * @throws SignalError where they would take more than 1 GiB.
 */
export async function answersInMemory(
  teacher: Pick<Teacher, 'name' | 'onBadRow'> & Required<Pick<Teacher, 'open'>>,
  data: Dataset,
  signals: readonly SignalName[],
  rowsPerPart = ROWS_PER_PART,
): Promise<TeacherAnswers> {
  const { name } = teacher;
  const opened = await teacher.open(signals);
  try {
    const rows = rowShapes(opened.signals, `teacher ${name}`);
    expectRoom(rows, data, name);
    const values = Object.fromEntries(rows.map((row) => [row.name, new Float32Array(data.size * row.size)]));
    for (let start = 0; start < data.size; start += rowsPerPart) {
      const part = Uint32Array.from({ length: Math.min(rowsPerPart, data.size - start) }, (_, i) => start + i);
      const given = await opened.answer(data, part);
      for (const row of rows) {
        values[row.name]?.set(valuesOf(given, row, { data, rows: part, teacher }), start * row.size);
      }
    }
    return usableAnswers(teacher, data, gatheredFrom(opened.signals, rows, values));
  } finally {
    await opened.release();
  }
}

/** Answers whose values lie in memory, in the order of the rows. */
export function gatheredFrom(signals: FedSignals, rows: readonly RowShape[], values: RowValues): TeacherAnswers {
  return {
    signals,
    batch: (wanted, paddedTo) =>
      Object.fromEntries(
        rows.map((row) => [row.name, gather(values[row.name] as Float32Array, row, wanted, paddedTo)]),
      ),
  };
}

/**
 * The values of one signal of some rows.
 * @throws SignalError for not as many as the rows have; naming the first row that has no usable ones, unless the teacher is
 *   told of such (`usableAnswers`).
 */
export function valuesOf(
  given: RowValues,
  { name, size }: RowShape,
  { data, rows, teacher }: { readonly data: Dataset; readonly rows: Uint32Array; readonly teacher: Tolerance },
): Float32Array {
  const values = given[name];
  if (values?.length !== rows.length * size) {
    const wanted = `${size} values for each of ${rows.length} rows`;
    throw new SignalError({ where: `teacher ${teacher.name}, ${name}`, wanted, got: `${values?.length ?? 'none'}` });
  }
  const wrong = values.findIndex((value) => !isUsable(value));
  if (wrong < 0 || (name === 'logits' && teacher.onBadRow !== undefined)) return values;
  throw badRow(teacher, name, data, rows[Math.floor(wrong / size)] as number, values[wrong] as number);
}

type Tolerance = Pick<Teacher, 'name' | 'onBadRow'>;

function isUsable(value: number): boolean {
  return Math.abs(value) <= LARGEST_TARGET;
}

function badRow({ name }: Tolerance, signal: string, data: Dataset, row: number, got: number): SignalError {
  return new SignalError({
    where: `teacher ${name}, ${signal} of row ${row + 1} of ${data.name}`,
    wanted: `finite numbers${Number.isFinite(got) ? ` up to ${LARGEST_TARGET.toPrecision(2)}` : ''}`,
    got: String(got),
    fix: signal === 'logits' ? 'fix the teacher, or leave such rows out (--bad_rows skip)' : 'fix the teacher',
  });
}

/**
 * Answers of which every row can be learnt from, or is a hole. All kinds of teachers come by here, with answers that they made
 * and with those that they had.
 * @throws SignalError naming the first row whose logits are no usable numbers, unless the teacher is told of such; or the last
 *   where there are no others.
 */
export function usableAnswers(teacher: Tolerance, data: Dataset, answers: TeacherAnswers): TeacherAnswers {
  const { signals, batch } = answers;
  if (signals.logits === undefined) return answers;
  const holes = new Set<number>();
  let last: SignalError | undefined;
  for (let start = 0; start < data.size; start += ROWS_PER_PART) {
    const rows = Uint32Array.from({ length: Math.min(ROWS_PER_PART, data.size - start) }, (_, i) => start + i);
    const logits = batch(rows, rows.length).logits?.data as Float32Array;
    const size = logits.length / rows.length;
    for (let at = 0; at < logits.length; at++) {
      if (isUsable(logits[at] as number)) continue;
      const row = start + Math.floor(at / size);
      last = badRow(teacher, 'logits', data, row, logits[at] as number);
      if (teacher.onBadRow === undefined) throw last;
      teacher.onBadRow(last);
      holes.add(row);
      at = (row - start + 1) * size - 1;
    }
  }
  if (last === undefined) return answers;
  if (holes.size === data.size) throw last;
  return withHoles(answers, holes);
}

function withHoles({ signals, batch }: TeacherAnswers, holes: ReadonlySet<number>): TeacherAnswers {
  return {
    signals: { ...signals, ...(signals.logits && { remainder: signals.logits }) },
    batch: (rows, paddedTo) => {
      const given = batch(rows, paddedTo);
      const logits = given.logits as Tensor<'float32'>;
      const size = logits.data.length / paddedTo;
      const isHole = (i: number) => holes.has(rows[Math.floor(i / size) % rows.length] as number);
      const known = given.remainder?.data;
      return {
        ...given,
        logits: { ...logits, data: logits.data.map((value, i) => (isHole(i) ? 0 : value)) },
        remainder: { ...logits, data: logits.data.map((_, i) => (isHole(i) ? 1 : Number(known?.[i] ?? 0))) },
      };
    },
  };
}

/**
 * A teacher made ready; of one that answers only all rows at once, its answers are kept for the parts.
 * @throws SignalError for such a teacher and another signal than logits.
 */
export async function openTeacher(teacher: Teacher, signals: readonly SignalName[]): Promise<OpenTeacher> {
  if (teacher.open !== undefined) return teacher.open(signals);
  const { name } = teacher;
  const others = signals.filter((signal) => signal !== 'logits');
  if (others.length > 0) {
    throw new SignalError({
      where: `teacher ${name}`,
      wanted: 'logits, its only signal in parts',
      got: others.join(', '),
    });
  }
  let known: { readonly data: Dataset; readonly answers: TeacherAnswers } | undefined;
  return {
    signals: usualSignals(teacher),
    answer: async (data, rows) => {
      if (known?.data !== data) known = { data, answers: await teacher.answer(data, signals) };
      const { logits, remainder } = known.answers.batch(rows, rows.length);
      const values = Object.entries({ logits, remainder }).map(([signal, value]) => [signal, value?.data] as const);
      return Object.fromEntries(values.filter((entry): entry is [string, Float32Array] => entry[1] !== undefined));
    },
    release: async () => {
      known = undefined;
    },
  };
}

function gather(
  values: Float32Array,
  { shape, size }: RowShape,
  rows: ArrayLike<number>,
  paddedTo: number,
): Tensor<'float32'> {
  const data = new Float32Array(paddedTo * size);
  for (let i = 0; i < paddedTo; i++) {
    const start = (rows[i % rows.length] as number) * size;
    // A loop: for ten numbers, `set(subarray(…))` costs more than the copy.
    for (let j = 0; j < size; j++) data[i * size + j] = values[start + j] as number;
  }
  return { dtype: 'float32', shape: [paddedTo, ...shape], data };
}

function expectRoom(rows: readonly RowShape[], data: Dataset, name: string): void {
  const bytes = Float32Array.BYTES_PER_ELEMENT * floatsOf(rows) * data.size;
  if (bytes <= MAX_ANSWER_BYTES) return;
  throw new SignalError({
    where: `teacher ${name}`,
    wanted: `outputs of at most ${MAX_ANSWER_BYTES / 2 ** 20} MiB in memory`,
    got: `${Math.ceil(bytes / 2 ** 20)} MiB for ${data.size} rows`,
    fix: "keep them on disk (cachedTeacher), or trace the teacher into the step (teacherForm 'traced')",
  });
}

/** What of a row a teacher's answers depend on. */
export function readsOf({ reads }: Teacher): readonly RowPart[] {
  return reads ?? ['inputs'];
}

/** A batch of answers with the values of each signal changed. */
export function changedBatch(
  batch: TeacherAnswers['batch'],
  change: (signal: string, values: Float32Array) => Float32Array,
): TeacherAnswers['batch'] {
  return (rows, paddedTo) =>
    Object.fromEntries(
      Object.entries(batch(rows, paddedTo)).map(([signal, value]) => [
        signal,
        value.data instanceof Float32Array ? { ...value, data: change(signal, value.data) } : value,
      ]),
    );
}

/** A teacher's logits for all rows, [N * C]. @throws as its `answer` does. */
export async function logitsOf(teacher: Pick<Teacher, 'answer'>, data: Dataset): Promise<Float32Array> {
  const { batch } = await teacher.answer(data, ['logits']);
  return batch(allRows(data.size), data.size).logits?.data as Float32Array;
}
