/**
 * @file With `teacherEpochs`: the teacher is fine-tuned first, once, on the rows and labels of the task; with `teacherFolds` a
 * model for each fold, on the rows of the others.
 */
import { join } from 'node:path';
import type { OpenedTask } from '../../data/open-task.js';
import { SPLIT_SETTINGS } from '../../data/task-settings.js';
import { selectRows } from '../../data/text-table.js';
import { OptionError } from '../../errors/failures.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import type { Method } from '../../methods/method.js';
import { classesOf } from '../../models/forward.js';
import type { Model } from '../../models/model.js';
import { isNew, knowsLabels } from '../../models/start.js';
import { defined } from '../../options/given.js';
import { COMPUTE_SETTINGS, RUN_SETTINGS } from '../../options/run-settings.js';
import type { AnySettings } from '../../options/setting.js';
import { rememberingTeacher } from '../../teachers/cached-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { teacherOfTexts } from '../../teachers/text-teacher.js';
import type { Tokenizer } from '../../tokenizers/tokenizer.js';
import { checkTeacher } from '../../training/checks/teacher-checks.js';
import { checkViews, hasViews } from '../../training/checks/view-checks.js';
import { hasFile } from '../../training/run/checkpoint.js';
import type { TrainingEvent } from '../../training/run/events.js';
import { runTraining } from '../../training/run/run.js';
import { METRICS_FILE } from '../../training/run/run-files.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import { eventsOf, type FineTuneOptions, type PreparedOne, prepareOne } from '../../training/text/fine-tune.js';
import { ONE_RATE } from '../../training/text/text-run.js';
import { type SolverName, TEXT_SETTINGS } from '../../training/text/text-settings.js';
import type { DistillTextsOptions } from './distill-texts-options.js';
import { answersFolder, crossFitted, reading } from './open-teachers.js';
import type { TeacherFolds } from './teacher-folds.js';
import { isTrainedFirst, TEACHER_FOLDER, teacherFolders } from './teacher-settings.js';

/** Draws its head, the order of its rows and its dropout; of each fold the same. */
const SEED = 1;

/** What it is to teach, and where. */
export type TeacherPlace = {
  readonly task: OpenedTask;
  readonly device: string;
  readonly outputDir: string;
  readonly method: Method;
  /** Of the student. */
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  /** Where the teacher is cross-fitted. */
  readonly folds: TeacherFolds | undefined;
};

/** A training that is to be done, and where. */
type Training = { readonly path: string; readonly fold?: number };

/** The folders of the models of a teacher that earlier calls have trained, if all of them are there. */
export async function trainedBefore(place: TeacherPlace): Promise<readonly string[] | undefined> {
  return (await toTrain(place)).length === 0 ? trainingsOf(place).map(({ path }) => path) : undefined;
}

function trainingsOf({ outputDir, folds }: TeacherPlace): readonly Training[] {
  const paths = teacherFolders(outputDir, folds?.count);
  return paths.map((path, fold) => (folds === undefined ? { path } : { path, fold }));
}

async function toTrain(place: TeacherPlace): Promise<readonly Training[]> {
  const trainings = trainingsOf(place);
  const isTrained = await Promise.all(trainings.map(({ path }) => hasFile(join(path, METRICS_FILE))));
  return trainings.filter((_, i) => isTrained[i] !== true);
}

/**
 * Fine-tunes the teacher into `outputDir`/teacher, or its model of each fold into teacher/fold-N: as `fineTune` would, with the
 * settings of the teacher and those that hold for every model, and no others. A run that was killed goes on; one that has
 * finished with the same settings is taken as it is.
 * @returns The folders of the runs.
 * @throws OutputError for a folder in use or not empty; OptionError for a finished teacher of other settings, unless
 *   it is to be overwritten; as `expectTrainable` and `runTraining` do.
 */
export async function trainTeacherFirst(options: DistillTextsOptions, place: TeacherPlace): Promise<readonly string[]> {
  const { resume = false, overwrite = false, signal, onEvent = () => {} } = options;
  const { outputDir, folds } = place;
  const trainings = trainingsOf(place);
  const [first] = trainings as [Training];
  let prepared: PreparedOne | undefined = await prepareTeacher(options, place, first);
  // What the method needs is known to be wrong before the teacher is trained for hours.
  if (place.method.needs.length > 0) {
    const { train } = prepared.data;
    const teacher = untrained(options, place, prepared);
    checkTeacher(place.method, teacher, classesOf(prepared.start.model), train);
    checkViews(place.method, place.model, teacher);
  }
  const folder = await claimOutputFolder(outputDir, {
    resume,
    overwrite,
    besides: TEACHER_FOLDER,
    ...defined({ signal }),
  });
  try {
    for (const training of trainings) {
      // Of large models one is in memory.
      const { run } = prepared ?? (await prepareTeacher(options, place, training));
      prepared = undefined;
      const { path, fold } = training;
      const of = fold === undefined || folds === undefined ? {} : { fold: { number: fold + 1, of: folds.count } };
      onEvent({ type: 'teacher-training', name: String(options.teacher), path, ...of });
      const { record, status } = await trainOnce(run, overwrite, onEvent);
      onEvent({ type: 'teacher-trained', status, metrics: record.metrics, ...of });
    }
    return trainings.map(({ path }) => path);
  } finally {
    folder.release();
  }
}

/** The first training that is to come, of how many such, and what would answer then. */
export async function teacherToBe(
  options: DistillTextsOptions,
  place: TeacherPlace,
): Promise<{ readonly run: RunOptions; readonly runs: number; readonly teacher: Teacher }> {
  const coming = await toTrain(place);
  const [first] = coming.length > 0 ? coming : trainingsOf(place);
  const prepared = await prepareTeacher(options, place, first as Training);
  return { run: prepared.run, runs: coming.length, teacher: untrained(options, place, prepared) };
}

/** @throws OptionError for a model of each fold that may know the labels of the others, or that nobody can train. */
export async function expectTrainable(options: DistillTextsOptions, task: OpenedTask): Promise<void> {
  const { teacher, teacherFolds, teacherEpochs, teacherSolver } = options;
  if (teacherFolds === undefined && !isTrainedFirst(options)) return;
  if (teacherSolver === 'convex' && teacherEpochs !== undefined) {
    const got = 'teacherSolver convex, which takes no steps';
    throw new OptionError({ where: 'teacherEpochs', wanted: 'teacherSolver steps', got, fix: 'leave one of them out' });
  }
  if (typeof teacher !== 'string') {
    throw new OptionError({
      where: teacherEpochs === undefined ? 'teacherSolver' : 'teacherEpochs',
      wanted: 'the name or folder of a model to train as teacher',
      got: `teacher ${teacher.name}, which is loaded`,
      fix: 'leave it out, or name the model',
    });
  }
  if (options.teacherLayerDecay !== undefined && isNew({ model: teacher })) {
    throw new OptionError({ where: 'teacherLayerDecay', ...ONE_RATE, got: `teacher ${teacher}` });
  }
  if (teacherFolds === undefined || !(await knowsLabels({ model: teacher }, task, eventsOf(options)))) return;
  throw new OptionError({
    where: 'teacherFolds',
    wanted: 'a model that was never trained on these labels: one that was may have seen the rows of each fold',
    got: `teacher ${teacher}, which was`,
    fix: 'start from a pre-trained model, such as minilm-l6, or leave it out',
  });
}

async function prepareTeacher(
  options: DistillTextsOptions,
  { task, device, folds }: TeacherPlace,
  { path, fold }: Training,
): Promise<PreparedOne> {
  const { teacherLearningRate: learningRate, teacherBatchSize: batchSize, teacherLayerDecay: layerDecay } = options;
  const { teacher, teacherEpochs: epochs, teacherSolver: solver = 'steps', command, config, signal, onEvent } = options;
  const training: FineTuneOptions = {
    ...ofEveryModel(options, solver),
    // Epochs are what was asked for, of a linear model too.
    ...{ model: String(teacher), solver, seed: SEED, saveTopK: 0 },
    ...{ epochs, learningRate, batchSize, layerDecay },
    ...{ command, config, signal, onEvent },
  };
  const own =
    fold === undefined || folds === undefined ? task : { ...task, train: selectRows(task.train, folds.rest(fold)) };
  return prepareOne(training, own, { device, outputDir: path });
}

/** What is said for every model that is trained; what is said of the student is not meant for its teacher. */
function ofEveryModel(options: DistillTextsOptions, solver: SolverName): FineTuneOptions {
  const tables: AnySettings = { ...SPLIT_SETTINGS, ...TEXT_SETTINGS, ...RUN_SETTINGS, ...COMPUTE_SETTINGS };
  const isRead = (name: string) => tables[name]?.ofEveryModel && !(solver === 'convex' && tables[name]?.ofSteps);
  const names = Object.keys(tables).filter(isRead);
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));
}

/** The teacher as it is before its training. */
function untrained(options: DistillTextsOptions, place: TeacherPlace, { start, data }: PreparedOne): Teacher {
  const { method, tokenizer, folds } = place;
  const { model, weights } = start;
  const { labelNames } = data.train;
  const opened = { path: String(options.teacher), model, weights, labelNames, contentHash: 'to come' };
  const isAlone = folds === undefined;
  const student = {
    where: `method '${method.name}'`,
    needs: isAlone ? method.needs : (['logits'] as const),
    tokenizer,
    isInStep: isAlone && hasViews(method),
  };
  const teacher = teacherOfTexts(opened, start.tokenizer, student, reading(options, place));
  if (folds === undefined) return teacher;
  const kept = rememberingTeacher(teacher, { folder: answersFolder(options, place.outputDir) });
  return crossFitted(Array<Teacher>(folds.count).fill(kept), options, folds);
}

/** Takes up what is there; what was trained otherwise is replaced only if it may be. */
async function trainOnce(
  run: RunOptions,
  overwrite: boolean,
  onEvent: (event: TrainingEvent) => void,
): Promise<RunResult> {
  // A finished run says that there is nothing to resume; here that is how it should be.
  const held: TrainingEvent[] = [];
  let isBegun = false;
  const watch = (event: TrainingEvent) => {
    if (event.type === 'start') {
      isBegun = true;
      for (const one of held.splice(0)) onEvent(one);
    }
    if (isBegun) onEvent(event);
    else held.push(event);
  };
  try {
    return await runTraining({ ...run, resume: true, overwrite: false, onEvent: watch });
  } catch (error) {
    if (!overwrite || !(error instanceof OptionError)) throw error;
    return runTraining({ ...run, resume: false, overwrite: true, onEvent });
  }
}
