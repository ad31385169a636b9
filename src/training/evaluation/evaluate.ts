/** @file Scoring a model on a data set, and its answers row by row. */
import type { Batch, Dataset } from '../../data/dataset.js';
import { batchesByLength } from '../../data/length-order.js';
import { batchesInOrder } from '../../data/shuffle.js';
import { OptionError, SignalError } from '../../errors/failures.js';
import type { Scored } from '../../metrics/answered.js';
import { checkedMetrics, metricsOf } from '../../metrics/measure.js';
import type { MetricName } from '../../metrics/table.js';
import { classesOf, openForward } from '../../models/forward.js';
import type { Model, Weights } from '../../models/model.js';
import type { SessionOptions } from '../../runtime/backend.js';
import { argmax, logSoftmax } from '../../tensor/logits.js';
import { NO_LABEL } from '../../tensor/no-label.js';

export type EvaluatorOptions = Pick<SessionOptions, 'threads' | 'device'> & {
  readonly model: Model;
  readonly data: Dataset;
  /** Use only the first so many rows. Default: all. */
  readonly rows?: number | undefined;
  /** Besides the loss. Default: accuracy; of a regression Pearson's and Spearman's correlation. */
  readonly metrics?: readonly MetricName[] | undefined;
};

/** How many rows were given each class, and have it as their label, [C] each. */
export type ClassCounts = { readonly given: readonly number[]; readonly gold: readonly number[] };

export type Evaluation = {
  /** By name; none where no row has a label, or of a regression a score. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly rows: number;
  /** Of classes, where one class is the answer. */
  readonly answered?: ClassCounts;
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
 * @throws OptionError for a data set without rows, a metric that is not of such a model, or a model that labels tokens.
 */
export async function openEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const { model, data } = options;
  const rows = Math.min(options.rows ?? data.size, data.size);
  if (!(Number.isInteger(rows) && rows >= 1)) {
    throw new OptionError({ where: data.name, wanted: 'at least one row to evaluate', got: String(rows) });
  }
  const classes = classesOf(model);
  const metrics = checkedMetrics(options.metrics, classes);
  const forward = await openForward(model, ['logits'], options);
  if (forward.signals.logits?.shape.length !== 1) {
    await forward.release();
    const got = `a token classifier (${model.kind})`;
    throw new OptionError({ where: data.name, wanted: 'a model with one output per row', got });
  }
  const runs = [...runsOf(data, rows)];
  const isKept = runs.reduce((total, numbers) => total + bytesOf(data, numbers), 0) <= KEPT_BYTES;
  let kept: readonly Batch[] | undefined;

  /** The batches of all runs, beside the numbers of their rows. */
  function* batches(): Generator<readonly [Uint32Array, Batch], void> {
    const gathered: Batch[] = [];
    for (const [i, numbers] of runs.entries()) {
      const batch = kept?.[i] ?? data.batch(numbers);
      if (isKept) gathered.push(batch);
      yield [numbers, batch];
    }
    if (isKept) kept = gathered;
  }

  const score = async (weights: Weights, see: (numbers: Uint32Array, batch: Batch) => void = () => {}) => {
    const logits = new Float32Array(rows * classes);
    const labels = new Int32Array(rows).fill(NO_LABEL);
    const scores = new Float32Array(rows).fill(Number.NaN);
    for (const [numbers, batch] of batches()) {
      const { logits: answer } = await forward.run(weights, batch.inputs);
      const values = answer?.data as Float32Array;
      const given = batch.labels?.data;
      const wanted = batch.scores?.data;
      for (const [i, row] of numbers.entries()) {
        const answers = values.subarray(i * classes, (i + 1) * classes);
        expectFinite(answers, `${data.name}, row ${row + 1}`);
        logits.set(answers, row * classes);
        if (given !== undefined) labels[row] = Number(given[i]);
        if (wanted !== undefined) scores[row] = wanted[i] as number;
      }
      see(numbers, batch);
    }
    return { logits, classes, labels, scores } satisfies Scored;
  };

  return {
    evaluate: async (weights) => {
      const scored = await score(weights);
      return { metrics: metricsOf(scored, metrics), rows, ...(classes > 1 && { answered: countsOf(scored) }) };
    },
    predict: async (weights) => {
      const ids = new Array<string | number>(rows);
      const scored = await score(weights, (numbers, batch) => {
        for (const [i, row] of numbers.entries()) ids[row] = batch.ids[i] as string | number;
      });
      return predictionsOf(scored, ids, metrics);
    },
    release: () => forward.release(),
  };
}

/** Opens a model on a data set for one use. @throws as `openEvaluator` and the use. */
export async function withEvaluator<T>(
  options: EvaluatorOptions,
  use: (evaluator: Evaluator) => Promise<T>,
): Promise<T> {
  const evaluator = await openEvaluator(options);
  try {
    return await use(evaluator);
  } finally {
    await evaluator.release();
  }
}

/** What answers to some rows come to. @param ids of the rows */
export function predictionsOf(scored: Scored, ids: Predictions['ids'], metrics: readonly MetricName[]): Predictions {
  const { logits, classes } = scored;
  return {
    metrics: metricsOf(scored, metrics),
    rows: ids.length,
    ids,
    classes: Int32Array.from(ids, (_, row) => argmax(logits, row, classes)),
    logits,
    probabilities: Float32Array.from(logSoftmax(logits, classes), Math.exp),
  };
}

/** @throws SignalError for what a model says that is no number: scores of it are none either. */
export function expectFinite(answers: Float32Array | readonly number[], where: string): void {
  const wrong = answers.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw new SignalError({
    where,
    wanted: 'finite outputs',
    got: String(wrong),
    fix: 'the model is broken: train it again with a lower learning rate',
  });
}

function countsOf({ logits, classes, labels }: Scored): ClassCounts {
  const given = new Array<number>(classes).fill(0);
  const gold = new Array<number>(classes).fill(0);
  for (const [row, label] of labels.entries()) {
    const said = argmax(logits, row, classes);
    given[said] = (given[said] ?? 0) + 1;
    if (label !== NO_LABEL) gold[label] = (gold[label] ?? 0) + 1;
  }
  return { given, gold };
}

/** The rows of each run: in order, or texts by their length. */
function runsOf(data: Dataset, rows: number): Iterable<Uint32Array> {
  if (data.text !== undefined) {
    const lengths = data.text.lengths.subarray(0, rows);
    return batchesByLength(lengths, { maxRows: MOST_ROWS_PER_RUN });
  }
  const rowsPerRun = Math.floor(RUN_BYTES / bytesOf(data, [0]));
  return batchesInOrder(rows, Math.max(1, Math.min(MOST_ROWS_PER_RUN, rowsPerRun)));
}

/** Of the inputs of some rows, as far as their first tells. */
function bytesOf(data: Dataset, [first = 0, ...more]: Iterable<number> & ArrayLike<number>): number {
  const one = data.batch([first]);
  return (
    (1 + more.length) * Object.values(one.inputs).reduce((total, { data: values }) => total + values.byteLength, 0)
  );
}
