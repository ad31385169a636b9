/** @file `retort train` on several data sets: one model, a head for each. */
import { join } from 'node:path';
import { taskMixture } from '../../../data/task-mixture.js';
import { OptionError } from '../../../errors/failures.js';
import { openAnyModel } from '../../../models/any-model.js';
import { loadModelTokenizer } from '../../../models/model-tokenizer.js';
import { resolveDevice } from '../../../runtime/devices.js';
import type { RunResult } from '../../../training/run/run-options.js';
import { type TasksOptions, trainTasks } from '../../../training/tasks/multi-task-run.js';
import { MEAN } from '../../../training/tasks/task-evaluators.js';
import { textTasks } from '../../../training/tasks/text-tasks.js';
import { textRun, usualSettings } from '../../../training/text/text-run.js';
import { askedBy, type CommandIo, type CommandOutput } from '../../command.js';
import { findOnHub } from '../../hub-models.js';
import { formatCount, formatMetric } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { isFromRandom, startingPart } from './starting-layers.js';
import { expectFreeFolder } from './text-training.js';
import { checkedMaxLength, checkModelFlags, isNewBilstm } from './training-model.js';
import { readTrainingTask, type TrainingTask } from './training-task.js';
import type { trainUsage } from './usage.js';

type Options = OptionValues<typeof trainUsage.options>;

/** Trains one model on data sets parted by commas. All that can be wrong with the flags is found before a model is fetched. */
export async function trainOnTasks(options: Options, io: CommandIo): Promise<CommandOutput> {
  checkFlags(options);
  const device = await resolveDevice(options.device);
  const names = options.data.split(',').map((name) => name.trim());
  const tasks: TrainingTask[] = [];
  for (const data of names) tasks.push(await readTrainingTask({ ...options, data }, io));
  const outputDir = options.outputDir ?? join('outputs', tasks.map(({ name }) => name).join('-'));
  await expectFreeFolder(outputDir, options);
  const { run, prepared } = await tasksRun(options, tasks, { device, outputDir }, io);
  const result = await trainTasks({
    ...run,
    ...askedBy(io),
    onEvent: io.onEvent,
    signal: io.interruption(),
  });
  return outputOf(outputDir, tasks, prepared, result);
}

/** @throws OptionError for flags that say nothing of several tasks. */
function checkFlags(options: Options): void {
  checkModelFlags(options);
  if (isNewBilstm(options)) {
    throw new OptionError({ where: '--model', wanted: 'an encoder, for several data sets', got: options.model });
  }
  const single = { '--dev': options.dev, '--monitor': options.monitor };
  const flag = Object.entries(single).find(([, value]) => value !== undefined)?.[0];
  if (flag === undefined) return;
  throw new OptionError({
    where: flag,
    wanted: 'one data set',
    got: options.data,
    fix: 'leave the flag out: of several, each has its own dev split, and the mean of their metrics ranks epochs',
  });
}

type Prepared = { readonly rows: number };

async function tasksRun(
  options: Options,
  tasks: readonly TrainingTask[],
  place: { readonly device: string; readonly outputDir: string },
  io: CommandIo,
): Promise<{ readonly run: TasksOptions; readonly prepared: Prepared }> {
  const opened = await openAnyModel(options.model, { find: findOnHub(io), onNotice: io.notice });
  const tokenizer = await loadModelTokenizer(opened);
  const { model, weights } = startingPart(opened, options);
  const start = { model, weights, tokenizer };
  const { seed, sampling = 'proportional', earlyStopping = 0, threads } = options;
  const made = textTasks(start, tasks, { seed, maxLength: checkedMaxLength(options, start) });
  const mixture = taskMixture(
    made.tasks.map(({ name, data }) => ({ name, data: data.train })),
    sampling,
  );
  const { batchSize = usualSettings(made.model).batchSize } = options;
  // As many places as an epoch has: a task's last batch is short.
  const rows = mixture.batchesPerEpoch(batchSize) * batchSize;
  const ranked = { metric: MEAN, mode: 'max' } as const;
  const run: TasksOptions = {
    ...textRun(options, made.model, { ...mixture, size: rows }),
    ...place,
    ...made,
    sampling,
    monitor: ranked,
    ...(earlyStopping > 0 && { earlyStopping: { ...ranked, patience: earlyStopping } }),
    seed,
    startsAtRandom: isFromRandom(options),
    strict: options.strict,
    ...(threads !== undefined && { threads }),
    resume: options.resume,
    overwrite: options.overwrite,
    saveTopK: options.saveTopK,
  };
  return { run, prepared: { rows: mixture.size } };
}

function outputOf(
  outputDir: string,
  tasks: readonly TrainingTask[],
  { rows }: Prepared,
  { record, status, lastPath, keptPaths }: RunResult,
): CommandOutput {
  const { metrics, parameters, steps, seconds, stoppedEarly } = record;
  const ofTask = (task: string): Readonly<Record<string, number>> =>
    Object.fromEntries(
      Object.entries(metrics).flatMap(([name, value]) =>
        name.startsWith(`${task}.`) ? [[name.slice(task.length + 1), value] as const] : [],
      ),
    );
  const width = Math.max(...tasks.map(({ name }) => name.length), 'trained'.length);
  const scores = tasks.map(({ name, dev }) => {
    const figures = Object.entries(ofTask(name)).map(([metric, value]) => `${metric} ${formatMetric(metric, value)}`);
    return `${name.padEnd(width)}  ${figures.join(', ')} on ${formatCount(dev.size)} rows`;
  });
  const [first] = tasks;
  const next = `retort predict ${outputDir}#${first?.name} "…"${first?.isPair ? ' --pair "…"' : ''}`;
  const lines = [
    ...scores,
    `${'trained'.padEnd(width)}  ${formatCount(parameters)} parameters on ${formatCount(rows)} rows of ${tasks.length} tasks`,
    `${'model'.padEnd(width)}  ${lastPath ?? outputDir}`,
    `${'next'.padEnd(width)}  ${next}`,
  ];
  return {
    text: lines.join('\n'),
    json: {
      status,
      outputDir,
      model: lastPath ?? null,
      kept: [...keptPaths],
      ...(metrics[MEAN] !== undefined && { mean: metrics[MEAN] }),
      tasks: Object.fromEntries(
        tasks.map(({ name, train, dev, labelNames, badRows }) => [
          name,
          { metrics: ofTask(name), labels: labelNames, trainRows: train.size, devRows: dev.size, badRows },
        ]),
      ),
      warnings: record.warnings.map(({ name, text, fix }) => ({ name, text, fix })),
      parameters,
      steps,
      seconds,
      stoppedEarly,
      next,
    },
  };
}
