/** @file `retort train`. */
import { scoredRows } from '../../../data/targets.js';
import { targetRows } from '../../../data/text-table.js';
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { asJson } from '../../../files/fingerprint.js';
import { knownCosts, timingSeconds } from '../../../training/estimate/known-costs.js';
import { estimateStage } from '../../../training/estimate/run-estimate.js';
import { machineLoad, machineTimes } from '../../../training/estimate/time-range.js';
import { calibrationText } from '../../../training/evaluation/calibrate.js';
import type { FitRecord } from '../../../training/run/run-record.js';
import { MEAN } from '../../../training/tasks/task-evaluators.js';
import { type FineTuned, type FineTunedTask, fineTune, prepareFineTuning } from '../../../training/text/fine-tune.js';
import { askedBy, type CommandIo, type CommandOutput } from '../../command.js';
import { formatMetric, formatSize, formatTimeRange } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { busyLines, runDisk, stageJson } from '../../plan-lines.js';
import type { trainUsage } from './usage.js';

type Options = OptionValues<typeof trainUsage.options>;

/** Trains on a data set or file, or on several, separated by commas. */
export async function trainOnTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { data, ...settings } = options;
  if (options.student && io.config === undefined) {
    throw new OptionError({ where: '--student', wanted: 'a retort.yaml', got: data, fix: 'leave the flag out' });
  }
  if (options.dryRun && data.includes(',')) throw wantedOne(data);
  const asked = {
    ...settings,
    data: data.includes(',') ? data.split(',').map((name) => name.trim()) : data,
    ...askedBy(io),
    onEvent: io.onEvent,
    // Asked for once the run starts: until then Ctrl-C ends the process at once.
    get signal() {
      return options.dryRun ? undefined : io.interruption();
    },
  };
  return options.dryRun ? plannedTraining(asked) : outputOf(await fineTune(asked));
}

const wantedOne = (got: string): OptionError =>
  new OptionError({ where: '--dry_run', wanted: 'one data set', got, fix: 'leave the flag out' });

/** Steps, time, memory and disk of the run; a few of its steps are tried. */
async function plannedTraining(options: Parameters<typeof prepareFineTuning>[0]): Promise<CommandOutput> {
  const since = machineTimes();
  const begun = performance.now();
  const prepared = await prepareFineTuning(options);
  const toPrepare = (performance.now() - begun) / 1000;
  if (prepared.kind !== 'one') throw wantedOne(prepared.tasks.map(({ name }) => name).join(','));
  const { run, outputDir } = prepared;
  const { train, evaluation, test } = prepared.data;
  const estimate = await estimateStage({ run }, knownCosts({ seconds: timingSeconds(toPrepare) }));
  const { seconds: training = 0 } = estimate;
  const stage = { ...estimate, seconds: toPrepare + training };
  const { parameters, steps, epochs, seconds, peakRssBytes } = stage;
  const { saveTopK = 0, fit } = run;
  const disk = runDisk(stage.disk, saveTopK < 0 ? epochs : Math.min(saveTopK, epochs));
  const atMost = run.earlyStopping === undefined ? '' : ' at most';
  const how =
    fit === undefined
      ? `${formatCount(steps)} steps of ${run.batchSize} rows${atMost}`
      : `fitted by the convex solver${fit.strength === undefined ? '' : ` at strength ${fit.strength}`}`;
  return {
    text: [
      `train    ${formatCount(train.size)} rows (${train.name}), ${how}`,
      `scored   on ${formatCount(scoredRows(evaluation))} rows (${evaluation.name})${fit === undefined ? ` after each of ${formatCount(epochs)} epochs` : ''}`,
      ...(test ? [`tested   once at the end, on ${formatCount(scoredRows(test))} rows (${test.name})`] : []),
      `model    ${run.model.kind}, ${formatCount(parameters)} parameters`,
      `time     ${formatTimeRange(seconds)}${run.earlyStopping === undefined ? '' : ', less where it stops early'}`,
      ...busyLines(machineLoad(since)),
      ...(peakRssBytes === undefined ? [] : [`memory   about ${formatSize(peakRssBytes)} at most`]),
      `disk     about ${formatSize(disk.stays)} that stay, ${formatSize(disk.most)} at most`,
      `output   ${outputDir}`,
      'nothing was trained or written: leave out --dry_run to start',
    ].join('\n'),
    json: {
      rows: train.size,
      evaluationRows: scoredRows(evaluation),
      testRows: test ? scoredRows(test) : null,
      batchSize: run.batchSize,
      ...stageJson(stage),
      disk: { ...stage.disk, stayBytes: disk.stays, mostBytes: disk.most },
      outputDir,
    },
  };
}

const figuresOf = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatMetric(name, value)}`)
    .join(', ');

function outputOf(trained: FineTuned): CommandOutput {
  const { record, status, outputDir, lastPath, keptPaths, tasks, best, read } = trained;
  const { parameters, steps, seconds, stoppedEarly, metrics } = record;
  const [task] = tasks;
  const isOne = tasks.length === 1;
  const model = isOne ? (best?.path ?? outputDir) : `${outputDir}#${task?.name}`;
  const next = `retort predict ${model} "…"${task?.isPair ? ' --pair "…"' : ''}`;
  const rows = tasks.reduce((sum, { train }) => sum + train.size, 0);
  const width = isOne ? 'trained'.length : Math.max(...tasks.map(({ name }) => name.length), 'trained'.length);
  const line = (name: string, text: string) => `${name.padEnd(width)}  ${text}`;
  const own =
    isOne && task
      ? [
          `${figuresOf(metrics)} on ${formatCount(targetRows(task.dev))} rows (${task.dev.name})${record.fit === undefined ? ' after the last epoch' : ''}`,
        ]
      : [];
  const { test } = record;
  const tested =
    isOne && test
      ? [
          `${figuresOf(test.metrics)} on ${formatCount(test.rows)} rows (${test.name}), the test split, scored once${best ? ` by the model of epoch ${best.epoch}` : ''}`,
        ]
      : [];
  return {
    text: [
      ...own,
      ...tested,
      ...(isOne
        ? []
        : tasks.map(({ name, metricsAfter, metricsOnTest, dev, test: rows }) =>
            line(
              name,
              `${figuresOf(metricsAfter)} on ${formatCount(targetRows(dev))} rows` +
                (metricsOnTest && rows
                  ? `; test split, once: ${figuresOf(metricsOnTest)} on ${formatCount(targetRows(rows))} rows`
                  : ''),
            ),
          )),
      line(
        'trained',
        `${formatCount(parameters)} parameters on ${formatCount(rows)} rows` +
          (read === undefined
            ? ` of ${tasks.length} tasks`
            : `, ${formatCount(read.tokens)} ${record.fit === undefined ? 'tokens' : 'features'}${paddingText(read)}`),
      ),
      ...(record.fit === undefined ? [] : [line('solver', `convex, ${fitText(record.fit)}`)]),
      ...(trained.calibration ? [line('scaled', calibrationText(trained.calibration))] : []),
      line('model', lastPath ?? outputDir),
      ...(best
        ? [line('best', `${best.path} (${best.metric} ${formatMetric(best.metric, best.value)}, epoch ${best.epoch})`)]
        : []),
      line('next', next),
    ].join('\n'),
    json: {
      status,
      outputDir,
      model: lastPath ?? null,
      kept: [...keptPaths],
      ...(isOne && task && read ? jsonOfOne(trained, task, read) : jsonOfSeveral(trained)),
      warnings: record.warnings.map(({ name, text, fix }) => ({ name, text, fix })),
      parameters,
      steps,
      seconds,
      stoppedEarly,
      fit: record.fit === undefined ? null : { ...record.fit },
      next,
    },
  };
}

function paddingText({ paddingShare }: NonNullable<FineTuned['read']>): string {
  return paddingShare === undefined ? '' : `, ${(100 * paddingShare).toFixed(1)} % padding`;
}

/** Of a fit: the penalty, and where it was chosen. */
function fitText({ strength, innerLoss }: FitRecord): string {
  const chosen = innerLoss === null ? '' : `, loss ${innerLoss.toFixed(4)} on inner folds`;
  return `strength ${strength} of the L2 penalty${chosen}`;
}

function jsonOfOne(
  { record, best, calibration }: FineTuned,
  task: FineTunedTask,
  read: NonNullable<FineTuned['read']>,
) {
  const { train, dev, labelNames, badRows } = task;
  return {
    best: best?.path ?? null,
    labels: labelNames,
    metrics: record.metrics,
    train: { name: train.name, rows: train.size, ...read },
    dev: { name: dev.name, rows: targetRows(dev) },
    test: record.test ? asJson(record.test) : null,
    calibration: calibration ? asJson(calibration) : null,
    badRows,
  };
}

function jsonOfSeveral({ record, tasks }: FineTuned) {
  const { [MEAN]: mean } = record.metrics;
  return {
    ...(mean !== undefined && { mean }),
    tasks: Object.fromEntries(
      tasks.map(({ name, metricsAfter, metricsOnTest, labelNames, train, dev, test, badRows }) => [
        name,
        {
          metrics: metricsAfter,
          test: metricsOnTest && test ? { metrics: metricsOnTest, rows: targetRows(test) } : null,
          labels: labelNames,
          trainRows: train.size,
          devRows: targetRows(dev),
          badRows,
        },
      ]),
    ),
  };
}
