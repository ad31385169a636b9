/** @file Texts that nobody has labelled: the classes are the teacher's, and so are the labels that students are scored by. */

import { readLabelMap } from '../../data/file-columns.js';
import type { TeacherClasses } from '../../data/open-task.js';
import { textDataset } from '../../data/text-dataset.js';
import type { TextTable } from '../../data/text-table.js';
import { OptionError, SignalError } from '../../errors/failures.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import { type JudgedMetric, METRICS } from '../../metrics/table.js';
import { openAnyModel } from '../../models/any-model.js';
import { findOnHub } from '../../models/find-on-hub.js';
import { defined } from '../../options/given.js';
import { logitsOf } from '../../teachers/answers.js';
import { rememberingTeacher } from '../../teachers/cached-teacher.js';
import { onnxTeacher } from '../../teachers/onnx-teacher.js';
import { recordedLabels } from '../../teachers/recorded-teacher.js';
import { argmax } from '../../tensor/logits.js';
import { eventsOf } from '../../training/text/fine-tune.js';
import { isGuest, sharedParts } from '../sharing/sharing.js';
import type { DistillOptions } from './distill-options.js';
import type { DistillTextsOptions } from './distill-texts-options.js';
import { checkDistillation } from './distillation-begun.js';
import { namedCriteria } from './named-endpoint.js';
import type { NamedTeacher } from './named-teachers.js';
import { isTrainedFirst } from './teacher-settings.js';

/**
 * Asks the teacher for its classes, once; undefined where the teacher itself is to learn from labels.
 * @throws OptionError (by that function) for one that has none, or does not say which.
 */
export function classesOfTeacher(
  options: DistillTextsOptions,
  named: readonly NamedTeacher[],
): TeacherClasses | undefined {
  if (isTrainedFirst(options) || options.teacherFolds !== undefined) return undefined;
  let known: Promise<readonly string[]> | undefined;
  return () => {
    known ??= namesOf(options, named);
    return known;
  };
}

async function namesOf(options: DistillTextsOptions, named: readonly NamedTeacher[]): Promise<readonly string[]> {
  const { teacher, labelNames } = options;
  const names =
    labelNames === undefined ? await ownNames(options, named) : Object.values(await readLabelMap(labelNames));
  const found = [...new Set(names)];
  if (found.length > 1) return found;
  throw new OptionError({
    where: 'data',
    wanted: 'rows with labels or scores, or a teacher that names its classes',
    got: `neither: teacher ${typeof teacher === 'string' ? teacher : teacher.name} names ${found.length === 0 ? 'none' : 'one'}`,
    fix: 'name the column of labels (labelColumn), or the classes (labelNames, teacherCriteria)',
  });
}

async function ownNames(options: DistillTextsOptions, named: readonly NamedTeacher[]): Promise<readonly string[]> {
  const { teacher, teacherTokenizer: tokenizer } = options;
  if (typeof teacher !== 'string') return teacher.labelNames;
  const events = eventsOf(options);
  for (const { name, kind } of named) {
    if (kind === 'model') return (await openAnyModel(name, { find: findOnHub(events), ...events })).labelNames;
    if (kind === 'onnx') return (await onnxTeacher(name, defined({ tokenizer }))).labelNames;
    if (kind === 'recorded') return recordedLabels(name);
    if (kind === 'endpoint') return Object.keys((await namedCriteria(options)) ?? {});
  }
  return [];
}

/** Whether students are scored by the teacher's classes, since no row that they are scored on has a label. */
export function isScoredByTeacher(metrics: readonly JudgedMetric[] = []): boolean {
  return metrics.some((metric) => METRICS[metric].isWithTeacher);
}

/** Rows of which a plan knows that the teacher will say a class each, and not which. */
export function toBeLabelled(table: TextTable): TextTable {
  return { ...table, labels: new Int32Array(table.size) };
}

/**
 * The same distillation with the classes that the teacher predicts as labels of the rows that students are scored on, where
 * that is what they are scored by. The teacher is asked here, and its outputs are kept in the folder of the distillation.
 * @throws SignalError for a teacher that has no outputs for some of the rows; OutputError as `runDistillation` does.
 */
export async function scoredByTeacher(options: DistillOptions, keptIn: string): Promise<DistillOptions> {
  const { metrics, teacher, data, student, outputDir, resume = false, overwrite = false, signal } = options;
  const { evaluation } = data;
  const { text, size } = evaluation;
  if (!isScoredByTeacher(metrics) || text === undefined) return options;
  const known = teacher.known?.(evaluation) ?? size;
  if (known < size) {
    throw new SignalError({
      where: `teacher ${teacher.name}`,
      wanted: `outputs for all ${size} rows of ${evaluation.name}: no row has a label, so that students are scored by agreement with it`,
      got: `outputs for ${known}`,
      fix: 'record the others, or give dev, a file of labelled rows',
    });
  }
  await checkDistillation(options);
  const { sharing } = options;
  const folder = isGuest(sharing)
    ? undefined
    : await claimOutputFolder(outputDir, { resume, overwrite, ...defined({ signal }) });
  try {
    const asked = rememberingTeacher(teacher, {
      folder: keptIn,
      parts: sharedParts(sharing, { answers: keptIn, outputDir }),
      onProgress: (progress) => options.onEvent?.({ type: 'labelling', name: teacher.name, ...progress }),
      ...defined({ signal }),
    });
    const logits = await logitsOf(asked, evaluation);
    const labels = Int32Array.from({ length: size }, (_, row) => argmax(logits, row, teacher.classes));
    const labelled = textDataset({ ...text.table, labels }, text.tokenizer, { model: student.model, ...text.cut });
    // The folder is ours now.
    return { ...options, data: { ...data, evaluation: labelled }, resume: resume || !overwrite };
  } finally {
    folder?.release();
  }
}
