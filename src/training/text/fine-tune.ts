/** @file Fine-tuning on a task of texts: the model, the task and a few numbers; the rest is as the field does it. */
import { withDev } from '../../data/stratified.js';
import { textDataset } from '../../data/text-dataset.js';
import type { TextTable } from '../../data/text-table.js';
import { splitOf, type TextTask } from '../../data/text-task.js';
import type { Method } from '../../methods/method.js';
import { supervised } from '../../methods/supervised.js';
import { METRICS } from '../../metrics/table.js';
import { type TextModel, withNewHead } from '../../models/text-model.js';
import { givenOptions } from '../run/given-options.js';
import { runTraining } from '../run/run.js';
import type { RunOptions } from '../run/run-options.js';
import type { RunRecord } from '../run/run-record.js';
import { textRun, usualSettings } from './text-run.js';
import type { TextSettings } from './text-settings.js';

/** Of the run, as its caller says. */
const HANDED_ON = [
  'threads',
  'device',
  'resume',
  'overwrite',
  'saveTopK',
  'command',
  'onEvent',
  'signal',
] as const satisfies readonly (keyof RunOptions)[];

export type FineTuneOptions = TextSettings &
  Pick<RunOptions, (typeof HANDED_ON)[number] | 'outputDir'> & {
    /** A model of the task's labels goes on with its head; another gets a new one. */
    readonly model: TextModel;
    /** Without a dev split, a tenth of its training rows is set aside as one. */
    readonly task: TextTask;
    /** Default: 42. */
    readonly seed?: number;
    /** Tokens of a text that are read. Default: 128, or what the model has positions for. */
    readonly maxLength?: number;
  };

export type FineTuned = TextModel & { readonly record: RunRecord };

const SEED = 42;
const MAX_LENGTH = 128;
const DEV = { seed: 1, portion: { share: 0.1 } } as const;

/** The rows of a task to train on and to score on. @throws FileError for a task without training rows. */
export function trainAndDev(task: TextTask): { readonly train: TextTable; readonly dev: TextTable } {
  const split = withDev(task, DEV);
  return { train: splitOf(split, 'train'), dev: splitOf(split, 'dev') };
}

type Labels = Pick<TextTask, 'isRegression' | 'labelNames'>;

/** The model with a head for these labels, its own where it has it; a regression's answers one number. */
export function withHeadFor(model: TextModel, { isRegression, labelNames }: Labels, seed: number): TextModel {
  const { head = 'classification', num_labels: outputs } = model.model.config;
  const hasHead = isRegression
    ? outputs === 1
    : outputs === labelNames.length && JSON.stringify(model.labelNames) === JSON.stringify(labelNames);
  if (hasHead && head === 'classification') return model;
  return { ...withNewHead(model, { labelNames: isRegression ? ['score'] : labelNames, seed }), labelNames };
}

/** Tokens of a text that a model reads: as told, else 128 or what it has positions for. */
export function readLength(model: TextModel['model'], maxLength: number | undefined): number {
  return maxLength ?? Math.min(MAX_LENGTH, model.maxTokens ?? Number.POSITIVE_INFINITY);
}

/**
 * Fine-tunes a model on the labels of a task, as `retort train` does; settings that are not given are those that the field
 * uses for its kind. The output folder is that of a run (`runTraining`).
 * @returns the model after the last epoch.
 * @throws as `runTraining` does.
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  const { model: given, task, seed = SEED, outputDir, maxLength } = options;
  const { train, dev } = trainAndDev(task);
  const start = withHeadFor(given, task, seed);
  const { model, weights, tokenizer } = start;
  const cut = { model, maxLength: readLength(model, maxLength) };
  const data = { train: textDataset(train, tokenizer, cut), evaluation: textDataset(dev, tokenizer, cut) };
  const [metric = 'loss'] = task.metrics;
  const ranked = { metric, mode: METRICS[metric].mode };
  const { earlyStopping: patience } = usualSettings(model);
  const method: Method = supervised();
  const result = await runTraining({
    ...textRun(options, model, data.train),
    model,
    weights,
    method,
    data,
    metrics: task.metrics,
    monitor: ranked,
    ...(patience > 0 && { earlyStopping: { ...ranked, patience } }),
    seed,
    outputDir,
    ...givenOptions(options, HANDED_ON),
  });
  return {
    ...start,
    name: outputDir,
    weights: result.weights ?? weights,
    readsPairs: train.pairs !== undefined,
    method: { name: method.name, options: method.options },
    record: result.record,
  };
}
