/** @file The teacher that a distillation would train first, for a plan: as it is before its training. */
import { join } from 'node:path';
import process from 'node:process';
import { CheckpointError } from '../../../errors/failures.js';
import { fetchModel } from '../../../models/fetch-model.js';
import { findModelFolder } from '../../../models/model-folder.js';
import type { Teacher } from '../../../teachers/teacher.js';
import { teacherOfTexts } from '../../../teachers/text-teacher.js';
import { hasViews } from '../../../training/checks/view-checks.js';
import { isFile } from '../../../training/run/checkpoint.js';
import { METRICS_FILE } from '../../../training/run/run-files.js';
import type { RunOptions } from '../../../training/run/run-options.js';
import type { CommandIo } from '../../command.js';
import { trainingRun } from '../train/text-training.js';
import { openStartingModel } from '../train/training-model.js';
import { TEACHER_FOLDER } from './teacher-folder.js';
import { type TeacherTraining, teacherFlags } from './teacher-training.js';

/** The folder of a teacher that an earlier call has trained. */
export async function trainedBefore(outputDir: string): Promise<string | undefined> {
  const path = join(outputDir, TEACHER_FOLDER);
  return (await isFile(join(path, METRICS_FILE))) ? path : undefined;
}

/** Its training, and what would answer then; undefined where it would have to be downloaded. */
export async function teacherToCome(
  { options, trained, task, device, outputDir, method, tokenizer }: TeacherTraining,
  io: CommandIo,
): Promise<{ readonly run: RunOptions; readonly teacher: Teacher } | undefined> {
  if (!(await isHere(options.teacher))) return undefined;
  const flags = teacherFlags(options, trained);
  const start = await openStartingModel(flags, task, io);
  const { run } = trainingRun(flags, task, start, { device, outputDir: join(outputDir, TEACHER_FOLDER) });
  const { model, weights } = start;
  const { labelNames } = task;
  const { maxLength, threads } = options;
  const pupil = { where: `method '${method.name}'`, needs: method.needs, tokenizer, isInStep: hasViews(method) };
  const teacher = teacherOfTexts(
    { path: options.teacher, model, weights, labelNames, contentHash: 'to come' },
    start.tokenizer,
    pupil,
    {
      labelNames,
      device,
      ...(maxLength !== undefined && { maxLength }),
      ...(threads !== undefined && { threads }),
    },
  );
  return { run, teacher };
}

async function isHere(name: string): Promise<boolean> {
  const env = { ...process.env, HF_HUB_OFFLINE: '1' };
  try {
    await findModelFolder(name, (id) => fetchModel(id, { env }));
    return true;
  } catch (error) {
    if (error instanceof CheckpointError) return false;
    throw error;
  }
}
