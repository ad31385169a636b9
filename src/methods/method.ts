import type { Value } from '../autograd/value.js';
import type { RowLoss } from '../losses/row-loss.js';
import type { SignalName, Signals } from '../models/model.js';
import type { SignalSizes } from '../models/signal-sizes.js';
import type { ForwardContext, ParameterSpec } from '../nn/module.js';
import type { ScheduleName } from '../optim/schedules.js';
import type { RowTargets } from './row-targets.js';
import type { MixedSignals, View } from './views.js';

/** What a step's losses are made from. A method cannot tell a traced teacher from a cached one. */
export type LossInputs = {
  readonly student: Signals;
  /** Constants to the student: no gradient flows into them. Absent for methods that need no teacher. */
  readonly teacher: Signals;
  /** int64 [B], -100 where a row has none; of a model that labels tokens [B, S]. */
  readonly labels: Value;
  /** float32 [B]: what a regression is to predict, NaN where a row has none. */
  readonly scores: Value;
  /** Values of the method's `scalars` at this step: graph inputs, so a schedule needs no new graph. */
  readonly scalars: Readonly<Record<string, Value>>;
  /** What the method's own layers run on: its `parameters`, by the names that it gave them. */
  readonly context: ForwardContext;
  /** What the method's `views` say, by name. */
  readonly views: Readonly<Record<string, MixedSignals>>;
  /** What the method's `peers` say, of the very inputs that the student sees. */
  readonly peers: readonly Signals[];
};

/** What is known of both sides before a run; of a teacher that is fed, the classes alone. */
export type MethodSizes = { readonly student: SignalSizes; readonly teacher: SignalSizes };

/** How far a run is, for scheduled scalars: steps from 1, epochs from 0. */
export type Progress = { readonly step: number; readonly totalSteps: number; readonly epoch: number };

/**
 * A distillation method: what it needs of the teacher, its options, its named loss terms. One paper, one file.
 */
export type Method<O = Readonly<Record<string, unknown>>> = {
  readonly name: string;
  /** Teacher signals; empty for training without a teacher. */
  readonly needs: readonly SignalName[];
  /** It compares classes: a model of one score has none, and is refused before any work. Default: it can do with a score. */
  readonly isForClasses?: boolean;
  /** Classes it takes at least, where two are too few; its losses refuse fewer. */
  readonly leastClasses?: number;
  readonly options: O;
  /** The same with another default temperature; absent where it has none, or one was asked for. */
  readonly atTemperature?: (temperature: number) => Method;
  /**
   * What is trained beside the student: projections between widths. Checkpointed, and left behind when the run ends.
   * @throws OptionError, SignalError for sizes that the method cannot match.
   */
  readonly parameters?: (sizes: MethodSizes, options: O) => readonly ParameterSpec[];
  /** Further forward passes of student and teacher. Student and teacher must look words up, the teacher within the step. */
  readonly views?: Readonly<Record<string, View>>;
  /**
   * How many networks of the student's kind are trained beside it, from other random values and with other dropout.
   * Checkpointed, and left behind when the run ends.
   */
  readonly peers?: number;
  /** Numbers that may change from step to step, as graph inputs. */
  readonly scalars?: (options: O, progress: Progress) => Readonly<Record<string, number>>;
  /** The terms, by the names under which they are logged; their sum is minimised. */
  readonly losses: (inputs: LossInputs, options: O) => Readonly<Record<string, RowLoss>>;
  /** Those of the terms that come from labels, or scores, alone. Default: `hard`. */
  readonly labelTerms?: readonly string[];
  /** What each row is to be taught, as one distribution: for a convex solver. Absent of a method whose targets are none. */
  readonly rowTargets?: RowTargets;
  /** For a method of several stages, which `runPhases` trains one after the other; `losses` are then the last one's. */
  readonly phases?: PhasePlan;
};

/** One stage of a method that has several: a training of its own, with its losses, its teacher and its start. */
export type Phase = {
  /** Of its folder, and in the progress: small letters, digits and hyphens, each name once. */
  readonly name: string;
  /** The losses of the stage: a method without phases. */
  readonly method: Method;
  /** Of the run's epochs and steps, at least one epoch. Default: 1, all of them. */
  readonly share?: number;
  /** Epochs, whatever the run has. */
  readonly epochs?: number;
  /** The weights that it starts from: as the run would start, or as the phase before has left them. Default: start. */
  readonly from?: 'start' | 'previous';
  /** Another draw of what is random: new weights, order of the rows, dropout. Default: 0, that of the run. */
  readonly draw?: number;
  /** Who teaches, where the method needs a teacher: the run's, or the model that a phase has ended with. Default: given. */
  readonly teacher?: 'given' | 'previous' | { readonly phase: string };
  /** Who learns: an assistant, by name. Default: the student. */
  readonly student?: string;
  /**
   * The labelled rows, or the whole transfer set, of which they are a part. Default: the transfer set where a teacher
   * answers, else the labelled rows.
   */
  readonly data?: 'train' | 'transfer';
  /** Times the run's learning rate. Default: 1. */
  readonly learningRateFactor?: number;
  /** Default: the run's. */
  readonly schedule?: ScheduleName;
  /**
   * Rows that it is scored on after each epoch: the run's evaluation rows; none, for a stage whose head is not trained; or
   * rows that are kept from training, for a score that decides something. Default: given.
   */
  readonly evaluation?: 'given' | 'none' | 'held-out';
};

/** What a plan may depend on. */
export type PhasesSoFar = {
  /** Names of the assistants, largest first. */
  readonly assistants: readonly string[];
  /** Of the finished phases, by name: the run's first metric on the rows that the phase was scored on; more is better. */
  readonly scores: ReadonlyMap<string, number>;
  /** The given teacher's score on the rows that are kept from training. */
  readonly teacherScore: () => Promise<number>;
};

/**
 * The phases of a run in their order, as far as they can be told: those that have finished, and those to come. The last
 * one's model is the run's. Asked again after each phase, so that a score may decide what follows.
 */
export type PhasePlan = (soFar: PhasesSoFar) => readonly Phase[] | Promise<readonly Phase[]>;
