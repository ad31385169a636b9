/** @file With `--teacher_epochs`: the teacher of `retort distill` is fine-tuned first, once. */
import { join } from 'node:path';
import type { Dataset } from '../../../data/dataset.js';
import { OptionError } from '../../../errors/failures.js';
import { claimOutputFolder } from '../../../files/output-folder.js';
import type { Method } from '../../../methods/method.js';
import { classesOf } from '../../../models/forward.js';
import { teacherOfTexts } from '../../../teachers/text-teacher.js';
import type { Tokenizer } from '../../../tokenizers/tokenizer.js';
import { checkTeacher } from '../../../training/checks/teacher-checks.js';
import { hasViews } from '../../../training/checks/view-checks.js';
import { runTraining } from '../../../training/run/run.js';
import type { RunOptions, RunResult } from '../../../training/run/run-options.js';
import { askedBy, type CommandIo } from '../../command.js';
import { formatMetric } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { trainingRun } from '../train/text-training.js';
import { openStartingModel, type StartingModel } from '../train/training-model.js';
import type { TrainingTask } from '../train/training-task.js';
import type { trainUsage } from '../train/usage.js';
import { TEACHER_FOLDER } from './teacher-folder.js';
import type { distillUsage } from './usage.js';

type Options = OptionValues<typeof distillUsage.options>;
type TrainOptions = OptionValues<typeof trainUsage.options>;

/** Draws its head, the order of its rows and its dropout. */
const SEED = 1;

export type TeacherTraining = {
  readonly options: Options;
  /** The flags of the student's training. */
  readonly trained: TrainOptions;
  readonly task: TrainingTask;
  readonly device: string;
  readonly outputDir: string;
  /** What it is to teach, and the tokenizer of the student. */
  readonly method: Method;
  readonly tokenizer: Tokenizer;
};

/**
 * Fine-tunes the teacher on the rows and labels of the task into `outputDir`/teacher: as `retort train` would, with the
 * flags of the teacher and those of data and machine, and no others. A run that was killed goes on; one that has finished
 * with the same settings is taken as it is.
 * @returns The folder of the run.
 * @throws OutputError for a folder in use or not empty; OptionError for a finished teacher of other settings, unless
 *   it is to be overwritten; what `runTraining` throws.
 */
export async function trainTeacher(training: TeacherTraining, io: CommandIo): Promise<string> {
  const { options, trained, task, device, outputDir } = training;
  const { resume, overwrite } = options;
  const flags = teacherFlags(options, trained);
  const path = join(outputDir, TEACHER_FOLDER);
  const start = await openStartingModel(flags, task, io);
  const { run } = trainingRun(flags, task, start, { device, outputDir: path });
  expectServed(training, start, run.data.train);
  const signal = io.interruption();
  const folder = await claimOutputFolder(outputDir, { resume, overwrite, besides: TEACHER_FOLDER, signal });
  try {
    io.say(`training the teacher, ${options.teacher}, into ${path}`);
    const { record, status } = await trainOnce(
      {
        ...run,
        ...askedBy(io),
        signal,
      },
      overwrite,
      io.onEvent,
    );
    const figures = Object.entries(record.metrics).map(([name, value]) => `${name} ${formatMetric(name, value)}`);
    io.say(`${status === 'already-finished' ? 'it is trained already' : 'teacher trained'}: ${figures.join(', ')}`);
    return path;
  } finally {
    folder.release();
  }
}

/** What the method needs is known to be wrong before the teacher is trained for hours. */
function expectServed({ options, method, tokenizer }: TeacherTraining, start: StartingModel, train: Dataset): void {
  const { model, weights } = start;
  if (method.needs.length === 0) return;
  const pupil = { where: `method '${method.name}'`, needs: method.needs, tokenizer, isInStep: hasViews(method) };
  const untrained = { path: options.teacher, model, weights, labelNames: train.labelNames, contentHash: '' };
  checkTeacher(method, teacherOfTexts(untrained, start.tokenizer, pupil), classesOf(model), train);
}

/** The flags of a training of the teacher: what is said of the student's model and schedule is not meant for it. */
export function teacherFlags(options: Options, trained: TrainOptions): TrainOptions {
  return {
    ...trained,
    model: options.teacher,
    layers: undefined,
    from: undefined,
    hidden: undefined,
    vocabulary: undefined,
    epochs: options.teacherEpochs,
    learningRate: options.teacherLearningRate,
    batchSize: options.teacherBatchSize,
    schedule: undefined,
    warmup: undefined,
    weightDecay: undefined,
    maxGradNorm: undefined,
    earlyStopping: undefined,
    saveTopK: 0,
    seed: SEED,
  };
}

/** Takes up what is there; what was trained otherwise is replaced only if it may be. */
async function trainOnce(
  run: RunOptions,
  overwrite: boolean,
  onEvent: NonNullable<RunOptions['onEvent']>,
): Promise<RunResult> {
  // A finished run says that there is nothing to resume; here that is how it should be.
  const held: Parameters<typeof onEvent>[0][] = [];
  let isBegun = false;
  const watch: typeof onEvent = (event) => {
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
