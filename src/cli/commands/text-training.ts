/** @file `retort train`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { textDataset } from '../../data/text-dataset.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import { supervised } from '../../methods/supervised.js';
import { adam } from '../../optim/adam.js';
import { adamw } from '../../optim/adamw.js';
import { isUsuallyUndecayed } from '../../optim/groups.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { ScheduleName } from '../../optim/schedules.js';
import { resolveDevice } from '../../runtime/devices.js';
import { checkedMetrics, METRICS, type MetricName } from '../../training/metrics.js';
import { paddingShare, planTexts } from '../../training/micro-batches.js';
import { type RunOptions, type RunResult, runTraining } from '../../training/run.js';
import { orderOf, planTraining } from '../../training/train.js';
import type { CommandIo, CommandOutput } from '../command.js';
import { formatCount, formatMetric } from '../numbers.js';
import type { OptionValues } from '../options.js';
import { namingFlags } from './flag-names.js';
import type { trainUsage } from './train.js';
import {
  checkedMaxLength,
  checkModelFlags,
  isNewBilstm,
  openStartingModel,
  type StartingModel,
} from './training-model.js';
import { dataName, readTrainingTask, type TrainingTask } from './training-task.js';

type Options = OptionValues<typeof trainUsage.options>;

/** Settings that depend on the kind of model, where no flag says otherwise. */
type Recipe = {
  readonly optimizer: (settings: { learningRate: number; weightDecay: number }) => Optimizer;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly maxGradNorm: number;
  readonly schedule: ScheduleName;
  readonly earlyStopping: number;
};

/** As BERT is fine-tuned (Devlin et al. 2019, appendix A.3). */
const ENCODER: Recipe = {
  optimizer: adamw,
  learningRate: 3e-5,
  weightDecay: 0.01,
  epochs: 3,
  batchSize: 32,
  maxGradNorm: 1,
  schedule: 'linear',
  earlyStopping: 0,
};

/** Adam in the place of AdaDelta, whose learning rate Tang et al. 2019 (arXiv:1903.12136) had to choose with care. */
const BILSTM: Recipe = {
  optimizer: adam,
  learningRate: 1e-3,
  weightDecay: 0,
  epochs: 30,
  batchSize: 64,
  maxGradNorm: 5,
  schedule: 'constant',
  earlyStopping: 5,
};

const WARMUP_SHARE = 0.1;

/** What the trainer calls otherwise than the command line. */
export const nameFlags = namingFlags(
  new Map([
    ['limitTrainBatches', '--limit_train_batches'],
    ['schedule warmupSteps', '--warmup'],
    ['metrics', '--monitor'],
    ['layers', '--layers'],
    ['firstLayers', '--layers'],
    ['embedding_size', '--vocabulary'],
  ]),
);

/** Trains on a data set or file. All that can be wrong with the flags is found before a model is fetched. */
export async function trainOnTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  checkModelFlags(options);
  const device = await resolveDevice(options.device);
  const outputDir = options.outputDir ?? join('outputs', dataName(options.data));
  await expectFreeFolder(outputDir, options);
  const task = await readTrainingTask(options, io);
  try {
    checkedMetrics(metricsFor(options, task), task.isRegression ? 1 : task.labelNames.length);
    const start = await openStartingModel(options, task, io);
    const { run, data } = trainingRun(options, task, start, { device, outputDir });
    const result = await runTraining({
      ...run,
      command: io.commandLine,
      onEvent: io.onEvent,
      signal: io.interruption(),
    });
    return outputOf(run, data, task, result);
  } catch (error) {
    return nameFlags(error);
  }
}

/**
 * Before the data is read and a model fetched, which takes long; the run claims the folder for itself.
 * @throws OutputError for a folder that holds something and is neither gone on with nor replaced.
 */
async function expectFreeFolder(path: string, { resume, overwrite }: Options): Promise<void> {
  if (!resume && !overwrite && existsSync(path)) (await claimOutputFolder(path)).release();
}

/** The task's, and the one to rank by. */
function metricsFor({ monitor }: Options, { metrics }: TrainingTask): readonly MetricName[] {
  return monitor === undefined ? metrics : [...new Set<MetricName>([...metrics, monitor])];
}

export type TextData = { readonly train: Dataset; readonly evaluation: Dataset };

/** The run that the flags ask for. */
export function trainingRun(
  options: Options,
  task: TrainingTask,
  start: StartingModel,
  place: { readonly device: string; readonly outputDir: string },
): { readonly run: RunOptions; readonly data: TextData } {
  const { model, weights, tokenizer } = start;
  const recipe = isNewBilstm(options) || model.kind === 'bilstm' ? BILSTM : ENCODER;
  const maxLength = checkedMaxLength(options, start);
  const data = {
    train: textDataset(task.train, tokenizer, { model, maxLength }),
    evaluation: textDataset(task.dev, tokenizer, { model, maxLength }),
  };
  const {
    epochs = recipe.epochs,
    batchSize = recipe.batchSize,
    learningRate = recipe.learningRate,
    weightDecay = recipe.weightDecay,
    maxGradNorm = recipe.maxGradNorm,
    schedule = recipe.schedule,
    earlyStopping = recipe.earlyStopping,
    maxSteps,
    threads,
  } = options;
  const { warmup = schedule === 'constant' ? 0 : WARMUP_SHARE } = options;
  const monitor = options.monitor ?? task.metrics[0] ?? 'loss';
  const ranked = { metric: monitor, mode: METRICS[monitor].mode };
  const sized = {
    epochs,
    batchSize,
    tokensPerRun: options.tokensPerRun,
    limitTrainBatches: options.limitTrainBatches,
    ...(maxSteps !== undefined && { maxSteps }),
  };
  const { totalSteps } = planOf(sized, data.train);
  const run: RunOptions = {
    ...sized,
    ...place,
    model,
    weights,
    method: supervised(),
    data,
    optimizer: recipe.optimizer({ learningRate, weightDecay }),
    ...(weightDecay > 0 && { groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }] }),
    ...(maxGradNorm > 0 && { maxGradNorm }),
    schedule,
    warmupSteps: Math.round(warmup * totalSteps),
    metrics: metricsFor(options, task),
    monitor: ranked,
    ...(earlyStopping > 0 && { earlyStopping: { ...ranked, patience: earlyStopping } }),
    seed: options.seed,
    ...(threads !== undefined && { threads }),
    resume: options.resume,
    overwrite: options.overwrite,
    saveTopK: options.saveTopK,
  };
  return { run, data };
}

function planOf(
  options: Pick<RunOptions, 'epochs' | 'batchSize' | 'tokensPerRun' | 'limitTrainBatches' | 'maxSteps'>,
  train: Dataset,
) {
  const text = planTexts(train, options.tokensPerRun);
  return planTraining({ ...options, rows: train.size, ...(text && { text }) });
}

function outputOf(
  run: RunOptions,
  { train, evaluation }: TextData,
  task: TrainingTask,
  result: RunResult,
): CommandOutput {
  const { record, status, lastPath, keptPaths } = result;
  const { metrics, parameters, steps, seconds, stoppedEarly, kept, epochs } = record;
  const plan = planOf(run, train);
  const tokens = (train.text?.lengths ?? new Uint32Array()).reduce((sum, length) => sum + length, 0);
  const padding = paddingShare(orderOf(train, plan, run.seed, 0), train, plan);
  const best = bestOf(kept, run);
  const isBetter = best !== undefined && best.epoch !== epochs.at(-1)?.epoch;
  const model = isBetter ? join(run.outputDir, best.name) : run.outputDir;
  const figures = Object.entries(metrics).map(([name, value]) => `${name} ${formatMetric(name, value)}`);
  const next = `retort predict ${model} "…"${task.isPair ? ' --pair "…"' : ''}`;
  const lines = [
    `${figures.join(', ')} on ${formatCount(evaluation.size)} rows (${evaluation.name}) after the last epoch`,
    `trained  ${formatCount(parameters)} parameters on ${formatCount(train.size)} rows, ${formatCount(tokens)} tokens, ` +
      `${(100 * padding).toFixed(1)} % padding`,
    `model    ${lastPath ?? run.outputDir}`,
    ...(isBetter
      ? [
          `best     ${model} (${run.monitor?.metric} ${formatMetric(run.monitor?.metric ?? '', best.value)}, epoch ${best.epoch})`,
        ]
      : []),
    `next     ${next}`,
  ];
  return {
    text: lines.join('\n'),
    json: {
      status,
      outputDir: run.outputDir,
      model: lastPath ?? null,
      best: best === undefined ? null : join(run.outputDir, best.name),
      kept: [...keptPaths],
      labels: task.labelNames,
      metrics,
      train: {
        name: train.name,
        rows: train.size,
        tokens,
        paddingShare: padding,
        truncated: train.text?.truncated ?? 0,
      },
      dev: { name: evaluation.name, rows: evaluation.size },
      badRows: task.badRows,
      parameters,
      steps,
      seconds,
      stoppedEarly,
      next,
    },
  };
}

/** The kept model that ranks first. */
function bestOf(kept: RunResult['record']['kept'], { monitor }: RunOptions) {
  const sign = monitor?.mode === 'min' ? -1 : 1;
  return kept.toSorted((a, b) => sign * (b.value - a.value) || a.epoch - b.epoch)[0];
}
