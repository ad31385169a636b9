/** @file A saved model of ours as a teacher. */

import type { Dataset } from '../data/dataset.js';
import { batchesByLength } from '../data/length-order.js';
import { batchesInOrder } from '../data/shuffle.js';
import { SignalError } from '../errors/failures.js';
import { classesOf, openFrozenForward, type RowSignal } from '../models/forward.js';
import type { SignalName } from '../models/model.js';
import type { SavedModel } from '../models/saved-model.js';
import type { SessionOptions } from '../runtime/session.js';
import { bytesPerElement } from '../tensor/dtype.js';
import { sizeOf, staticShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Teacher, TeacherAnswers } from './teacher.js';

/** Signals of one small tensor a row. The others, by layer and token, are better traced into the step. */
const KEPT_SIGNALS = ['logits', 'pooledOutput'] as const satisfies readonly RowSignal[];
type KeptSignal = (typeof KEPT_SIGNALS)[number];

const MAX_ANSWER_BYTES = 2 ** 30;
const ROWS_PER_RUN = 256;
/** Padding included. */
const TOKENS_PER_RUN = 2048;

/** Whether a teacher's answers with this signal can be computed once and kept. */
export function isKeptSignal(signal: SignalName): signal is KeptSignal {
  return KEPT_SIGNALS.some((kept) => kept === signal);
}

/** A teacher from a model that `loadModel` has read. It answers as it predicts: without dropout, in float32. */
export function modelTeacher(
  saved: Pick<SavedModel, 'path' | 'model' | 'weights' | 'labelNames' | 'contentHash'>,
  options: Pick<SessionOptions, 'threads' | 'device'> = {},
): Teacher {
  const { path, model, weights, labelNames, contentHash } = saved;
  return {
    name: path,
    provides: model.signals,
    classes: classesOf(model),
    labelNames,
    contentHash,
    traced: { model, weights },
    answer: (data, signals) => answersOf(saved, data, signals, options),
  };
}

async function answersOf(
  { path, model, weights }: Pick<SavedModel, 'path' | 'model' | 'weights'>,
  data: Dataset,
  signals: readonly SignalName[],
  options: Pick<SessionOptions, 'threads' | 'device'>,
): Promise<TeacherAnswers> {
  const kept = signals.filter(isKeptSignal);
  if (kept.length < signals.length) {
    throw new SignalError({
      where: `teacher ${path}`,
      wanted: `signals that fit into memory for all rows: ${KEPT_SIGNALS.join(', ')}`,
      got: signals.join(', '),
      fix: "trace the teacher into the step (teacherForm 'traced')",
    });
  }
  expectReadable(
    path,
    model.inputs({ B: 1, S: 1 }).map(({ name }) => name),
    data,
  );
  const forward = await openFrozenForward({ model, weights }, kept, options);
  try {
    const rows = kept.map((name) => {
      const { dtype, shape } = forward.signals[name] ?? { dtype: 'float32', shape: [] };
      return { name, dtype, shape: staticShape(shape, `${path} ${name}`) };
    });
    const bytes = rows.reduce((sum, { dtype, shape }) => sum + bytesPerElement(dtype) * sizeOf(shape), 0) * data.size;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new SignalError({
        where: `teacher ${path}`,
        wanted: `answers of at most ${MAX_ANSWER_BYTES / 2 ** 20} MiB`,
        got: `${Math.ceil(bytes / 2 ** 20)} MiB for ${data.size} rows`,
        fix: "trace the teacher into the step (teacherForm 'traced')",
      });
    }
    const answers = rows.map((row) => ({ ...row, values: new Float32Array(data.size * sizeOf(row.shape)) }));
    for (const numbers of runsOf(data)) {
      const given = await forward.run(data.batch(numbers).inputs);
      for (const { name, shape, values } of answers) {
        const size = sizeOf(shape);
        const of = given[name]?.data as Float32Array;
        for (const [i, row] of numbers.entries()) values.set(of.subarray(i * size, (i + 1) * size), row * size);
      }
    }
    return {
      signals: Object.fromEntries(rows.map(({ name, dtype, shape }) => [name, { dtype, shape }])),
      batch: (wanted, paddedTo) =>
        Object.fromEntries(answers.map(({ name, shape, values }) => [name, gather(values, shape, wanted, paddedTo)])),
    };
  } finally {
    await forward.release();
  }
}

/** The rows of each run: in order, or texts by their length. */
function runsOf({ size, text }: Dataset): Iterable<Uint32Array> {
  return text === undefined
    ? batchesInOrder(size, ROWS_PER_RUN)
    : batchesByLength(text.lengths, { maxRows: ROWS_PER_RUN, maxTokens: TOKENS_PER_RUN });
}

function gather(
  values: Float32Array,
  shape: readonly number[],
  rows: ArrayLike<number>,
  paddedTo: number,
): Tensor<'float32'> {
  const size = sizeOf(shape);
  const data = new Float32Array(paddedTo * size);
  for (let i = 0; i < paddedTo; i++) {
    const start = (rows[i % rows.length] as number) * size;
    // A loop: for ten numbers, `set(subarray(…))` costs more than the copy.
    for (let j = 0; j < size; j++) data[i * size + j] = values[start + j] as number;
  }
  return { dtype: 'float32', shape: [paddedTo, ...shape], data };
}

/** @throws SignalError naming inputs that the data does not have. */
function expectReadable(path: string, wanted: readonly string[], data: Dataset): void {
  const given = Object.keys(data.batch([0]).inputs);
  const missing = wanted.filter((name) => !given.includes(name));
  if (missing.length === 0) return;
  throw new SignalError({
    where: `teacher ${path}`,
    wanted: `the inputs ${wanted.join(', ')}`,
    got: `${data.name} with ${given.join(', ')}`,
    fix: 'use a teacher of the same kind of data',
  });
}
