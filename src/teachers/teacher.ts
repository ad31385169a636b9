/** @file What a teacher is: something that says which signals it gives, and gives them row by row. */
import type { Dataset } from '../data/dataset.js';
import type { Model, SignalName } from '../models/model.js';
import type { Weights } from '../models/saved-model.js';
import type { Dtype } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

export type Teacher = {
  /** For messages: a path, an id. */
  readonly name: string;
  readonly provides: readonly SignalName[];
  readonly classes: number;
  /** In the order of the classes; empty where they have no names. */
  readonly labelNames: readonly string[];
  /** What its answers depend on besides the input. */
  readonly contentHash: string;
  /** For a teacher that can be part of the student's step: frozen, run on the very inputs that the student sees. */
  readonly traced?: {
    readonly model: Model;
    readonly weights: Weights;
    /** The row of the transfer set that it sees in place of each, for controls. Default: the row itself. */
    readonly seenRow?: (row: number) => number;
  };
  /**
   * Answers for all rows of a transfer set, each computed once, without dropout.
   * @throws SignalError for a signal it cannot give in this way, or data it cannot read.
   */
  answer(data: Dataset, signals: readonly SignalName[]): Promise<TeacherAnswers>;
};

/** Answers to a transfer set. */
export type TeacherAnswers = {
  /** Of one row, by signal. */
  readonly signals: Readonly<Partial<Record<SignalName, { readonly dtype: Dtype; readonly shape: Shape }>>>;
  /** Those of some rows, [paddedTo, ..] each; padding repeats the given rows, as `Dataset.batch` does. */
  batch(rows: ArrayLike<number>, paddedTo: number): Readonly<Record<string, Tensor>>;
};
