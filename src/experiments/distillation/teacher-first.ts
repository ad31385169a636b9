/** @file With `teacherEpochs`: the teacher is fine-tuned first, once, on the rows and labels of the task. */
import { join } from 'node:path';
import type { OpenedTask } from '../../data/open-task.js';
import { SPLIT_SETTINGS } from '../../data/task-settings.js';
import { OptionError } from '../../errors/failures.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import type { Method } from '../../methods/method.js';
import { classesOf } from '../../models/forward.js';
import { defined } from '../../options/given.js';
import { COMPUTE_SETTINGS, RUN_SETTINGS } from '../../options/run-settings.js';
import type { AnySettings } from '../../options/setting.js';
import type { Teacher } from '../../teachers/teacher.js';
import { teacherOfTexts } from '../../teachers/text-teacher.js';
import type { Tokenizer } from '../../tokenizers/tokenizer.js';
import { checkTeacher } from '../../training/checks/teacher-checks.js';
import { hasViews } from '../../training/checks/view-checks.js';
import { hasFile } from '../../training/run/checkpoint.js';
import type { TrainingEvent } from '../../training/run/events.js';
import { runTraining } from '../../training/run/run.js';
import { METRICS_FILE } from '../../training/run/run-files.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import { type FineTuneOptions, type PreparedOne, prepareOne } from '../../training/text/fine-tune.js';
import { TEXT_SETTINGS } from '../../training/text/text-settings.js';
import type { DistillTextsOptions } from './distill-texts-options.js';
import { reading } from './open-teachers.js';
import { TEACHER_FOLDER } from './teacher-settings.js';

/** Draws its head, the order of its rows and its dropout. */
const SEED = 1;

/** What it is to teach, and where. */
export type TeacherPlace = {
  readonly task: OpenedTask;
  readonly device: string;
  readonly outputDir: string;
  readonly method: Method;
  /** Of the student. */
  readonly tokenizer: Tokenizer;
};

/** The folder of a teacher that an earlier call has trained. */
export async function trainedBefore(outputDir: string): Promise<string | undefined> {
  const path = join(outputDir, TEACHER_FOLDER);
  return (await hasFile(join(path, METRICS_FILE))) ? path : undefined;
}

/**
 * Fine-tunes the teacher into `outputDir`/teacher: as `fineTune` would, with the settings of the teacher and those that hold
 * for every model, and no others. A run that was killed goes on; one that has finished with the same settings is taken as it
 * is.
 * @returns The folder of the run.
 * @throws OutputError for a folder in use or not empty; OptionError for a finished teacher of other settings, unless
 *   it is to be overwritten; what `runTraining` throws.
 */
export async function trainTeacherFirst(options: DistillTextsOptions, place: TeacherPlace): Promise<string> {
  const { resume = false, overwrite = false, signal, onEvent = () => {} } = options;
  const { outputDir } = place;
  const prepared = await prepareTeacher(options, place);
  // What the method needs is known to be wrong before the teacher is trained for hours.
  if (place.method.needs.length > 0) {
    const { train } = prepared.data;
    checkTeacher(place.method, untrained(options, place, prepared), classesOf(prepared.start.model), train);
  }
  const path = join(outputDir, TEACHER_FOLDER);
  const folder = await claimOutputFolder(outputDir, {
    resume,
    overwrite,
    besides: TEACHER_FOLDER,
    ...defined({ signal }),
  });
  try {
    onEvent({ type: 'teacher-training', name: String(options.teacher), path });
    const { record, status } = await trainOnce(prepared.run, overwrite, onEvent);
    onEvent({ type: 'teacher-trained', status, metrics: record.metrics });
    return path;
  } finally {
    folder.release();
  }
}

/** Its training, and what would answer then. */
export async function teacherToBe(
  options: DistillTextsOptions,
  place: TeacherPlace,
): Promise<{ readonly run: RunOptions; readonly teacher: Teacher }> {
  const prepared = await prepareTeacher(options, place);
  return { run: prepared.run, teacher: untrained(options, place, prepared) };
}

function prepareTeacher(options: DistillTextsOptions, { task, device, outputDir }: TeacherPlace): Promise<PreparedOne> {
  const { teacher, teacherEpochs: epochs, teacherLearningRate: learningRate, teacherBatchSize: batchSize } = options;
  const { command, config, signal, onEvent } = options;
  const training: FineTuneOptions = {
    ...ofEveryModel(options),
    ...{ model: String(teacher), epochs, learningRate, batchSize, seed: SEED, saveTopK: 0 },
    ...{ command, config, signal, onEvent },
  };
  return prepareOne(training, task, { device, outputDir: join(outputDir, TEACHER_FOLDER) });
}

/** What is said for every model that is trained; what is said of the student is not meant for its teacher. */
function ofEveryModel(options: DistillTextsOptions): FineTuneOptions {
  const tables: AnySettings = { ...SPLIT_SETTINGS, ...TEXT_SETTINGS, ...RUN_SETTINGS, ...COMPUTE_SETTINGS };
  const names = Object.keys(tables).filter((name) => tables[name]?.ofEveryModel);
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));
}

/** The teacher as it is before its training. */
function untrained(options: DistillTextsOptions, place: TeacherPlace, { start, data }: PreparedOne): Teacher {
  const { method, tokenizer } = place;
  const { model, weights } = start;
  const { labelNames } = data.train;
  const opened = { path: String(options.teacher), model, weights, labelNames, contentHash: 'to come' };
  const student = { where: `method '${method.name}'`, needs: method.needs, tokenizer, isInStep: hasViews(method) };
  return teacherOfTexts(opened, start.tokenizer, student, reading(options, place));
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
