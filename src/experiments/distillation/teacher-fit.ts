/** @file How well a teacher's outputs fit the labels of training rows, which say nothing more where the two are the same. */
import type { Dataset } from '../../data/dataset.js';
import { selectedRows } from '../../data/selected-rows.js';
import { targetsOf } from '../../data/targets.js';
import { countedRows } from '../../metrics/answered.js';
import { inPoints } from '../../metrics/points.js';
import { mean } from '../../metrics/statistics.js';
import type { JudgedMetric } from '../../metrics/table.js';
import type { Teacher, TeacherAnswers } from '../../teachers/teacher.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { sampledRows } from '../../training/checks/sampled-rows.js';
import { predictionsOf } from '../../training/evaluation/evaluate.js';

export type Fit = {
  /** In points of the metric; absent where that is no number. */
  readonly score?: number;
  /** The mean of the largest probability, 0 to 1; absent of a regression. */
  readonly confidence?: number;
};

/** Of training rows with a label or score, up to 2,000 spread over all of them. */
export type TeacherFit = Fit & {
  readonly rows: number;
  /** Of a cross-fitted teacher: the same rows by a model that was trained on them. */
  readonly seen?: Fit;
};

/**
 * @param answers those to all rows of `data`.
 * @returns undefined for answers without logits, and data without targets.
 */
export async function teacherFit(
  { crossFitted, classes, isShown }: Teacher,
  data: Dataset,
  answers: TeacherAnswers,
  metric: JudgedMetric,
): Promise<TeacherFit | undefined> {
  if (answers.signals.logits === undefined) return undefined;
  // Without reading each row of a large pool.
  const { labels = new Int32Array(data.size).fill(NO_LABEL), ...table } = data.text?.table ?? targetsOf(data);
  const targets = { labels, ...(table.scores && { scores: table.scores }) };
  const shown = (row: number) => data.text !== undefined && isShown?.(data.text.table, row) === true;
  const labelled = countedRows({ logits: new Float32Array(), classes, ...targets }).filter((row) => !shown(row));
  if (labelled.length === 0) return undefined;
  const sampled = sampledRows(labelled.length).map((place) => labelled[place] as number);
  if (sampled.length === 0) return undefined;
  // Of rows without an output for each class nothing is known.
  const { remainder } = answers.batch(sampled, sampled.length);
  const rows = sampled.filter(
    (_, i) => remainder?.data.subarray(i * classes, (i + 1) * classes).some(Boolean) !== true,
  );
  if (rows.length === 0) return undefined;
  const sample = selectedRows(data, rows);
  const fitOf = (said: TeacherAnswers, places: Uint32Array) => measured(said, places, { sample, classes, metric });
  return {
    rows: rows.length,
    ...fitOf(answers, rows),
    ...(crossFitted && { seen: fitOf(await crossFitted.seen(sample, ['logits']), Uint32Array.from(rows.keys())) }),
  };
}

/** @param places of the sample's rows among those of the answers. */
function measured(
  { batch }: TeacherAnswers,
  places: Uint32Array,
  { sample, classes, metric }: { readonly sample: Dataset; readonly classes: number; readonly metric: JudgedMetric },
): Fit {
  const logits = batch(places, places.length).logits?.data as Float32Array;
  const scored = { logits, classes, ...targetsOf(sample) };
  const { metrics, probabilities } = predictionsOf(scored, Array.from(places), [metric]);
  const { [metric]: value = Number.NaN } = metrics;
  const surest = Array.from(places, (_, i) => Math.max(...probabilities.subarray(i * classes, (i + 1) * classes)));
  return {
    ...(!Number.isNaN(value) && { score: inPoints(value) }),
    ...(classes > 1 && { confidence: mean(surest) }),
  };
}
