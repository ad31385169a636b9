/** @file What a compiled training step looks like to the loop around it. */
import type { Batch, Place } from '../../data/dataset.js';
import type { Tensor } from '../../tensor/tensor.js';

/** Everything that one optimiser step depends on besides the state. */
export type StepInput = {
  /** Counted from 1 over the whole run: the optimiser's t and the counter of all random streams. */
  readonly step: number;
  readonly learningRate: number;
  /** One batch, or several micro-batches of one shape whose gradients are added. */
  readonly batches: readonly Batch[];
  /**
   * For each of `batches`: the teacher's signals by name, where they are not traced into the step, or else the inputs of
   * a traced teacher that does not see the student's, as `batch.NAME`.
   */
  readonly teacher?: readonly Readonly<Record<string, Tensor>>[] | undefined;
  /** Values of the method's scalars. */
  readonly scalars: Readonly<Record<string, number>>;
};

export type StepResult = {
  /** The number that was minimised: the sum of `losses`. */
  readonly loss: number;
  /** By term, weighted as they enter the sum. */
  readonly losses: Readonly<Record<string, number>>;
  /** Whether the terms are those of this step alone, and other steps have others: means are then over those that had it. */
  readonly hasOwnTerms?: boolean;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** False if loss or gradient norm was not finite: the step, and those after it in the run, changed nothing. */
  readonly isApplied: boolean;
};

/** A compiled training step with its state: parameters, and the optimiser's slots. */
export type TrainingStep = {
  /** How many steps one `run` takes at most; 1 where a step is long. */
  readonly stepsPerRun: number;
  /**
   * Where the inputs of the only batch of the run's step `at` may be written, so that they need not be copied. To be
   * asked for between two runs.
   */
  placeFor?(at: number): Place;
  /** Takes 1 … stepsPerRun steps, in order. The bytes of the state don't depend on how steps are cut into runs. */
  run(steps: readonly StepInput[]): Promise<StepResult[]>;
  /** Bytes of memory that it takes as more and more rows of its tables are read. Default: none. */
  readonly bytesToCome?: number;
  /** Parameters by name. The arrays are copies. */
  parameters(): Readonly<Record<string, Tensor<'float32'>>>;
  /**
   * Parameters (`model.NAME`) and slots (`optimizer.NAME.SLOT`): all that a resumed run needs. The arrays may be the
   * step's own: they hold until its next run.
   */
  state(): Readonly<Record<string, Tensor<'float32'>>>;
  /** Takes a state back. @throws CheckpointError naming what is missing, unknown or of another shape. */
  load(state: Readonly<Record<string, Tensor>>): void;
  release(): Promise<void>;
};
