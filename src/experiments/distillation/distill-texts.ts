/** @file Distillation on a task of texts, in a few lines: teacher, student, task; the rest is as the field does it. */
import { textDataset } from '../../data/text-dataset.js';
import { type TextTable, withoutLabels } from '../../data/text-table.js';
import type { TextTask } from '../../data/text-task.js';
import { hinton } from '../../methods/hinton.js';
import type { Method } from '../../methods/method.js';
import { modelHash } from '../../models/saved-model.js';
import { loadTextModel, type TextModel } from '../../models/text-model.js';
import type { Teacher } from '../../teachers/teacher.js';
import { teacherOfTexts } from '../../teachers/text-teacher.js';
import { hasViews } from '../../training/checks/view-checks.js';
import { readLength, trainAndDev, withHeadFor } from '../../training/text/fine-tune.js';
import { textRun } from '../../training/text/text-run.js';
import type { TextSettings } from '../../training/text/text-settings.js';
import { runDistillation } from './distill.js';
import type { DistillOptions, DistillResult } from './distill-options.js';
import type { StudentTraining } from './student-training.js';
import { transferSet } from './transfer.js';

/** What a student of texts is made of; its answers are those of the task. */
export type TextStudent = Pick<TextModel, 'model' | 'weights' | 'tokenizer'>;

export type DistillTextsOptions = TextSettings &
  Omit<DistillOptions, 'teacher' | 'student' | 'data' | 'method' | keyof StudentTraining> &
  Pick<StudentTraining, 'threads' | 'device' | 'teacherForm'> & {
    /** A model with the task's labels, or any other teacher. */
    readonly teacher: TextModel | Teacher;
    /** An encoder, which gets a new head for each seed; or the student of a seed. */
    readonly student: TextModel | ((seed: number) => TextStudent | Promise<TextStudent>);
    /** In words, for the record: `first 3 layers of minilm-l6`. */
    readonly start?: string;
    /** Without a dev split, a tenth of its training rows is set aside as one. */
    readonly task: TextTask;
    /** Texts for the teacher alone to answer, beside the training rows; those that the dev split has are left out. */
    readonly transfer?: TextTable;
    /** Default: `hinton()`. */
    readonly method?: Method;
    /** Tokens of a text that are read. Default: 128, or what the model has positions for. */
    readonly maxLength?: number;
  };

export type DistilledTexts = DistillResult & { readonly student: TextModel };

/**
 * Trains students of texts by a method and by its controls, as `runDistillation` does, and reads the one of the first seed back.
 * @throws as `runDistillation` does; SignalError for a method that compares tokens, with another tokenizer than the teacher's.
 */
export async function distillTexts(options: DistillTextsOptions): Promise<DistilledTexts> {
  const result = await runDistillation(await textDistillation(options));
  return { ...result, student: await loadTextModel(result.studentPath) };
}

/** What `distillTexts` runs, for `planDistillation`. @throws as `distillTexts` does before any work. */
export async function textDistillation(options: DistillTextsOptions): Promise<DistillOptions> {
  const { task, teacher, student, transfer, method = hinton(), maxLength, start: said, ...rest } = options;
  const { threads, device, seeds } = rest;
  const { train, dev } = trainAndDev(task);
  const start = async (seed: number): Promise<TextStudent> =>
    typeof student === 'function' ? student(seed) : withHeadFor(student, task, seed);
  const { model, tokenizer } = await start(typeof seeds === 'object' ? (seeds[0] ?? 1) : 1);
  const cut = { model, maxLength: readLength(model, maxLength) };
  const data = {
    train: textDataset(train, tokenizer, cut),
    evaluation: textDataset(dev, tokenizer, cut),
    ...(transfer && { transfer: textDataset(withoutLabels(transfer), tokenizer, cut) }),
  };
  const whole = await transferSet(data);
  return {
    ...rest,
    ...textRun(rest, model, whole?.data ?? data.train),
    teacher:
      'model' in teacher
        ? teacherOfTexts(
            { ...teacher, path: teacher.name, contentHash: modelHash(teacher) },
            teacher.tokenizer,
            { where: `method '${method.name}'`, needs: method.needs, tokenizer, isInStep: hasViews(method) },
            {
              labelNames: task.labelNames,
              ...(maxLength !== undefined && { maxLength }),
              ...(threads !== undefined && { threads }),
              ...(device !== undefined && { device }),
            },
          )
        : teacher,
    student: {
      model,
      weights: async (seed) => (await start(seed)).weights,
      start: said ?? (typeof student === 'function' ? model.kind : student.name),
    },
    data,
    method,
    ...(threads !== undefined && { threads }),
    ...(device !== undefined && { device }),
  };
}
