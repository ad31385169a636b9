/** @file `retort distill`. */

import { dirname, join } from 'node:path';
import { scoredRows } from '../../../data/targets.js';
import { formatCount, money } from '../../../errors/number-text.js';
import { baselineText } from '../../../experiments/baseline.js';
import { NO_VALIDATION } from '../../../experiments/distillation/calibrated-students.js';
import { NO_CONTROLS } from '../../../experiments/distillation/controls.js';
import type { PartDone } from '../../../experiments/distillation/distill.js';
import {
  type DistilledTexts,
  distillTexts,
  planTexts,
  type TextsPlan,
  workOnTexts,
} from '../../../experiments/distillation/distill-texts.js';
import type { DistillTextsEvent } from '../../../experiments/distillation/distill-texts-options.js';
import { EVIDENCE_SETTINGS } from '../../../experiments/distillation/evidence-settings.js';
import type { Departure } from '../../../experiments/distillation/named-endpoint.js';
import { isTrainedFirst } from '../../../experiments/distillation/teacher-settings.js';
import type { WarningEvent } from '../../../experiments/distillation/warning-teller.js';
import type { ExperimentRecord } from '../../../experiments/experiment-record.schema.js';
import { secondsWith } from '../../../experiments/sharing/shared-time.js';
import { writeFileAtomic } from '../../../files/atomic-write.js';
import { asJson } from '../../../files/fingerprint.js';
import { scoreText } from '../../../metrics/points.js';
import { mean } from '../../../metrics/statistics.js';
import { METRICS } from '../../../metrics/table.js';
import { parameterCount } from '../../../nn/parameter-count.js';
import { reportHtml } from '../../../report/html.js';
import { fitSentence } from '../../../report/words.js';
import {
  type MachineLoad,
  type MachineTimes,
  machineLoad,
  machineTimes,
} from '../../../training/estimate/time-range.js';
import { calibrationText } from '../../../training/evaluation/calibrate.js';
import type { TrainingEvent } from '../../../training/run/events.js';
import { planOn } from '../../../training/run/train.js';
import { askedBy, type CommandIo, type CommandOutput } from '../../command.js';
import { gainsText, runLines, shipText } from '../../experiment-lines.js';
import { foldWords } from '../../fold-words.js';
import { formatMetric, formatTimeRange } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { planInShort, planJson, planLines } from '../../plan-lines.js';
import { renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import { UnderWayLines } from '../../under-way-lines.js';
import { expectEndpoint, expectKeyAllowed } from './key-allowance.js';
import type { distillUsage } from './usage.js';
import { sharingOf } from './workers.js';

type Options = OptionValues<typeof distillUsage.options>;

/** Distils on a data set or file, and reports. */
export async function distilOnTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  expectEndpoint(options);
  const since = machineTimes();
  const { sharing, moved, end } = await sharingOf(options, io);
  const asked = {
    ...options,
    ...moved,
    ...askedBy(io),
    sharing,
    onEvent: progressOf(io, since),
    onDeparture: (departure: Departure) => expectKeyAllowed(departure, options, io),
    // Asked for once the work starts: until then Ctrl-C ends the process at once.
    get signal() {
      return options.dryRun ? undefined : io.interruption();
    },
  };
  if (options.dryRun) {
    const planned = await planTexts(asked);
    return plannedOutput(options, planned, machineLoad(since));
  }
  if (sharing.role === 'shard') return shardOutput(await workOnTexts(asked), sharing);
  let isDone = false;
  try {
    const distilled = await distillTexts(asked);
    isDone = true;
    return await reported(distilled, options, io);
  } finally {
    await end(isDone);
  }
}

/** What a shard has done, and what comes next. */
function shardOutput(
  { outputDir, runs, here }: PartDone,
  { index, count }: { readonly index: number; readonly count: number },
): CommandOutput {
  const folder = dirname(outputDir);
  return {
    text: [
      `shard ${index}/${count}: ${formatCount(runs)} runs done, in ${outputDir}`,
      `next     retort merge ${folder}, when all ${count} shards have ended`,
    ].join('\n'),
    json: { outputDir, shard: index, shards: count, runs, here },
  };
}

/** Writes the report, and says what came out. */
export async function reported(
  distilled: DistilledTexts,
  options: Pick<Options, 'quick'>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { record, recordPath, studentPath } = distilled;
  const outputDir = dirname(recordPath);
  const report = join(outputDir, 'report.html');
  await writeFileAtomic(report, reportHtml(record));
  return outputOf(distilled, { outputDir, recordPath, studentPath, report }, options, io);
}

/** What the teacher scores, the progress of the run under way, and a line for each that is done. */
export function progressOf(io: CommandIo, since: MachineTimes): (event: DistillTextsEvent) => void {
  let done = 0;
  const others = new UnderWayLines();
  return (event) => {
    switch (event.type) {
      case 'plan':
        return io.say(`plan: ${planInShort(event.plan, machineLoad(since))}`);
      case 'progress':
        return io.say(event.text);
      case 'teacher-training':
        return io.say(`training the teacher, ${event.name}${foldText(event)}, into ${event.path}`);
      case 'teacher-trained': {
        const figures = Object.entries(event.metrics).map(([name, value]) => `${name} ${formatMetric(name, value)}`);
        const what = event.status === 'already-finished' ? 'already trained' : 'teacher trained';
        return io.say(`${what}${foldText(event)}: ${figures.join(', ')}`);
      }
      case 'warning':
        return io.onEvent('arm' in event ? warningEvent(event) : event);
      case 'labelling':
        return io.onLabelling(event.name, event);
      case 'teacher':
        io.say(`teacher ${event.name}: ${scoreText(event.metric, event.score)} on the evaluated split`);
        return event.training && io.say(`on training rows: ${fitSentence(event.training, event.metric)}`);
      case 'training':
        // The same for every run: once is enough.
        return event.event.type === 'notice' && done > 0 ? undefined : io.onEvent(event.event);
      case 'experiment': {
        if (event.event.type === 'start') done = event.event.finished;
        if (event.event.type === 'under-way') for (const line of others.take(event.event)) io.say(line);
        if (event.event.type !== 'run-end') return;
        done = event.event.finished;
        for (const line of runLines(event.event)) io.say(line);
        return;
      }
      default:
        return io.onEvent(event);
    }
  };
}

/** Of a cross-fitted teacher, which of its models. */
function foldText({ fold }: { readonly fold?: { readonly number: number; readonly of: number } }): string {
  return fold === undefined ? '' : `, without fold ${fold.number} of ${fold.of}`;
}

/** A warning of an arm's run names the arm. */
function warningEvent({ name, text, fix, arm, seed }: WarningEvent): TrainingEvent {
  const where = arm === undefined ? '' : `${arm}, seed ${seed}: `;
  return { type: 'warning', name, text: `${where}${text}`, fix };
}

type Paths = {
  readonly outputDir: string;
  readonly recordPath: string;
  readonly studentPath: string;
  readonly report: string;
};

/** Of the student to use. */
function calibrationLines({ calibration }: ExperimentRecord, columns: number): readonly string[] {
  const text = calibration === undefined ? NO_VALIDATION : `${calibration.arm}: ${calibrationText(calibration)}`;
  return [...foldWords(text.split(' '), columns), ''];
}

function outputOf(
  { record, task, endpoint, badRows }: DistilledTexts,
  paths: Paths,
  options: Pick<Options, 'quick'>,
  io: CommandIo,
): CommandOutput {
  const columns = io.columns ?? DEFAULT_COLUMNS;
  const fold = (text: string) => foldWords(text.split(' '), columns).join('\n');
  const { heading } = METRICS[record.metric];
  const hasTest = record.data?.test !== undefined;
  // Seeds are of the split that the gains are on.
  const headings = hasTest ? [`${heading} on validation`, 'on test', 'test by seed'] : [heading, 'by seed'];
  const rows = record.arms.map(({ name, parameters, test, ...validated }) => [
    name,
    formatCount(parameters),
    meanText(validated),
    ...(test ? [meanText(test)] : []),
    (test ?? validated).scores.map((score) => score.toFixed(1)).join(' '),
  ]);
  const answer = record.headline?.text ?? record.notCompared;
  const shipped = record.ship === undefined ? paths.studentPath : join(paths.outputDir, record.ship.path);
  return {
    text: [
      renderTable(['arm', 'parameters', ...headings], rows, columns),
      '',
      ...[answer, record.softTargets?.text, baselineText(record)].flatMap((text) =>
        text === undefined ? [] : [fold(text)],
      ),
      '',
      ...(record.gains.length > 0 ? [gainsText(record, columns), ''] : []),
      ...shipText(record, paths.outputDir, columns),
      '',
      ...(record.notCompared === undefined || task.isUnlabelled
        ? []
        : [...foldWords(verdictLine(record, options).split(' '), columns), '']),
      ...(task.isRegression ? [] : calibrationLines(record, columns)),
      `report   ${paths.report}`,
      ...(endpoint === undefined ? [] : [`replies  ${spentText(endpoint)}`]),
      ...(badRows === 0
        ? []
        : [`bad rows ${formatCount(badRows)} with an invalid teacher output, trained on their label alone`]),
      `next     retort predict ${shipped} "…"${task.isPair ? ' --pair "…"' : ''}`,
    ].join('\n'),
    json: {
      ...paths,
      verdict: record.headline?.text ?? null,
      notCompared: record.notCompared ?? null,
      ship: record.ship ? asJson({ ...record.ship, path: shipped }) : null,
      calibration: record.calibration ? asJson(record.calibration) : null,
      metric: record.metric,
      teacher: {
        name: record.teacher?.name ?? '',
        score: record.teacher?.score ?? null,
        test: record.teacher?.test ?? null,
        ...(record.teacher?.training && { training: asJson(record.teacher.training) }),
        ...(record.teacher?.folds && { folds: record.teacher.folds }),
        ...(endpoint && { answers: spentJson(endpoint) }),
        ...(badRows > 0 && { badRows }),
      },
      data: asJson(record.data ?? {}),
      arms: record.arms.map(({ name, parameters, train, scores, mean, sd, metrics, test }) => ({
        name,
        parameters,
        train: train ? { ...train } : null,
        scores,
        mean,
        sd: sd ?? null,
        metrics: asJson(metrics ?? {}),
        test: test ? asJson(test) : null,
      })),
      gains: record.gains.map(({ arm, over, split, mean, low, high, fromSeeds, fromRows, verdict }) => ({
        ...{ arm, over, mean, verdict },
        split: split ?? 'validation',
        low: low ?? null,
        high: high ?? null,
        fromSeeds: fromSeeds ?? null,
        fromRows: fromRows ?? null,
      })),
      warnings: asJson(record.warnings ?? []),
      seconds: record.seconds,
      peakRssBytes: record.peakRssBytes,
    },
  };
}

function meanText({ mean: centre, sd }: { readonly mean: number; readonly sd?: number | undefined }): string {
  return sd === undefined ? centre.toFixed(2) : `${centre.toFixed(2)} ± ${sd.toFixed(2)}`;
}

/** Fewer decide little: of how far seeds spread, they say next to nothing. */
const SEEDS_OF_A_VERDICT = EVIDENCE_SETTINGS.seeds.default;

/** What to run where nothing was compared, and how long that takes; the runs that are there are kept. */
function verdictLine({ arms, seeds }: ExperimentRecord, { quick }: Pick<Options, 'quick'>): string {
  const wanted = Math.max(SEEDS_OF_A_VERDICT, seeds.length);
  const more = 2 * wanted - seeds.length;
  const perRun = mean(arms.flatMap(({ seconds }) => seconds));
  const instead = quick ? '--quick' : `--controls ${NO_CONTROLS}`;
  return `for a verdict: the same command with --resume --controls no-teacher --seeds ${wanted} instead of ${instead}: ${more} more runs, ${formatTimeRange(more * perRun)}`;
}

/** `seed 1`, `seeds 1 to 5`. */
function seedsText(seeds: number): string {
  return seeds === 1 ? 'seed 1' : `seeds 1 to ${seeds}`;
}

type Endpoint = NonNullable<DistilledTexts['endpoint']>;

function spentText({ inputTokens, outputTokens, cost, malformed, refused, rows, log }: Endpoint): string {
  const price = cost === undefined ? '' : `, cost ${money(cost)}`;
  const without = malformed + refused;
  const ofThem = refused === 0 ? '' : `, ${formatCount(refused)} of them refused`;
  const holes = without === 0 ? '' : `; ${formatCount(without)} of ${formatCount(rows)} rows without a label${ofThem}`;
  return `${log}  (${formatCount(inputTokens)} tokens read, ${formatCount(outputTokens)} written${price}${holes})`;
}

function spentJson({ inputTokens, outputTokens, cost, malformed, refused, answeredBy, log }: Endpoint) {
  const model = answeredBy ?? null;
  return { log, inputTokens, outputTokens, cost: cost ?? null, malformed, refused, model };
}

function foldsText({ teacherFolds }: Options): string {
  return teacherFolds === undefined ? '' : `, cross-fitted in ${teacherFolds} folds`;
}

/** Arms, runs, rows, steps and what they take, as the same command without the flag would have them. */
function plannedOutput(options: Options, planned: TextsPlan, machine: MachineLoad): CommandOutput {
  const { run, labelledRows, isUnlabelled, teachers, metric, outputDir, start: student, plan } = planned;
  const { train, evaluation, test } = run;
  const totalSteps = run.fit === undefined ? planOn(run, train).totalSteps : 0;
  const how =
    run.fit === undefined
      ? `${run.earlyStopping ? 'at most ' : ''}${formatCount(totalSteps)} steps of ${run.batchSize} rows in ${formatCount(run.epochs)} ${run.epochs === 1 ? 'epoch' : 'epochs'} per run`
      : 'each run fitted by the convex solver';
  const arms = plan.arms.map(({ name }) => name);
  const runs = arms.length * options.seeds;
  const parameters = parameterCount(run.model);
  const pool = train.size - labelledRows;
  const { teacherEpochs: epochs, workers } = options;
  const shared = workers === undefined ? undefined : secondsWith(workers, plan);
  const fitted = epochs === undefined ? 'by the convex solver' : `${epochs} epochs`;
  const trained = isTrainedFirst(options) ? `, trained first: ${fitted}${foldsText(options)}` : '';
  const rows = `${formatCount(labelledRows)} rows${isUnlabelled ? ' without labels' : ''}${pool > 0 ? ` and ${formatCount(pool)} that the teacher labels` : ''}`;
  return {
    text: [
      `arms     ${arms.join(', ')}`,
      `runs     ${formatCount(runs)}: each arm on ${seedsText(options.seeds)}`,
      `train    ${rows} (${train.name}), ${how}`,
      `judged   by ${metric} on ${formatCount(scoredRows(evaluation))} rows (${evaluation.name})`,
      ...(test
        ? [`tested   each run once, on ${formatCount(scoredRows(test))} rows (${test.name}): the gains are on these`]
        : []),
      `teacher  ${teachers.join(', ')}${trained}`,
      `student  ${student}, ${formatCount(parameters)} parameters`,
      ...planLines(plan, machine),
      ...(shared === undefined
        ? []
        : [`workers  ${workers}: about ${formatTimeRange(shared)}, where each has cores of its own`]),
      `output   ${outputDir}`,
      'nothing was trained or written: leave out --dry_run to start',
    ].join('\n'),
    json: {
      arms,
      seeds: options.seeds,
      runs,
      rows: labelledRows,
      isUnlabelled,
      poolRows: pool,
      steps: totalSteps,
      epochs: run.fit === undefined ? run.epochs : null,
      batchSize: run.fit === undefined ? run.batchSize : null,
      metric,
      evaluationRows: scoredRows(evaluation),
      testRows: test ? scoredRows(test) : null,
      teachers,
      teacherEpochs: epochs ?? null,
      teacherSolver: options.teacherSolver ?? null,
      teacherFolds: options.teacherFolds ?? null,
      student,
      parameters,
      outputDir,
      plan: planJson(plan),
      ...(workers !== undefined && { workers, secondsWithWorkers: shared ?? null }),
    },
  };
}
