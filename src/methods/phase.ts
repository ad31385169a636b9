/** @file Methods of several stages: each phase is a training of its own, with its losses, its teacher and its start. */
import type { ScheduleName } from '../optim/schedules.js';
import type { Method } from './method.js';

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
