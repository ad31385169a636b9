import type { Warning } from '../checks/table.js';
import type { TermNorms } from '../checks/term-norms.js';

/** Which of a method's stages an event is of. */
export type PhaseMark = {
  readonly name: string;
  /** From 1. */
  readonly number: number;
  /** How many there are to be, as far as that is known. */
  readonly of: number;
};

/** What the checks say during a run, the same in the log. */
export type CheckEvent =
  /** Something may make the run worthless: the name of a check, what it found, and the way out. */
  | ({ readonly type: 'warning' } & Warning)
  /** Norms of the gradients of both sides of the loss, and the share of the teacher's. */
  | ({
      readonly type: 'terms';
      readonly step: number;
      readonly epoch: number;
      readonly distillationShare: number;
    } & TermNorms);

/**
 * What a run tells whoever watches it: the progress bar, the JSON-lines log, a callback of the library.
 *
 * `step` counts finished optimiser steps and `epoch` counts from 1, so the first step event has step 1, epoch 1.
 * `loss` is the mean over the rows of the step and `losses` its named terms, weights included. Metrics are plain
 * numbers; an accuracy is a fraction, not a percentage. `rowsPerSecond` is the rate since the last such event.
 */
export type TrainingEvent =
  | {
      readonly type: 'start';
      readonly totalSteps: number;
      readonly epochs: number;
      readonly trainRows: number;
      readonly parameters: number;
      /** Steps that an earlier, interrupted run had already done. */
      readonly resumedAtStep?: number;
      /** Of a method of several stages; here and in the events below. */
      readonly phase?: PhaseMark;
    }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly totalSteps: number;
      readonly epoch: number;
      readonly loss: number;
      readonly losses: Readonly<Record<string, number>>;
      /** Mean over the steps of this epoch so far. Not every step has an event of its own. */
      readonly epochLoss?: number;
      readonly learningRate: number;
      readonly rowsPerSecond: number;
      readonly phase?: PhaseMark;
    }
  | {
      readonly type: 'evaluation';
      readonly epoch: number;
      readonly step: number;
      readonly split: string;
      readonly metrics: Readonly<Record<string, number>>;
      readonly phase?: PhaseMark;
    }
  /** What the model to use scores on the test split, once the rest is done; without `epoch` of one that was fitted. */
  | {
      readonly type: 'test';
      readonly epoch?: number | undefined;
      readonly split: string;
      readonly metrics: Readonly<Record<string, number>>;
      readonly phase?: PhaseMark;
    }
  /** Of a run without steps: a strength of the penalty that was tried, and the loss on the rows that choose one. */
  | {
      readonly type: 'strength';
      readonly strength: number;
      readonly loss: number;
      /** Parts of the work that are done, and how many there are at most. */
      readonly tried: number;
      readonly of: number;
      readonly phase?: PhaseMark;
    }
  | { readonly type: 'checkpoint'; readonly path: string; readonly kind: 'last' | 'top-k' | 'resume' }
  | { readonly type: 'notice'; readonly text: string }
  | CheckEvent
  | {
      readonly type: 'end';
      readonly steps: number;
      readonly seconds: number;
      readonly stoppedEarly?: boolean;
      readonly phase?: PhaseMark;
    };
