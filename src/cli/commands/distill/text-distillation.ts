/** @file `retort distill`. */
import { join } from 'node:path';
import { textDataset } from '../../../data/text-dataset.js';
import { OptionError } from '../../../errors/failures.js';
import { CONTROLS, type Control } from '../../../experiments/distillation/controls.js';
import { runDistillation } from '../../../experiments/distillation/distill.js';
import type { DistillEvent, DistillOptions } from '../../../experiments/distillation/distill-options.js';
import { type DistillationPlan, isWorthTiming, planDistillation } from '../../../experiments/distillation/plan.js';
import { studentTraining } from '../../../experiments/distillation/student-training.js';
import { transferSet } from '../../../experiments/distillation/transfer.js';
import type { WarningEvent } from '../../../experiments/distillation/warning-teller.js';
import { writeFileAtomic } from '../../../files/atomic-write.js';
import { asJson } from '../../../files/fingerprint.js';
import { inPoints, scoreText } from '../../../metrics/points.js';
import { askedMetrics, METRICS } from '../../../metrics/table.js';
import { reportHtml } from '../../../report/html.js';
import { resolveDevice } from '../../../runtime/devices.js';
import { estimateStage } from '../../../training/estimate/run-estimate.js';
import type { TrainingEvent } from '../../../training/run/events.js';
import { textRun } from '../../../training/text/text-run.js';
import { askedBy, type CommandIo, type CommandOutput } from '../../command.js';
import { gainsText, shipText } from '../../experiment-lines.js';
import { foldWords } from '../../fold-words.js';
import { methodOf } from '../../method-flags.js';
import { formatCount, formatDuration } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import { planInShort } from '../train/plan-lines.js';
import { FROM_TEACHER, startInWords } from '../train/starting-layers.js';
import { expectFreeFolder, trainingRun } from '../train/text-training.js';
import { checkedMaxLength, checkModelFlags, openStartingModel, startsAtRandom } from '../train/training-model.js';
import { dataName, readTrainingTask, type TrainingTask } from '../train/training-task.js';
import { trainUsage } from '../train/usage.js';
import { openAssistants } from './assistant-models.js';
import { plannedOutput } from './distillation-plan.js';
import { answersFolder, type OpenedTeacher, openTeachers } from './distillation-teacher.js';
import { type NamedTeacher, namedTeachers } from './teacher-flags.js';
import { TEACHER_FOLDER } from './teacher-folder.js';
import { teacherToCome, trainedBefore } from './teacher-to-come.js';
import { trainTeacher } from './teacher-training.js';
import { readPool } from './transfer-pool.js';
import type { distillUsage } from './usage.js';

type Options = OptionValues<typeof distillUsage.options>;
type TrainOptions = OptionValues<typeof trainUsage.options>;

/** Distils on a data set or file, and reports. All that can be wrong with the flags is found before a model is opened. */
export async function distilOnTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  const teachers = namedTeachers(options);
  const trained = asTraining(options, teachers);
  checkModelFlags(trained);
  const method = methodOf(options);
  const controls = controlsOf(options.controls);
  const device = await resolveDevice(options.device);
  const outputDir = options.outputDir ?? join('outputs', `${dataName(options.data)}-${method.name}`);
  await expectFreeFolder(outputDir, options, options.teacherEpochs === undefined ? undefined : TEACHER_FOLDER);
  const task = await readTrainingTask(trained, io);
  const metrics = askedMetrics(options.metric, task.metrics, task.isRegression ? 1 : task.labelNames.length);
  const pool = options.transfer === undefined ? undefined : await readPool(options.transfer, options, task, io);
  const untrained = await openStartingModel(trained, task, io);
  const { tokenizer } = untrained;
  const training = { options, trained, task, device, outputDir, method, tokenizer };
  const taught =
    options.teacherEpochs === undefined
      ? undefined
      : options.dryRun
        ? await trainedBefore(outputDir)
        : await trainTeacher(training, io);
  const start = taught !== undefined && options.from === FROM_TEACHER ? { ...trained, model: taught } : trained;
  const first = start === trained ? untrained : await openStartingModel(start, task, io);
  const { run, data } = trainingRun(start, task, first, { device, outputDir });
  const { model } = run;
  const transfer = pool && textDataset(pool, tokenizer, { model, maxLength: checkedMaxLength(start, first) });
  const whole = await transferSet({ ...data, ...(transfer && { transfer }) });
  const student = { ...run, ...(whole && textRun(start, model, whole.data)) };
  const planned = {
    run: { ...student, data: { ...data, ...(whole && { train: whole.data }) } },
    labelledRows: data.train.size,
    ...{ method, controls, teachers, metric: metrics[0] ?? ('accuracy' as const), outputDir },
  };
  const isToCome = options.dryRun && options.teacherEpochs !== undefined && taught === undefined;
  const toCome = isToCome ? await teacherToCome(training, io) : undefined;
  if (isToCome && toCome === undefined) return plannedOutput(options, planned, undefined);
  const opened: OpenedTeacher = toCome
    ? { teacher: toCome.teacher, spent: () => undefined, badRows: () => 0 }
    : await openTeachers(
        taught === undefined ? teachers : [{ name: taught, kind: 'model' }],
        options,
        { method, task, tokenizer, cacheDir: answersFolder(outputDir, options) },
        io,
      );
  const assistants = await openAssistants(options.assistants, start, { ...first, train: data.train }, task, io);
  const distillation: DistillOptions = {
    ...studentTraining(student),
    teacher: opened.teacher,
    student: {
      model,
      // A new head or embedding is another one for each seed; the first has said what there is to say of it.
      weights: async (seed) => (await openStartingModel({ ...start, seed }, task, { ...io, notice: () => {} })).weights,
      start: startInWords(start),
      startsAtRandom: startsAtRandom(start),
    },
    data: { ...data, ...(transfer && { transfer }) },
    method,
    ...(assistants.length > 0 && { assistants }),
    cacheDir: answersFolder(outputDir, options),
    controls,
    seeds: options.seeds,
    smallestEffect: options.smallestEffect,
    metrics,
    outputDir,
    // The folder that the teacher was trained into is ours.
    resume: options.resume || (taught !== undefined && !options.overwrite),
    overwrite: options.overwrite,
    strict: options.strict,
    ...askedBy(io),
    onEvent: progressOf(io),
    signal: io.interruption(),
  };
  if (options.dryRun) {
    const plan = await planDistillation(distillation, CAREFULLY);
    const teacher = toCome && (await estimateStage({ run: toCome.run }, CAREFULLY));
    return plannedOutput(options, planned, { plan, teacher });
  }
  io.say(`plan: ${planInShort(await quickPlan(distillation))}`);
  const { record, recordPath, studentPath } = await runDistillation(distillation);
  const report = join(outputDir, 'report.html');
  await writeFileAtomic(report, reportHtml(record));
  return outputOf(record, { outputDir, recordPath, studentPath, report }, task, opened, io);
}

/** For a plan that is all that is asked for. */
const CAREFULLY = { isTimed: true, rounds: 2 } as const;

/** Before the work: timed where that takes little beside it. */
async function quickPlan(distillation: DistillOptions): Promise<DistillationPlan> {
  const plan = await planDistillation(distillation, { isTimed: false });
  return isWorthTiming(plan) ? planDistillation(distillation, { isTimed: true }) : plan;
}

/**
 * The flags as those of a training: without what chooses among epochs, and with the teacher as the model to start from where
 * that is asked for.
 * @throws OptionError where the teacher is none that a student can start from.
 */
function asTraining(options: Options, teachers: readonly NamedTeacher[]): TrainOptions {
  const single = { monitor: undefined, student: false, layerDecay: undefined, sampling: undefined } as const;
  const fixed = { ...options, seed: 1, saveTopK: 0, earlyStopping: 0, ...single } as const;
  if (options.from !== FROM_TEACHER) return fixed;
  const [teacher, another] = teachers;
  const wanted = (what: string, got: string) =>
    new OptionError({ where: `--from ${FROM_TEACHER}`, wanted: what, got, fix: 'leave one of the two out' });
  if (teacher?.kind !== 'model' || another !== undefined) {
    throw wanted('a model as the one teacher', `--teacher ${options.teacher}`);
  }
  if (options.model !== trainUsage.options.model.default) throw wanted('no --model', `--model ${options.model}`);
  return { ...fixed, model: teacher.name, from: undefined };
}

function controlsOf(text: string): Control[] {
  const given = text.split(',').map((name) => name.trim());
  const unknown = given.find((name) => !CONTROLS.some((control) => control === name));
  if (unknown === undefined) return CONTROLS.filter((control) => given.includes(control));
  throw new OptionError({ where: '--controls', wanted: CONTROLS.join(', '), got: `'${unknown}'` });
}

/** What the teacher scores, the progress of the run under way, and a line for each that is done. */
function progressOf(io: CommandIo): (event: DistillEvent) => void {
  let done = 0;
  return (event) => {
    if (event.type === 'notice') io.notice(event.text);
    else if (event.type === 'warning') io.onEvent(warningEvent(event));
    else if (event.type === 'labelling') io.onLabelling(event.name, event);
    else if (event.type === 'teacher')
      io.say(`teacher ${event.name}: ${scoreText(event.metric, event.score)} on the evaluation rows`);
    else if (event.type === 'training') {
      // The same for every run: once is enough.
      if (event.event.type !== 'notice' || done === 0) io.onEvent(event.event);
    } else if (event.event.type === 'start') done = event.event.finished;
    else if (event.event.type === 'run-end') {
      const { arm, seed, metric, score, seconds, runs, finished } = event.event;
      done = finished;
      io.say(
        `${finished}/${runs}  ${arm}, seed ${seed}: ${scoreText(metric, inPoints(score))} (${formatDuration(seconds)})`,
      );
    }
  };
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

function outputOf(
  record: Awaited<ReturnType<typeof runDistillation>>['record'],
  paths: Paths,
  { isPair }: TrainingTask,
  teacher: OpenedTeacher,
  io: CommandIo,
): CommandOutput {
  const spent = teacher.spent();
  const badRows = teacher.badRows();
  const columns = io.columns ?? DEFAULT_COLUMNS;
  const fold = (text: string) => foldWords(text.split(' '), columns).join('\n');
  const rows = record.arms.map(({ name, parameters, mean, sd, scores }) => [
    name,
    formatCount(parameters),
    sd === undefined ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${sd.toFixed(2)}`,
    scores.map((score) => score.toFixed(1)).join(' '),
  ]);
  const answer = record.headline?.text;
  const shipped = record.ship === undefined ? paths.studentPath : join(paths.outputDir, record.ship.path);
  return {
    text: [
      renderTable(['arm', 'parameters', METRICS[record.metric].heading, 'by seed'], rows, columns),
      '',
      ...[answer, record.softTargets?.text].flatMap((text) => (text === undefined ? [] : [fold(text)])),
      '',
      ...(record.gains.length > 0 ? [gainsText(record, columns), ''] : []),
      ...shipText(record, paths.outputDir, columns),
      '',
      `report   ${paths.report}`,
      ...(spent === undefined ? [] : [`answers  ${spent.text}`]),
      ...(badRows === 0 ? [] : [`bad rows ${formatCount(badRows)}, from whose answers nothing was learnt`]),
      `next     retort predict ${shipped} "…"${isPair ? ' --pair "…"' : ''}`,
    ].join('\n'),
    json: {
      ...paths,
      verdict: answer ?? null,
      ship: record.ship ? { ...record.ship, path: shipped } : null,
      metric: record.metric,
      teacher: {
        name: record.teacher?.name ?? '',
        score: record.teacher?.score ?? null,
        ...(spent && { answers: spent.json }),
        ...(badRows > 0 && { badRows }),
      },
      data: asJson(record.data ?? {}),
      arms: record.arms.map(({ name, parameters, train, scores, mean, sd, metrics }) => ({
        name,
        parameters,
        train: train ? { ...train } : null,
        scores,
        mean,
        sd: sd ?? null,
        metrics: asJson(metrics ?? {}),
      })),
      gains: record.gains.map(({ arm, over, mean, low, high, fromSeeds, fromRows, verdict }) => ({
        ...{ arm, over, mean, verdict },
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
