/** @file Scoring a model on a data set, and its answers row by row. */
import type { Batch, Dataset } from '../data/dataset.js';
import { batchesInOrder } from '../data/shuffle.js';
import { OptionError } from '../errors/failures.js';
import { classesOf, openForward } from '../models/forward.js';
import type { Model } from '../models/model.js';
import type { Weights } from '../models/saved-model.js';
import type { SessionOptions } from '../runtime/session.js';
import { argmax, logSumExp, metricsOf, NO_LABEL, type Scored } from './metrics.js';

export type EvaluatorOptions = Pick<SessionOptions, 'threads' | 'device'> & {
  readonly model: Model;
  readonly data: Dataset;
  /** Use only the first so many rows. Default: all. */
  readonly rows?: number;
};

export type Evaluation = {
  /** By name; none where no row has a label. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly rows: number;
};

/** N rows in the data set's order, C classes. */
export type Predictions = Evaluation & {
  readonly ids: readonly (string | number)[];
  /** The class with the largest logit, [N]. */
  readonly classes: Int32Array;
  /** [N * C] */
  readonly logits: Float32Array;
  /** Softmax of the logits, [N * C]. */
  readonly probabilities: Float32Array;
};

export type Evaluator = {
  evaluate(weights: Weights): Promise<Evaluation>;
  predict(weights: Weights): Promise<Predictions>;
  release(): Promise<void>;
};

/** Inputs of one run. Results don't depend on it: large enough that a run's overhead vanishes, small enough for caches. */
const RUN_BYTES = 2 ** 19;
const MOST_ROWS_PER_RUN = 4096;
/** Data sets up to this size are gathered once and kept for the next evaluation. */
const KEPT_BYTES = 64 * 2 ** 20;

/**
 * Opens a model on a data set, to be scored again and again with different weights. It runs without dropout.
 * @throws OptionError for a data set without rows.
 */
export async function openEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const { model, data } = options;
  const rows = Math.min(options.rows ?? data.size, data.size);
  if (!(Number.isInteger(rows) && rows >= 1)) {
    throw new OptionError({ where: data.name, wanted: 'at least one row to evaluate', got: String(rows) });
  }
  const forward = await openForward(model, ['logits'], options);
  const classes = classesOf(model);
  const bytesPerRow = bytesOf(data.batch([0]));
  const rowsPerRun = Math.max(1, Math.min(MOST_ROWS_PER_RUN, Math.floor(RUN_BYTES / bytesPerRow)));
  const isKept = rows * bytesPerRow <= KEPT_BYTES;
  let kept: readonly Batch[] | undefined;

  function* batches(): Generator<Batch, void> {
    if (kept !== undefined) return yield* kept;
    const gathered: Batch[] = [];
    for (const numbers of batchesInOrder(rows, rowsPerRun)) {
      const batch = data.batch(numbers);
      if (isKept) gathered.push(batch);
      yield batch;
    }
    if (isKept) kept = gathered;
  }

  const score = async (weights: Weights, see: (batch: Batch) => void = () => {}): Promise<Scored> => {
    const logits = new Float32Array(rows * classes);
    const labels = new Int32Array(rows).fill(NO_LABEL);
    let done = 0;
    for (const batch of batches()) {
      const answers = await forward.run(weights, batch.inputs);
      logits.set(answers.logits?.data as Float32Array, done * classes);
      const given = batch.labels?.data ?? [];
      for (let i = 0; i < given.length; i++) labels[done + i] = Number(given[i]);
      see(batch);
      done += batch.weights.length;
    }
    return { logits, classes, labels };
  };

  return {
    evaluate: async (weights) => ({ metrics: metricsOf(await score(weights)), rows }),
    predict: async (weights) => {
      const ids: (string | number)[] = [];
      const scored = await score(weights, (batch) => {
        for (let i = 0; i < batch.ids.length; i++) ids.push(batch.ids[i] as string | number);
      });
      const { logits } = scored;
      return {
        metrics: metricsOf(scored),
        rows,
        ids,
        classes: Int32Array.from({ length: rows }, (_, row) => argmax(logits, row, classes)),
        logits,
        probabilities: softmax(logits, classes),
      };
    },
    release: () => forward.release(),
  };
}

function softmax(logits: Float32Array, classes: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let row = 0; row * classes < logits.length; row++) {
    const total = logSumExp(logits, row, classes);
    for (let i = row * classes; i < (row + 1) * classes; i++)
      probabilities[i] = Math.exp((logits[i] as number) - total);
  }
  return probabilities;
}

function bytesOf(batch: Batch): number {
  return Object.values(batch.inputs).reduce((total, { data }) => total + data.byteLength, 0);
}
