/** @file Distillation on a task of texts: teacher, student, data; the rest is as the field does it. */
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { dataName, type OpenedTask, openTask } from '../../data/open-task.js';
import { textDataset } from '../../data/text-dataset.js';
import type { TextTable } from '../../data/text-table.js';
import { FileError, OptionError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import { methodFrom } from '../../methods/named-method.js';
import { DEFAULT_METRIC, type JudgedMetric } from '../../metrics/table.js';
import { FROM_TEACHER, openStart, readLength, startInWords, startsAtRandom } from '../../models/start.js';
import type { StartTask, TextStart } from '../../models/start-task.js';
import { loadTextModel, type TextModel } from '../../models/text-model.js';
import { defined, givenOptions } from '../../options/given.js';
import type { EndpointReport } from '../../outside/asking/outside-options.js';
import { resolveDevice } from '../../runtime/devices.js';
import { timingSeconds } from '../../training/estimate/known-costs.js';
import type { RunOptions } from '../../training/run/run-options.js';
import { eventsOf, expectFreeFolder, withHeadFor } from '../../training/text/fine-tune.js';
import { fitOf } from '../../training/text/solver.js';
import { textRun } from '../../training/text/text-run.js';
import { activeSharing, type Sharing, shardFolder } from '../sharing/sharing.js';
import type { VerifiedRuns } from '../sharing/verified-runs.js';
import { controlsOf, metricsOf, studentSettings } from './asked-settings.js';
import type { Control } from './controls.js';
import { type PartDone, runDistillation, verifyDistillation, workOnDistillation } from './distill.js';
import type { DistillOptions, DistillResult } from './distill-options.js';
import type { DistillTextsOptions, StudentSettings } from './distill-texts-options.js';
import { earlyStoppingOf, learnedRows } from './monitoring.js';
import { type NamedTeacher, namedTeachers } from './named-teachers.js';
import { openAssistants } from './open-assistants.js';
import { answersFolder, type OpenedTeacher, openTeachers } from './open-teachers.js';
import { type DistillationPlan, isWorthTiming, planDistillation } from './plan.js';
import { poolOf } from './pool.js';
import type { StudentTraining } from './student-training.js';
import { expectTrainable, type TeacherPlace, teacherToBe, trainedBefore, trainTeacherFirst } from './teacher-first.js';
import { teacherFolds } from './teacher-folds.js';
import { classesOfTeacher, isScoredByTeacher, scoredByTeacher, toBeLabelled } from './teacher-labels.js';
import { isTrainedFirst, TEACHER_FOLDER } from './teacher-settings.js';

export type DistilledTexts = DistillResult & {
  readonly student: TextModel;
  readonly task: OpenedTask;
  /** What an endpoint was asked and what it cost, and the file of its replies. */
  readonly endpoint?: EndpointReport & { readonly log: string };
  /** Rows with an answer of the teacher's from which nothing was learnt. */
  readonly badRows: number;
};

/**
 * Trains students of texts by a method and by its controls, as `runDistillation` does, and reads the one of the first seed
 * back: `retort distill`. All that can be wrong with the settings is found before a model is opened.
 * @throws as `runDistillation` does; SignalError for a method that compares tokens, with another tokenizer than the teacher's.
 */
export async function distillTexts(given: DistillTextsOptions): Promise<DistilledTexts> {
  const { onEvent = () => {} } = given;
  const opened = await open(given);
  const { task, place, sharing, cacheDir } = opened;
  const options = { ...given, sharing, cacheDir };
  const isToCome = isTrainedFirst(options) && (await trainedBefore(place)) === undefined;
  // The whole experiment is planned before its first part starts.
  if (isToCome)
    onEvent({ type: 'plan', plan: await quickPlan(await prepared(quietly(options), opened, { asks: false })) });
  const taught = isTrainedFirst(options) ? await trainTeacherFirst(options, place) : undefined;
  const ready = await prepared(options, opened, { asks: true, taught });
  if (!isToCome) onEvent({ type: 'plan', plan: await quickPlan(ready) });
  const { distillation, teacher } = ready;
  const scored = await scoredByTeacher(distillation, answersFolder(options, place.outputDir));
  const result = await runDistillation(scored);
  const endpoint = teacher.spent();
  return {
    ...result,
    task,
    badRows: teacher.badRows(),
    ...(endpoint && { endpoint }),
    student: await loadTextModel(result.studentPath),
  };
}

/**
 * Takes part in a shared distillation on texts, whose record another process makes.
 * @throws as `distillTexts` does; OptionError where it is not the one that was planned; FileError without its teacher.
 */
export async function workOnTexts(given: DistillTextsOptions): Promise<PartDone> {
  return workOnDistillation(await joined(given));
}

/** Computes some finished runs of a shared distillation on texts again. @throws as `workOnTexts` does; FileError for other bytes */
export async function verifyTexts(given: DistillTextsOptions): Promise<VerifiedRuns> {
  return verifyDistillation(await joined(given));
}

/** Of whoever does not lead. */
async function joined(given: DistillTextsOptions): Promise<DistillOptions> {
  const opened = await open(given);
  const { place, sharing, cacheDir } = opened;
  const options = { ...given, sharing, cacheDir };
  const taught = isTrainedFirst(options) ? await trainedBefore(place) : undefined;
  if (isTrainedFirst(options) && taught === undefined) {
    const where = join(place.outputDir, TEACHER_FOLDER);
    const wanted = 'the teacher that was trained for the experiment';
    throw new FileError({ where, wanted, got: 'none', fix: 'share the whole output folder' });
  }
  const { distillation } = await prepared(options, opened, { asks: true, taught });
  return scoredByTeacher(distillation, answersFolder(options, place.outputDir));
}

/** Without what the work itself will say. */
function quietly(options: DistillTextsOptions): DistillTextsOptions {
  const { onEvent } = options;
  return { ...options, onEvent: (event) => event.type === 'download' && onEvent?.(event) };
}

/** For timing before a run, in seconds: it takes less, and tells a little less, than a plan that is all that was asked for. */
const QUICK_SECONDS = 1.5;

/** Before the work: timed where that takes little beside it. */
async function quickPlan({ distillation, ...teacher }: Prepared): Promise<DistillationPlan> {
  const { teacherRun, teacherRuns } = teacher;
  const plan = await planDistillation(distillation, { isTimed: false, teacherRun, teacherRuns });
  if (!isWorthTiming(plan)) return plan;
  return planDistillation(distillation, { isTimed: true, teacherRun, teacherRuns, seconds: QUICK_SECONDS });
}

/** What a distillation would do and take. */
export type TextsPlan = {
  readonly method: Method;
  readonly controls: readonly Control[];
  readonly teachers: readonly string[];
  readonly metric: JudgedMetric;
  /** In words: `first 3 layers of minilm-l6`. */
  readonly start: string;
  /** Of one student. */
  readonly run: StudentTraining & {
    readonly model: TextStart['model'];
    readonly train: Dataset;
    readonly evaluation: Dataset;
    readonly test?: Dataset;
  };
  /** Training rows, and whether none of them has a label. */
  readonly labelledRows: number;
  readonly isUnlabelled: boolean;
  readonly outputDir: string;
  /** Its time is that of the whole call: data and models are read again. */
  readonly plan: DistillationPlan;
};

/**
 * The plan of `distillTexts`: nothing is asked or trained but a few steps that are timed. Models are fetched as it would.
 * @throws as it does before any work.
 */
export async function planTexts(options: DistillTextsOptions): Promise<TextsPlan> {
  const begun = performance.now();
  const opened = await open(options);
  const { place } = opened;
  const taught = isTrainedFirst(options) ? await trainedBefore(place) : undefined;
  const read = performance.now();
  const { planned, distillation, teacherRun, teacherRuns } = await prepared(options, opened, { asks: false, taught });
  const ready = performance.now();
  const toPrepare = (ready - begun) / 1000;
  const how = { isTimed: true, seconds: timingSeconds(toPrepare), teacherRun, teacherRuns };
  const plan = await planDistillation(distillation, how);
  if (plan.seconds === undefined) return { ...planned, plan };
  // The run itself plans too, and opens all once more when its teacher has been trained.
  const again = (teacherRun === undefined ? 0 : (ready - read) / 1000) + (isWorthTiming(plan) ? QUICK_SECONDS : 0);
  return { ...planned, plan: { ...plan, seconds: toPrepare + plan.seconds + again } };
}

/** What is there before a teacher is trained: data, and the student's start where it is not that teacher. */
type Opened = {
  readonly named: readonly NamedTeacher[];
  readonly asked: StudentSettings;
  readonly controls: readonly Control[];
  readonly metrics: readonly JudgedMetric[];
  readonly task: OpenedTask;
  readonly pool: TextTable | undefined;
  readonly untrained: TextStart;
  readonly place: TeacherPlace;
  readonly sharing: Sharing | undefined;
  readonly cacheDir: string | undefined;
};

async function open(options: DistillTextsOptions): Promise<Opened> {
  const { teacher: given, onEvent = () => {} } = options;
  const named = typeof given === 'string' ? namedTeachers({ ...options, teacher: given }) : [];
  const asked = studentSettings(options, named);
  const method = typeof options.method === 'object' ? options.method : methodFrom(options);
  const controls = controlsOf(options.controls);
  const device = await resolveDevice(options.device ?? 'cpu');
  const { data = options.task ?? '' } = options;
  const {
    outputDir: whole = join('outputs', `${typeof data === 'string' ? dataName(data) : data.name}-${method.name}`),
  } = options;
  const sharing = activeSharing(options.sharing, { outputDir: whole, resume: options.resume ?? false });
  if (sharing !== undefined) expectShareable(options, sharing, named);
  const isShard = sharing?.role === 'shard';
  const outputDir = isShard ? shardFolder(whole, sharing) : whole;
  // What the teacher gives is the same for all shards, wherever they see one another's folders.
  const cacheDir = options.cacheDir ?? (isShard ? answersFolder(options, whole) : undefined);
  await expectFreeFolder(outputDir, options, isTrainedFirst(options) ? TEACHER_FOLDER : undefined);
  const { onNotice } = eventsOf({ onEvent });
  const task = await openTask(data, options, onNotice, classesOfTeacher(options, named));
  const metrics = metricsOf(options, task);
  const pool = await poolOf(options, task, onNotice);
  const learnt: StartTask & OpenedTask = { ...task, transfer: pool };
  await expectTrainable(options, task);
  const untrained = await startFor(options, asked, learnt);
  const folds = options.teacherFolds === undefined ? undefined : teacherFolds(task.train, options.teacherFolds);
  const { model, tokenizer } = untrained;
  const place = { device, outputDir, method, task, model, tokenizer, folds };
  return { named, asked, controls, metrics, task, pool, untrained, place, sharing, cacheDir };
}

/** @throws OptionError for a teacher that workers should not ask, or that a shard would train for itself. */
function expectShareable(options: DistillTextsOptions, { role }: Sharing, teachers: readonly NamedTeacher[]): void {
  const endpoint = teachers.find(({ kind }) => kind === 'endpoint');
  if (endpoint !== undefined) {
    throw new OptionError({
      where: `teacher ${endpoint.name}`,
      wanted: 'a teacher whose outputs every worker can compute or read',
      got: 'an endpoint, which has one budget and one key',
      fix: 'ask it first, with retort ask, and give the file of its replies as --teacher',
    });
  }
  if (role !== 'shard' || !isTrainedFirst(options)) return;
  throw new OptionError({
    where: 'shard',
    wanted: 'a teacher that is trained already: each shard would train one of its own',
    got: `teacher ${String(options.teacher)}, which is trained first`,
    fix: 'train it with retort train, and give its folder as --teacher',
  });
}

type Prepared = {
  readonly planned: Omit<TextsPlan, 'plan'>;
  readonly distillation: DistillOptions;
  readonly teacher: OpenedTeacher;
  /** The training of a teacher that is to come, and how many of its kind; of folds the first that is to come. */
  readonly teacherRun?: RunOptions | undefined;
  readonly teacherRuns?: number | undefined;
};

/**
 * Everything that a run or a plan is made of.
 * @param asks whether the teacher is going to be asked.
 * @param taught the folders of a teacher that was trained first; absent where it is to come, and planned with as it is before.
 */
async function prepared(
  options: DistillTextsOptions,
  { named, asked, controls, metrics, task, pool, untrained, place }: Opened,
  { asks, taught }: { readonly asks: boolean; readonly taught?: readonly string[] | undefined },
): Promise<Prepared> {
  const { teacher: given, onEvent = () => {} } = options;
  const { device, outputDir, method } = place;
  const learnt: StartTask & OpenedTask = { ...task, transfer: pool };
  const start = taught !== undefined && options.from === FROM_TEACHER ? { ...asked, model: taught[0] } : asked;
  const first = start === asked ? untrained : await startFor(options, start, learnt);
  const { model, tokenizer } = first;
  const cut = { model, maxLength: readLength(first, options.maxLength) };
  const rows = {
    train: textDataset(task.train, tokenizer, cut),
    evaluation: textDataset(isScoredByTeacher(metrics) ? toBeLabelled(task.dev) : task.dev, tokenizer, cut),
    ...(task.test && { test: textDataset(task.test, tokenizer, cut) }),
    ...(pool && { transfer: textDataset(pool, tokenizer, cut) }),
  };
  const fit = fitOf(options, {
    ...{ ...first, method, teacherForm: options.teacherForm },
    isBeside: isTrainedFirst(options),
  });
  const earlyStopping = earlyStoppingOf(options, {
    ...{ model, train: rows.train, metric: metrics[0] ?? DEFAULT_METRIC },
    isFitted: fit.fit !== undefined,
  });
  const own = (await learnedRows(rows, { earlyStopping })).rows;
  const whole = own.transfer ?? own.train;
  const training = {
    ...textRun(options, model, whole),
    ...fit,
    ...defined({ earlyStopping }),
    device,
    ...givenOptions(options, ['threads', 'teacherForm']),
  };
  // Other processes may have the output folder under another name.
  const told = start === asked ? asked : { ...start, model: TEACHER_FOLDER };
  const words =
    options.start ?? (typeof options.student === 'object' ? options.student.name : startWords(options, told));
  const planned: Prepared['planned'] = {
    method,
    controls,
    teachers: named.map(({ name }) => name),
    metric: metrics[0] ?? 'accuracy',
    start: words,
    run: { ...training, model, train: whole, evaluation: rows.evaluation, ...(rows.test && { test: rows.test }) },
    labelledRows: rows.train.size,
    isUnlabelled: task.isUnlabelled,
    outputDir,
  };
  const isToCome = isTrainedFirst(options) && taught === undefined;
  const untaught = isToCome ? await teacherToBe(options, place) : undefined;
  const teachers = taught === undefined ? named : taught.map((name) => ({ name, kind: 'model' }) as const);
  const cacheDir = answersFolder(options, outputDir);
  const teacher = await openTeachers(untaught?.teacher ?? (typeof given === 'string' ? teachers : given), options, {
    ...place,
    tokenizer,
    cacheDir,
    asks,
  });
  const assistants = await openAssistants(options, start, { ...first, train: rows.train }, learnt);
  const { overwrite = false, resume = false } = options;
  const distillation: DistillOptions = {
    ...training,
    ...defined({ question: teacher.teacher.question }),
    teacher: teacher.teacher,
    student: {
      model,
      // A new head or embedding is another one for each seed; the first has said what there is to say of it.
      weights: async (seed) =>
        (options.student === undefined ? first.redrawn?.(seed) : undefined) ??
        (await startFor({ ...options, onEvent: () => {} }, { ...start, seed }, learnt)).weights,
      start: words,
      startsAtRandom: options.student === undefined && startsAtRandom(start),
    },
    data: rows,
    method,
    ...(assistants.length > 0 && { assistants }),
    cacheDir,
    controls,
    metrics,
    outputDir,
    // The folder that the teacher was trained into is ours.
    resume: resume || (taught !== undefined && !overwrite),
    overwrite,
    ...givenOptions(options, HANDED_ON),
    onEvent,
  };
  return { planned, distillation, teacher, teacherRun: untaught?.run, teacherRuns: untaught?.runs };
}

/** Options of the experiment that are the caller's own: its evidence, its record, and what ends it. */
const HANDED_ON = [
  'seeds',
  'smallestEffect',
  'strict',
  'resultsFile',
  'sharing',
  'settings',
  'command',
  'config',
  'signal',
] as const satisfies readonly (keyof DistillTextsOptions & keyof DistillOptions)[];

/** Of a student that a program makes itself, its kind is all that is known. */
function startWords({ student }: DistillTextsOptions, start: StudentSettings): string {
  return student === undefined ? startInWords(start) : 'a student of its own';
}

/** The student on one seed. */
async function startFor(options: DistillTextsOptions, settings: StudentSettings, task: StartTask): Promise<TextStart> {
  const { student } = options;
  const { seed = 1 } = settings;
  if (student === undefined) return openStart(settings, task, eventsOf(options));
  return typeof student === 'function' ? student(seed) : withHeadFor(student, task, seed);
}
