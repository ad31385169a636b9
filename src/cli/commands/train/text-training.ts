/** @file `retort train`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../../../data/dataset.js';
import { textDataset } from '../../../data/text-dataset.js';
import { truncatedRows } from '../../../data/text-rows.js';
import { claimOutputFolder } from '../../../files/output-folder.js';
import { supervised } from '../../../methods/supervised.js';
import { checkedMetrics } from '../../../metrics/measure.js';
import { METRICS, type MetricName } from '../../../metrics/table.js';
import { resolveDevice } from '../../../runtime/devices.js';
import { runTraining } from '../../../training/run/run.js';
import type { RunOptions, RunResult } from '../../../training/run/run-options.js';
import { orderOf, planTraining } from '../../../training/run/train.js';
import { paddingShare, planTexts } from '../../../training/step/micro-batches.js';
import { textRun, usualSettings } from '../../../training/text/text-run.js';
import { askedBy, type CommandIo, type CommandOutput } from '../../command.js';
import { formatCount, formatMetric } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import {
  checkedMaxLength,
  checkModelFlags,
  openStartingModel,
  type StartingModel,
  startsAtRandom,
} from './training-model.js';
import { plannedTraining } from './training-plan.js';
import { dataName, readTrainingTask, type TrainingTask } from './training-task.js';
import type { trainUsage } from './usage.js';

type Options = OptionValues<typeof trainUsage.options>;

/** Trains on a data set or file. All that can be wrong with the flags is found before a model is fetched. */
export async function trainOnTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  checkModelFlags(options);
  const device = await resolveDevice(options.device);
  const outputDir = options.outputDir ?? join('outputs', dataName(options.data));
  await expectFreeFolder(outputDir, options);
  const task = await readTrainingTask(options, io);
  checkedMetrics(metricsFor(options, task), task.isRegression ? 1 : task.labelNames.length);
  const start = await openStartingModel(options, task, io);
  const { run, data } = trainingRun(options, task, start, { device, outputDir });
  if (options.dryRun) return await plannedTraining(run, data);
  const result = await runTraining({
    ...run,
    ...askedBy(io),
    onEvent: io.onEvent,
    signal: io.interruption(),
  });
  return outputOf(run, data, task, result);
}

/**
 * Before the data is read and a model fetched, which takes long; the run claims the folder for itself.
 * @throws OutputError for a folder that holds something and is neither gone on with nor replaced.
 */
export async function expectFreeFolder(
  path: string,
  { resume, overwrite }: Pick<Options, 'resume' | 'overwrite'>,
  besides?: string,
): Promise<void> {
  if (resume || overwrite || !existsSync(path)) return;
  (await claimOutputFolder(path, besides === undefined ? {} : { besides })).release();
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
  const maxLength = checkedMaxLength(options, start);
  const data = {
    train: textDataset(task.train, tokenizer, { model, maxLength }),
    evaluation: textDataset(task.dev, tokenizer, { model, maxLength }),
  };
  const { earlyStopping = usualSettings(model).earlyStopping, threads } = options;
  const monitor = options.monitor ?? task.metrics[0] ?? 'loss';
  const ranked = { metric: monitor, mode: METRICS[monitor].mode };
  const run: RunOptions = {
    ...textRun(options, model, data.train),
    ...place,
    model,
    weights,
    method: supervised(),
    data,
    metrics: metricsFor(options, task),
    monitor: ranked,
    ...(earlyStopping > 0 && { earlyStopping: { ...ranked, patience: earlyStopping } }),
    seed: options.seed,
    startsAtRandom: startsAtRandom(options),
    strict: options.strict,
    ...(threads !== undefined && { threads }),
    resume: options.resume,
    overwrite: options.overwrite,
    saveTopK: options.saveTopK,
  };
  return { run, data };
}

/** The steps of a run over these rows. */
export function planOf(
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
        truncated: train.text === undefined ? 0 : truncatedRows(train.text),
      },
      dev: { name: evaluation.name, rows: evaluation.size },
      badRows: task.badRows,
      warnings: record.warnings.map(({ name, text, fix }) => ({ name, text, fix })),
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
