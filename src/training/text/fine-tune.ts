/** @file Fine-tuning on tasks of texts: the data, a model to start from and a few numbers; the rest is as the field does it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { dataName, type OpenedTask, openTask } from '../../data/open-task.js';
import { NO_SPLIT } from '../../data/split-column.js';
import { taskMixture } from '../../data/task-mixture.js';
import type { TaskSettings } from '../../data/task-settings.js';
import { textDataset } from '../../data/text-dataset.js';
import { truncatedRows } from '../../data/text-rows.js';
import type { TextTask } from '../../data/text-task.js';
import { OptionError } from '../../errors/failures.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import type { DownloadProgress } from '../../hub/download.js';
import { supervised } from '../../methods/supervised.js';
import { checkedMetrics } from '../../metrics/measure.js';
import { METRICS, type MetricName } from '../../metrics/table.js';
import type { ModelCalibration } from '../../models/calibration.schema.js';
import { encoderWidth, familyOf } from '../../models/families.js';
import { isOfTexts } from '../../models/heads.js';
import type { Model, TrainedModel } from '../../models/model.js';
import {
  checkStart,
  isNew,
  loadStart,
  openStart,
  readLength,
  startingPart,
  startSettings,
  startsAtRandom,
} from '../../models/start.js';
import type { StartSettings } from '../../models/start-settings.js';
import { type ChosenStart, headLabels, type StartEvents, type TextStart } from '../../models/start-task.js';
import { type TextModel, withNewHead } from '../../models/text-model.js';
import { defined, type Given, givenOptions } from '../../options/given.js';
import type { OutputSettings, RunSettings } from '../../options/run-settings.js';
import { resolveDevice } from '../../runtime/devices.js';
import type { TrainingEvent } from '../run/events.js';
import { runTraining } from '../run/run.js';
import type { RunOptions, RunResult } from '../run/run-options.js';
import { orderOf, planOn } from '../run/train.js';
import { paddingShare } from '../step/micro-batches.js';
import { readingOfTasks, type TasksOptions, trainTasks } from '../tasks/multi-task-run.js';
import { MEAN } from '../tasks/task-evaluators.js';
import { textTasks } from '../tasks/text-tasks.js';
import { type BestModel, bestOf, calibrated } from './model-to-use.js';
import { fitOf } from './solver.js';
import { textRun, usualSettings } from './text-run.js';
import { NARROW_ENCODER, type TextSettings } from './text-settings.js';

export type FineTuneEvent =
  | TrainingEvent
  /** How far the download of a model by name is. */
  | { readonly type: 'download'; readonly model: string; readonly progress: DownloadProgress };

/** Of the run, as its caller says. */
const HANDED_ON = [
  'threads',
  'resume',
  'overwrite',
  'saveTopK',
  'strict',
  'command',
  'config',
  'signal',
] as const satisfies readonly (keyof RunOptions)[];

/** What is trained on, and how its texts are read. */
export type TaskChoice = Given<TaskSettings> & {
  /** The name of a set, or a file of one's own. */
  readonly data?: string | undefined;
  /** In its place, a task that a program has read. Without a validation split, a tenth of its training rows is set aside. */
  readonly task?: TextTask | undefined;
};

export type FineTuneOptions = Omit<TaskChoice, 'data' | 'task'> &
  Given<Omit<StartSettings, 'model'>> &
  Given<TextSettings> &
  Given<RunSettings & OutputSettings> &
  Given<Pick<RunOptions, 'threads' | 'device' | 'command' | 'config' | 'signal'>> & {
    /** The name of a set, or a file of one's own; several are learnt by one model, with a head for each. */
    readonly data?: string | readonly string[] | undefined;
    /** In its place, a task that a program has read, or several. */
    readonly task?: TextTask | readonly TextTask[] | undefined;
    /** A model by name, folder or run, or one that is loaded. One of the task's labels goes on with its head; another gets a new one. */
    readonly model?: TextModel | string | undefined;
    readonly onEvent?: ((event: FineTuneEvent) => void) | undefined;
  };

/** Rows that were trained on, and what was done with them. */
export type FineTunedTask = OpenedTask & {
  /** On the validation split, after the last epoch. */
  readonly metricsAfter: Readonly<Record<string, number>>;
  /** On the test split, of the model to use. */
  readonly metricsOnTest?: Readonly<Record<string, number>>;
};

export type FineTuned = TextModel &
  RunResult & {
    readonly outputDir: string;
    readonly tasks: readonly FineTunedTask[];
    /** Of the model to use: its temperature, where there is a test split, so that the validation split is there to choose by. */
    readonly calibration?: ModelCalibration;
    /** Of one task: tokens of its training rows, the share of the computed tokens that was padding, rows that were cut. */
    readonly read?: { readonly tokens: number; readonly paddingShare?: number; readonly truncated: number };
    /** The kept model that ranks first, where that is not the one after the last epoch. */
    readonly best?: BestModel;
  };

const SEED = 42;

/** A run of one task or of several, before its first step. */
export type PreparedFineTuning =
  | PreparedOne
  | (PreparedTasks & { readonly kind: 'several'; readonly run: TasksOptions });

export type PreparedOne = PreparedTasks & {
  readonly kind: 'one';
  readonly run: RunOptions;
  readonly data: { readonly train: Dataset; readonly evaluation: Dataset; readonly test?: Dataset };
};

type PreparedTasks = { readonly tasks: readonly OpenedTask[]; readonly start: TextStart; readonly outputDir: string };

/**
 * Fine-tunes a model on the labels of a task, or of several, as `retort train` does; settings that are not given are those
 * that the field uses for its kind. The output folder is that of a run (`runTraining`). All that can be wrong with the
 * settings is found before a model is fetched.
 * @returns the model after the last epoch.
 * @throws as `openTask`, `openStart` and `runTraining` do.
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  const prepared = await prepareFineTuning(options);
  const { tasks, outputDir } = prepared;
  const { redrawn: _, ...start } = prepared.start;
  const result = prepared.kind === 'one' ? await runTraining(prepared.run) : await trainTasks(prepared.run);
  const { metrics, test } = result.record;
  const calibration = prepared.kind === 'one' ? await calibrated(prepared, result) : undefined;
  const method = supervised();
  const [first] = tasks;
  return {
    ...start,
    ...result,
    name: outputDir,
    labelNames: tasks.length === 1 && first ? headLabels(first) : [],
    weights: result.weights ?? start.weights,
    ...(first && { readsPairs: first.isPair }),
    ...(prepared.kind === 'one' ? defined({ readAs: first?.train.readAs }) : readingOfTasks(prepared.run.tasks)),
    method: { name: method.name, options: method.options },
    ...defined({ calibration }),
    ...(calibration?.isApplied && { temperature: calibration.temperature }),
    outputDir,
    tasks: tasks.map((task) => ({
      ...task,
      metricsAfter: prepared.kind === 'one' ? metrics : metricsOfTask(metrics, task.name),
      ...(test &&
        task.test && {
          metricsOnTest: prepared.kind === 'one' ? test.metrics : metricsOfTask(test.metrics, task.name),
        }),
    })),
    ...(prepared.kind === 'one' && {
      read: readOf(prepared.run, prepared.data.train),
      ...bestOf(prepared.run, result),
    }),
  };
}

/** The run, its data and its model, without training: for a plan. @throws as `fineTune` does before any work. */
export async function prepareFineTuning(options: FineTuneOptions): Promise<PreparedFineTuning> {
  const named = [options.data ?? options.task ?? []].flat() as readonly (string | TextTask)[];
  if (typeof options.model !== 'object') checkStart(startOf(options));
  const isOne = named.length === 1;
  if (isOne) expectOne(options);
  else expectSeveral(options, named);
  const device = await resolveDevice(options.device ?? 'cpu');
  const names = named.map((each) => (typeof each === 'string' ? dataName(each) : each.name));
  const { outputDir = join('outputs', names.join('-')) } = options;
  await expectFreeFolder(outputDir, options);
  const tasks: OpenedTask[] = [];
  for (const each of named) tasks.push(await openTask(each, options, eventsOf(options).onNotice));
  const place = { device, outputDir };
  const [first] = tasks;
  return isOne && first ? prepareOne(options, first, place) : prepareSeveral(options, tasks, place);
}

type Place = { readonly device: string; readonly outputDir: string };

/** The run on a task that is read already. */
export async function prepareOne(options: FineTuneOptions, task: OpenedTask, place: Place): Promise<PreparedOne> {
  const { metrics, ...ranking } = rankedBy(options, task);
  checkedMetrics(metrics, headLabels(task).length);
  const start = frozenFor(options, await startFor(options, task), task);
  const { model, weights, tokenizer } = start;
  const cut = { model, maxLength: readLength(start, options.maxLength) };
  const data = {
    train: textDataset(task.train, tokenizer, cut),
    evaluation: textDataset(task.dev, tokenizer, cut),
    ...(task.test && { test: textDataset(task.test, tokenizer, cut) }),
  };
  const { earlyStopping = usualSettings(model).earlyStopping } = options;
  const method = supervised();
  const fitted = fitOf(options, { model, weights, method });
  const run: RunOptions = {
    ...textRun(options, model, data.train, (epochs) => usualRate(model, epochs)),
    ...common(options, place),
    ...fitted,
    model,
    weights,
    method,
    data,
    metrics,
    ...ranking,
    ...(earlyStopping > 0 && !fitted.fit && { earlyStopping: { ...ranking.monitor, patience: earlyStopping } }),
  };
  return { kind: 'one', tasks: [task], start, run, data, outputDir: place.outputDir };
}

async function prepareSeveral(
  options: FineTuneOptions,
  tasks: readonly OpenedTask[],
  place: Place,
): Promise<PreparedFineTuning> {
  const { seed = SEED, sampling = 'proportional', earlyStopping = 0 } = options;
  const opened = await encoderFor(options);
  const start = { ...opened, ...startingPart(opened, startOf(options)) };
  fitOf(options, { ...start, method: supervised() });
  const made = textTasks(start, tasks, { seed, maxLength: readLength(start, options.maxLength) });
  const mixture = taskMixture(
    made.tasks.map(({ name, data }) => ({ name, data: data.train })),
    sampling,
  );
  const { batchSize = usualSettings(made.model).batchSize } = options;
  // As many places as an epoch has: a task's last batch is short.
  const rows = mixture.batchesPerEpoch(batchSize) * batchSize;
  const monitor = { metric: MEAN, mode: 'max' } as const;
  const run: TasksOptions = {
    ...textRun(options, made.model, { ...mixture, size: rows }),
    ...common(options, place),
    ...made,
    sampling,
    monitor,
    ...(earlyStopping > 0 && { earlyStopping: { ...monitor, patience: earlyStopping } }),
  };
  return {
    kind: 'several',
    tasks,
    start: { ...start, model: made.model, weights: made.weights },
    run,
    outputDir: place.outputDir,
  };
}

/** The learning rate of so many epochs on one task. @returns undefined where it is that of the sort of model. */
function usualRate(model: Model, epochs: number): number | undefined {
  const width = encoderWidth(model);
  const { widest, mostEpochs, learningRate } = NARROW_ENCODER;
  return width !== undefined && width <= widest && epochs <= mostEpochs ? learningRate : undefined;
}

/** What runs of one task and of several have in common. */
function common(options: FineTuneOptions, place: Place) {
  const { seed = SEED, onEvent } = options;
  return {
    ...place,
    ...givenOptions(options, HANDED_ON),
    seed,
    startsAtRandom: typeof options.model !== 'object' && startsAtRandom(startOf(options)),
    ...(onEvent && { onEvent }),
  };
}

function startOf({ model, seed = SEED, ...options }: FineTuneOptions): ChosenStart {
  return { ...startSettings(options), model: typeof model === 'string' ? model : undefined, seed };
}

/** What a model to start from tells on its way. */
export function eventsOf({ onEvent }: Pick<FineTuneOptions, 'onEvent'>): Required<StartEvents> {
  return {
    onNotice: (text) => onEvent?.({ type: 'notice', text }),
    onDownload: (model, progress) => onEvent?.({ type: 'download', model, progress }),
  };
}

async function startFor(options: FineTuneOptions, task: OpenedTask): Promise<TextStart> {
  const { model, seed = SEED } = options;
  if (typeof model !== 'object') return openStart(startOf(options), task, eventsOf(options));
  const headed = withHeadFor(model, task, seed);
  return { ...headed, ...startingPart(headed, startOf(options)) };
}

/** For the convex solver an encoder gets a head on the mean over its tokens, of which the last layer alone is found. */
function frozenFor({ solver, seed = SEED }: FineTuneOptions, start: TextStart, task: OpenedTask): TextStart {
  const { kind, config } = start.model;
  if (solver !== 'convex' || familyOf(kind) === undefined || config.head === 'mean') return start;
  return { ...start, ...withNewHead(start, { labelNames: headLabels(task), seed, head: 'mean' }) };
}

async function encoderFor(options: FineTuneOptions): Promise<TextStart & TrainedModel> {
  const { model = 'minilm-l6' } = options;
  return typeof model === 'object' ? model : loadStart(model, eventsOf(options));
}

/** The model with a head for these labels, its own where it has it; a regression's answers one number. */
export function withHeadFor(
  model: TextModel,
  task: Pick<OpenedTask, 'isRegression' | 'labelNames'>,
  seed: number,
): TextModel {
  const { num_labels: outputs } = model.model.config;
  const { isRegression, labelNames } = task;
  const hasHead = isRegression
    ? outputs === 1
    : outputs === labelNames.length && JSON.stringify(model.labelNames) === JSON.stringify(labelNames);
  if (hasHead && isOfTexts(model.model.config)) return model;
  return { ...withNewHead(model, { labelNames: headLabels(task), seed }), labelNames };
}

/** @throws OptionError for what is of several tasks alone. */
function expectOne({ sampling, data }: FineTuneOptions): void {
  if (sampling === undefined) return;
  throw new OptionError({
    where: 'sampling',
    wanted: 'several data sets',
    got: String(data ?? 'one'),
    fix: 'leave it out',
  });
}

/** @throws OptionError for settings that say nothing of several tasks. */
function expectSeveral(options: FineTuneOptions, tasks: readonly (string | TextTask)[]): void {
  if (tasks.length === 0) {
    throw new OptionError({ where: 'data', wanted: 'the name of a data set, or a file', got: 'none' });
  }
  if (isNew(startOf(options))) {
    throw new OptionError({ where: 'model', wanted: 'an encoder, for several data sets', got: String(options.model) });
  }
  const isNamed = (name: 'dev' | 'test' | 'monitor') => options[name] !== undefined && options[name] !== NO_SPLIT;
  const where = (['dev', 'test', 'monitor'] as const).find(isNamed);
  if (where === undefined) return;
  throw new OptionError({
    where,
    wanted: 'one data set',
    got: tasks.map((task) => (typeof task === 'string' ? task : task.name)).join(','),
    fix: 'leave it out: of several, each has its own splits, and the mean of their metrics ranks epochs',
  });
}

/** What is measured, and by which of it epochs are ranked. */
function rankedBy({ monitor }: FineTuneOptions, { metrics }: OpenedTask) {
  const metric: MetricName = monitor ?? metrics[0] ?? 'loss';
  return {
    metrics: monitor === undefined ? metrics : [...new Set<MetricName>([...metrics, monitor])],
    monitor: { metric, mode: METRICS[metric].mode },
  };
}

/**
 * Before the data is read and a model fetched, which takes long; the run claims the folder for itself.
 * @param besides what may be there already
 * @throws OutputError for a folder that holds something and is neither gone on with nor replaced.
 */
export async function expectFreeFolder(
  path: string,
  { resume, overwrite }: Given<OutputSettings>,
  besides?: string,
): Promise<void> {
  if (resume || overwrite || !existsSync(path)) return;
  (await claimOutputFolder(path, besides === undefined ? {} : { besides })).release();
}

/** Those of a task among metrics that are named `TASK.METRIC`. */
function metricsOfTask(metrics: Readonly<Record<string, number>>, task: string) {
  const own = Object.entries(metrics).filter(([name]) => name.startsWith(`${task}.`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(task.length + 1), value]));
}

function readOf(run: RunOptions, train: Dataset): FineTuned['read'] & {} {
  const plan = planOn(run, train);
  const tokens = (train.text?.lengths ?? new Uint32Array()).reduce((sum, length) => sum + length, 0);
  return {
    tokens,
    ...(run.fit === undefined && { paddingShare: paddingShare(orderOf(train, plan, run.seed, 0), train, plan) }),
    truncated: train.text === undefined ? 0 : truncatedRows(train.text),
  };
}
