/** @file Which model of a run is the one to use, and its temperature. */
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import type { ModelCalibration } from '../../models/calibration.schema.js';
import { loadModel } from '../../models/saved-model.js';
import { calibrateModel } from '../evaluation/calibrate.js';
import { bestKept } from '../run/kept-models.js';
import type { RunOptions, RunResult } from '../run/run-options.js';

/** The kept model that ranks first, where that is not the one after the last epoch. */
export type BestModel = {
  readonly path: string;
  readonly metric: string;
  readonly value: number;
  readonly epoch: number;
};

type RunOnRows = {
  readonly run: RunOptions;
  readonly data: { readonly evaluation: Dataset; readonly test?: Dataset };
};

/** The last model and the best one are calibrated, each by itself. @returns that of the model to use. */
export async function calibrated({ run, data }: RunOnRows, result: RunResult): Promise<ModelCalibration | undefined> {
  const { model, threads, device } = run;
  const { lastPath, weights } = result;
  if (data.test === undefined) return undefined;
  const how = { data: data.evaluation, threads, device };
  const { best } = bestOf(run, result);
  const last =
    lastPath === undefined || weights === undefined
      ? undefined
      : await calibrateModel({ ...how, model, weights, folder: lastPath });
  if (best === undefined) return last;
  return calibrateModel({ ...how, ...(await loadModel(best.path)), folder: best.path });
}

export function bestOf({ monitor, outputDir }: RunOptions, { record }: RunResult): { readonly best?: BestModel } {
  const { mode = 'max' } = monitor ?? {};
  const best = bestKept(record.kept, { mode });
  if (best === undefined || best.epoch === record.epochs.at(-1)?.epoch) return {};
  const { name, value, epoch } = best;
  return { best: { path: join(outputDir, name), metric: monitor?.metric ?? '', value, epoch } };
}
