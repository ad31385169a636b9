/** @file What a teacher is: something that says which signals it gives, and gives them row by row. */
import type { Dataset } from '../data/dataset.js';
import type { TextTable } from '../data/text-table.js';
import type { RetortError } from '../errors/retort-error.js';
import type { Model, SignalName, Weights } from '../models/model.js';
import type { Question } from '../options/question.js';
import type { Dtype } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { TeacherTerms } from './terms.js';

/**
 * What answers may hold. `remainder` [C] goes with logits whose teacher named only some of the classes: 1 for the others,
 * of which the sum of the probabilities is known; 1 for all where it named none, which is a hole. The step then spreads it as the student does (`withRemainderSpread`),
 * so that methods see whole logits.
 */
export type FedSignalName = SignalName | 'remainder';

/** Of one row, by signal. */
export type FedSignals = Readonly<Partial<Record<FedSignalName, { readonly dtype: Dtype; readonly shape: Shape }>>>;

export type RowPart = 'inputs' | 'texts' | 'places';

/** What answers to some rows are going to take. */
export type LabellingPlan = {
  /** Rows that differ. */
  readonly rows: number;
  /** Those of them that the teacher has to answer still; where several models answer a row, the answers that are to come. */
  readonly unanswered: number;
  /** Absent where that is not known before: nobody asks an endpoint to find out. */
  readonly seconds?: number;
  /** What new answers take on disk. */
  readonly bytes: number;
  /** Of an endpoint with prices: about what the new answers cost. */
  readonly cost?: number;
  /** Of one answer. */
  readonly signals: FedSignals;
};

export type PlanRequest = {
  readonly signals: readonly SignalName[];
  /** Whether the teacher answers a few rows, to be timed; those answers are not kept. */
  readonly isTimed: boolean;
  /** What timing may take, but for the least that is needed. Default: 1. */
  readonly seconds?: number;
};

export type TeacherReplies = {
  /** The model as its replies name it. */
  readonly model?: string | undefined;
  readonly rows: number;
  readonly refused: number;
  readonly malformed: number;
};

export type Teacher = {
  /** For messages: a path, an id. */
  readonly name: string;
  readonly provides: readonly SignalName[];
  readonly classes: number;
  /** In the order of the classes; empty where they have no names. */
  readonly labelNames: readonly string[];
  /** What its answers depend on besides the input. */
  readonly contentHash: string;
  /** Of the models that its answers come from, where those may round otherwise with another number of threads. */
  readonly threads?: readonly number[];
  /**
   * What of a row its answers depend on, by which they may be cached: the model's inputs, the row's texts, or the place
   * of the row in its data set, which is no content. Default: inputs.
   */
  readonly reads?: readonly RowPart[];
  /**
   * `one` for a teacher that gives probabilities and no logits: what it would say at another temperature is not known.
   * Default: any.
   */
  readonly temperatures?: 'any' | 'one';
  /** What it is asked about each row, of one that is asked a question. */
  readonly question?: Question;
  /** Whether one may train on its answers, of one that belongs to somebody else. */
  readonly terms?: TeacherTerms;
  /** Of one that is asked over a network: who answered so far, and how many rows got no answer. */
  replies?(): TeacherReplies | undefined;
  /** Rows whose labels it was shown as examples, by their content: it is not scored on them. */
  isShown?(table: TextTable, row: number): boolean;
  /** Its answers lie on disk already, in a file, log or cache: another cache would only repeat them. */
  readonly remembers?: true;
  /**
   * Told of a row whose answer is none, such as NaN: the row is then a hole, from which a student learns nothing but its own
   * label. Default: the first such row is an error.
   */
  readonly onBadRow?: (failure: RetortError) => void;
  /** How many rows of the data it can answer, where those are not all of any: recorded answers. */
  known?(data: Dataset): number;
  /** What its answers to some rows are going to take, without giving them. Default: it is tried on a few (`labellingPlan`). */
  plan?(data: Dataset, request: PlanRequest): Promise<LabellingPlan>;
  /** For a teacher that can be part of the student's step: frozen, run on the very inputs that the student sees. */
  readonly traced?: {
    readonly model: Model;
    readonly weights: Weights;
    /** The row of the transfer set that it sees in place of each, for controls. Default: the row itself. */
    readonly seenRow?: (row: number) => number;
  };
  /** Of one whose training rows are each answered by a model that was not trained on them (`crossFittedTeacher`). */
  readonly crossFitted?: {
    /** Of the model of each fold. */
    readonly hashes: readonly string[];
    /** What a model that was trained on it says of each training row. */
    seen(data: Dataset, signals: readonly SignalName[]): Promise<TeacherAnswers>;
  };
  /** Made ready once to answer part by part, for more rows than fit into memory. Default: all of them at once. */
  open?(signals: readonly SignalName[]): Promise<OpenTeacher>;
  /**
   * Answers for all rows of a transfer set, each computed once, without dropout.
   * @throws SignalError for a signal it cannot give in this way, or data it cannot read.
   */
  answer(data: Dataset, signals: readonly SignalName[]): Promise<TeacherAnswers>;
};

/** Answers to a transfer set. */
export type TeacherAnswers = {
  readonly signals: FedSignals;
  /** Those of some rows, [paddedTo, ..] each; padding repeats the given rows, as `Dataset.batch` does. */
  batch(rows: ArrayLike<number>, paddedTo: number): Readonly<Record<string, Tensor>>;
};

export type OpenTeacher = {
  readonly signals: FedSignals;
  /** [rows, ..] by signal, in the order of `rows`. */
  answer(data: Dataset, rows: Uint32Array): Promise<RowValues>;
  /** Frees what it holds. */
  release(): Promise<void>;
};

export type RowValues = Readonly<Record<string, Float32Array>>;
