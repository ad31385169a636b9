/** @file Several tasks of texts for one encoder: a head for each, and its rows as the encoder reads them. */
import { textDataset } from '../../data/text-dataset.js';
import type { TextTable } from '../../data/text-table.js';
import { OptionError } from '../../errors/failures.js';
import type { MetricName } from '../../metrics/table.js';
import type { Model, Weights } from '../../models/model.js';
import { multiTaskFrom, type TaskHead } from '../../models/multi-task.js';
import type { Teacher } from '../../teachers/teacher.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import type { Tokenizer } from '../../tokenizers/tokenizer.js';
import type { Task } from './multi-task-run.js';

export type TaskTexts = {
  readonly name: string;
  /** Without labels and scores, the classes are those of `teacher`. */
  readonly train: TextTable;
  readonly dev?: TextTable;
  readonly test?: TextTable;
  readonly metrics?: readonly MetricName[];
  /** Of the task, as `trainTasks` takes it. */
  readonly teacher?: Teacher;
};

export type TextTasksOptions = {
  /** Draws the heads. */
  readonly seed: number;
  /** Tokens of a text that are read. Default: 128. */
  readonly maxLength?: number;
};

export type TextTasks = { readonly model: Model; readonly weights: Weights; readonly tasks: readonly Task[] };

/**
 * A model of several tasks that starts from a pre-trained encoder, and the tasks as `trainTasks` takes them. Scores of a
 * regression are scaled so that those of its training rows lie between 0 and 1.
 * @throws OptionError for a task without labels, scores and a teacher that names its classes, and as `multiTask` does.
 */
export function textTasks(
  start: { readonly model: Model; readonly weights: Weights; readonly tokenizer: Tokenizer },
  asked: readonly TaskTexts[],
  { seed, maxLength }: TextTasksOptions,
): TextTasks {
  const given = asked.map((task) => ({ ...task, train: taughtTexts(task) }));
  const heads = Object.fromEntries(given.map(({ name, train }) => [name, headFor(name, train)]));
  const { model, weights } = multiTaskFrom(start, heads, seed);
  const read = (table: TextTable) => textDataset(table, start.tokenizer, { model, maxLength });
  return {
    model,
    weights,
    tasks: given.map(({ name, train, dev, test, metrics, teacher }) => ({
      name,
      data: { train: read(train), ...(dev && { evaluation: read(dev) }), ...(test && { test: read(test) }) },
      ...(metrics && { metrics }),
      ...(teacher && { teacher }),
    })),
  };
}

/** Texts that only the teacher labels have its classes and no label. */
function taughtTexts({ train, teacher }: TaskTexts): TextTable {
  const isKnown = train.scores !== undefined || train.labelNames.length > 0;
  if (isKnown || teacher === undefined) return train;
  return { ...train, labels: new Int32Array(train.size).fill(NO_LABEL), labelNames: teacher.labelNames };
}

function headFor(name: string, { labelNames, scores, pairs }: TextTable): TaskHead {
  if (scores === undefined && labelNames.length === 0) {
    throw new OptionError({
      where: `task '${name}'`,
      wanted: 'rows with labels or scores, or a teacher that names its classes',
      got: 'none of them',
    });
  }
  const text = { head: 'classification', readsPairs: pairs !== undefined } as const;
  if (scores === undefined) return { ...text, num_labels: labelNames.length, labels: labelNames };
  const known = scores.filter((score) => !Number.isNaN(score));
  const zero = known.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
  const one = known.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  return { ...text, num_labels: 1, labels: [], scores: { zero, one } };
}
