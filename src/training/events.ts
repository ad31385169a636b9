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
    }
  | {
      readonly type: 'evaluation';
      readonly epoch: number;
      readonly step: number;
      readonly split: string;
      readonly metrics: Readonly<Record<string, number>>;
    }
  | { readonly type: 'checkpoint'; readonly path: string; readonly kind: 'last' | 'top-k' | 'resume' }
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'end'; readonly steps: number; readonly seconds: number; readonly stoppedEarly?: boolean };
