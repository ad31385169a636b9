/** @file A saved model of ours as a teacher. */

import type { Dataset } from '../data/dataset.js';
import { batchesByLength } from '../data/length-order.js';
import { batchesInOrder } from '../data/shuffle.js';
import { SignalError } from '../errors/failures.js';
import { classesOf, type FrozenForward, openFrozenForward, type RowSignal } from '../models/forward.js';
import type { SavedModel, SignalName } from '../models/model.js';
import type { SessionOptions } from '../runtime/backend.js';
import { answersInMemory, rowShapes } from './answers.js';
import type { OpenTeacher, RowValues, Teacher } from './teacher.js';

/** Signals of one small tensor a row. The others, by layer and token, are better traced into the step. */
const KEPT_SIGNALS = ['logits', 'pooledOutput'] as const satisfies readonly RowSignal[];
type KeptSignal = (typeof KEPT_SIGNALS)[number];

const ROWS_PER_RUN = 256;

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
  const open = (signals: readonly SignalName[]) => openModel(saved, signals, options);
  return {
    name: path,
    provides: model.signals,
    classes: classesOf(model),
    labelNames,
    contentHash,
    traced: { model, weights },
    open,
    // In one part: rows of like length are then found among all.
    answer: (data, signals) => answersInMemory({ name: path, open }, data, signals, data.size),
  };
}

async function openModel(
  { path, model, weights }: Pick<SavedModel, 'path' | 'model' | 'weights'>,
  signals: readonly SignalName[],
  options: Pick<SessionOptions, 'threads' | 'device'>,
): Promise<OpenTeacher> {
  const kept = keptSignals(signals, `teacher ${path}`);
  const forward = await openFrozenForward({ model, weights }, kept, options);
  const inputs = model.inputs({ B: 1, S: 1 }).map(({ name }) => name);
  return {
    signals: forward.signals,
    answer: async (data, rows) => {
      expectReadable(path, inputs, data);
      return runForward(forward, data, rows, path);
    },
    release: () => forward.release(),
  };
}

/**
 * The signals, all of which have to be of one small tensor a row.
 * @throws SignalError naming those that are not.
 */
export function keptSignals(signals: readonly SignalName[], where: string): KeptSignal[] {
  const kept = signals.filter(isKeptSignal);
  if (kept.length === signals.length) return kept;
  throw new SignalError({
    where,
    wanted: `signals that fit into memory for all rows: ${KEPT_SIGNALS.join(', ')}`,
    got: signals.join(', '),
    fix: "trace the teacher into the step (teacherForm 'traced')",
  });
}

/** @throws SignalError for another signal than logits. */
export function expectLogitsAlone(signals: readonly SignalName[], where: string): void {
  const got = keptSignals(signals, where).find((signal) => signal !== 'logits');
  if (got !== undefined) throw new SignalError({ where, wanted: 'logits, its only signal', got });
}

/** The signals of rows, in their order; run in batches of like length where rows are texts. */
export async function runForward(
  { signals, run }: Pick<FrozenForward, 'signals' | 'run'>,
  data: Dataset,
  rows: Uint32Array,
  where: string,
): Promise<RowValues> {
  const shapes = rowShapes(signals, where);
  const values = Object.fromEntries(shapes.map(({ name, size }) => [name, new Float32Array(rows.length * size)]));
  for (const places of runsOf(data, rows)) {
    const given = await run(data.batch(places.map((place) => rows[place] as number)).inputs);
    for (const { name, size } of shapes) {
      const of = given[name]?.data as Float32Array;
      for (const [i, place] of places.entries()) {
        values[name]?.set(of.subarray(i * size, (i + 1) * size), place * size);
      }
    }
  }
  return values;
}

/** Places among the rows, by run: in order, or texts by their length. */
function runsOf({ text }: Dataset, rows: Uint32Array): Iterable<Uint32Array> {
  if (text === undefined) return batchesInOrder(rows.length, ROWS_PER_RUN);
  const lengths = rows.map((row) => text.lengths[row] as number);
  return batchesByLength(lengths, { maxRows: ROWS_PER_RUN });
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
