/** @file The temperature of a trained model, from rows that it did not learn from and that nothing is reported on. */
import type { Dataset } from '../../data/dataset.js';
import { targetsOf } from '../../data/targets.js';
import { calibrationOf } from '../../metrics/calibration.js';
import { chooseTemperature } from '../../metrics/temperature.js';
import { writeCalibration } from '../../models/calibration.js';
import type { ModelCalibration } from '../../models/calibration.schema.js';
import { classesOf } from '../../models/forward.js';
import { isOfTexts } from '../../models/heads.js';
import type { Model, Weights } from '../../models/model.js';
import { weightsHash } from '../../models/saved-model.js';
import type { SessionOptions } from '../../runtime/backend.js';
import { withEvaluator } from './evaluate.js';

export type CalibrateOptions = Pick<SessionOptions, 'threads' | 'device'> & {
  readonly model: Model;
  readonly weights: Weights;
  /** Validation rows with labels. */
  readonly data: Dataset;
  /** Where the model is kept. */
  readonly folder: string;
};

/**
 * Chooses a temperature by `chooseTemperature`, measures what it does, and keeps both beside the model.
 * @returns undefined for a regression, a model that labels tokens, and for fewer rows with labels than it takes.
 * @throws OutputError for a folder that takes no file.
 */
export async function calibrateModel(options: CalibrateOptions): Promise<ModelCalibration | undefined> {
  const { model, weights, data, folder, threads, device } = options;
  const classes = classesOf(model);
  if (classes === 1 || !isOfTexts(model.config)) return undefined;
  const { logits } = await withEvaluator({ model, data, threads, device }, (open) => open.predict(weights));
  const scored = { logits, classes, labels: targetsOf(data).labels };
  const choice = chooseTemperature(scored);
  if (choice === undefined) return undefined;
  const { rows, ...chosen } = choice;
  const [before, after] = [calibrationOf(scored), calibrationOf(scored, choice.fitted)];
  if (before === undefined || after === undefined) return undefined;
  const calibration: ModelCalibration = { ...chosen, data: { name: data.name, rows }, before, after };
  await writeCalibration(folder, calibration, weightsHash(weights));
  return calibration;
}

/** In a line: what was chosen and what it does. */
export function calibrationText({ fitted, isApplied, leftOut, data, before, after }: ModelCalibration): string {
  const percent = (value: number) => (100 * value).toFixed(1);
  const what = `ECE ${percent(before.ece)} → ${percent(after.ece)} %, NLL ${before.nll.toFixed(3)} → ${after.nll.toFixed(3)}, Brier ${before.brier.toFixed(3)} → ${after.brier.toFixed(3)}`;
  const where = `${data.rows} rows (${data.name})`;
  if (isApplied) return `temperature ${fitted.toFixed(3)} on ${where}: ${what}; exports have it`;
  const worse = `NLL ${leftOut.before.toFixed(3)} → ${leftOut.after.toFixed(3)} on rows left out of the fit`;
  return `no temperature: ${fitted.toFixed(3)}, fitted to ${where}, makes things no better (${worse})`;
}
