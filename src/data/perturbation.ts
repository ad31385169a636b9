import type { Dtype } from '../tensor/dtype.js';
import type { Batch, Place } from './dataset.js';

/** What a perturbation is a function of, besides the batch: with the same three it does the same. */
export type PerturbationPlace = {
  readonly seed: number;
  /** Counted from 1 over the whole run. */
  readonly step: number;
  /** Which of a step's batches, from 0. */
  readonly part: number;
};

/** Changes the inputs of training batches, so that a row is not the same each time it is seen. */
export type Perturbation = {
  readonly name: string;
  /** What it does, as plain JSON: a run that is resumed must do the same. */
  readonly options: Readonly<Record<string, number>>;
  /** Element types of those inputs that it turns into another one. */
  readonly dtypes: Readonly<Record<string, Dtype>>;
  /** A batch of the same rows; the one that is given stays as it is. With `place` its inputs may be written there. */
  perturb(batch: Batch, at: PerturbationPlace, place?: Place): Batch;
};
