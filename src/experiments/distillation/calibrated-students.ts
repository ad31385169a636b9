/**
 * @file Temperatures of the students that are kept. They are chosen on rows that chose the student's epoch, or could have: the
 * tenth of the training rows that early stopping sets aside, or the validation split where a test split is reported on. Without
 * either nothing is chosen, since the rows that are reported on choose nothing.
 */
import type { Dataset } from '../../data/dataset.js';
import type { ModelCalibration } from '../../models/calibration.schema.js';
import { loadModel } from '../../models/saved-model.js';
import { loadTextModel } from '../../models/text-model.js';
import { calibrateModel } from '../../training/evaluation/calibrate.js';
import { type DistillationArm, isBaseline } from './arms.js';
import { readBy, textsOf } from './baseline-arm.js';
import type { DistillOptions } from './distill-options.js';
import type { LearnedRows } from './monitoring.js';

/** What a reader is told who asks why a student has none. */
export const NO_VALIDATION =
  'no temperature: no rows are left to choose it on besides those that are reported on (--test FILE, or early stopping)';

/** The rows that temperatures are chosen on; undefined where there are none. */
export function validationOf({ validation, test, evaluation }: LearnedRows): Dataset | undefined {
  return validation ?? (test && evaluation);
}

/** @returns those that have one, by the names of their arms. */
export async function calibratedStudents({
  arms,
  rows,
  options,
  folderOf,
}: {
  readonly arms: readonly DistillationArm[];
  readonly rows: LearnedRows;
  readonly options: Pick<DistillOptions, 'threads' | 'device'>;
  readonly folderOf: (arm: string) => string;
}): Promise<readonly (ModelCalibration & { readonly arm: string })[]> {
  const { threads, device } = options;
  const found: (ModelCalibration & { readonly arm: string })[] = [];
  for (const arm of arms) {
    const folder = folderOf(arm.name);
    // The linear baseline has learnt what early stopping sets aside from students.
    const data = isBaseline(arm) ? rows.test && rows.evaluation : validationOf(rows);
    if (data === undefined) continue;
    const { model, weights } = await loadModel(folder);
    const read = isBaseline(arm) ? readBy((await loadTextModel(folder)).tokenizer, textsOf(data), model) : data;
    const calibration = await calibrateModel({ model, weights, data: read, folder, threads, device });
    if (calibration !== undefined) found.push({ arm: arm.name, ...calibration });
  }
  return found;
}
