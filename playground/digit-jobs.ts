/** @file Trainings of digit models in a worker, one after another: what is asked, what comes back. */
import type { ScheduleName } from '../src/optim/schedules.js';
import type { Digits } from './digits.js';
import type { SavedMlp } from './saved-mlp.js';

/** How a student is trained: one hidden layer, Adam. */
export type DigitJob = {
  readonly seed: number;
  readonly hidden: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  readonly learns: DigitSource;
  /** A digit of which no image is trained on. */
  readonly without?: number | undefined;
  /** Whether it is scored after each epoch, too, on some of the test images. */
  readonly hasCurve: boolean;
};

export type DigitSource =
  | { readonly from: 'labels' }
  | {
      readonly from: 'teacher';
      readonly alpha: number;
      readonly temperature: number;
      readonly preset: 'hinton' | 'primer';
    };

/** Shares of test images that are predicted right. */
export type DigitScore = {
  readonly accuracy: number;
  /** Of the images of `without`, and of all others. */
  readonly ofDigit?: number | undefined;
  readonly ofOthers?: number | undefined;
};

export type DigitResult = DigitScore & {
  /** The predicted digit of each test image. */
  readonly classes: Int32Array;
  readonly steps: number;
  /** Of the training, with all that comes before its first step. */
  readonly seconds: number;
  /** From the first step to the last; evaluations of a curve included. */
  readonly stepSeconds: number;
};

export type ToTrainer =
  | { readonly setUp: Digits & { readonly teacher: SavedMlp } }
  | { readonly id: number; readonly job: DigitJob };
export type FromTrainer = { readonly id: number } & (
  | { readonly epoch: number; readonly score: DigitScore }
  | { readonly result: DigitResult }
  | { readonly failure: string }
);

export type DigitTrainer = {
  /** @param onEpoch after each epoch of a job with a curve, from 1 */
  train(job: DigitJob, onEpoch?: (epoch: number, score: DigitScore) => void): Promise<DigitResult>;
};

/** Starts a worker that knows the images and a teacher. @throws Error where the worker cannot be loaded */
export function digitTrainer(digits: Digits, teacher: SavedMlp): DigitTrainer {
  const worker = new Worker(new URL('digits-worker.js', document.baseURI), { type: 'module' });
  const waiting = new Map<
    number,
    {
      readonly onEpoch: (epoch: number, score: DigitScore) => void;
      readonly done: (result: DigitResult) => void;
      readonly fail: (error: Error) => void;
    }
  >();
  const send = (message: ToTrainer) => worker.postMessage(message);
  worker.addEventListener('message', ({ data }: MessageEvent<FromTrainer>) => {
    const asked = waiting.get(data.id);
    if ('epoch' in data) {
      asked?.onEpoch(data.epoch, data.score);
      return;
    }
    waiting.delete(data.id);
    if ('result' in data) asked?.done(data.result);
    else asked?.fail(new Error(data.failure));
  });
  worker.addEventListener('error', ({ message }) => {
    for (const { fail } of waiting.values()) fail(new Error(message || 'the worker that trains cannot be loaded'));
    waiting.clear();
  });
  send({ setUp: { ...digits, teacher } });
  let last = 0;
  return {
    train: (job, onEpoch = () => {}) =>
      new Promise((done, fail) => {
        last += 1;
        waiting.set(last, { onEpoch, done, fail });
        send({ id: last, job });
      }),
  };
}

/** The rows whose labels are meant. */
export function rowsWith(labels: Uint8Array, isMeant: (label: number) => boolean): number[] {
  return Array.from(labels.keys()).filter((row) => isMeant(labels[row] as number));
}
