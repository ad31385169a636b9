/** @file One way to train the primer's student, as data: who it learns from, and all that it is free to choose. */
import type { ScheduleName } from '../../optim/schedules.js';
import type { Arm } from '../arm-run.js';

/** Whose word the student takes: the labels', or the teacher's in one form or another. */
export type Source =
  | { readonly from: 'labels'; readonly labelSmoothing: number }
  | {
      readonly from: 'teacher';
      readonly alpha: number;
      readonly temperature: number;
      readonly preset: 'hinton' | 'primer';
    }
  /** The teacher's answers to other rows of the same class. */
  | { readonly from: 'shuffled-teacher'; readonly alpha: number; readonly temperature: number }
  /** The teacher's first choice on what the student sees. */
  | { readonly from: 'hard-labels' };

/** Everything besides the source. */
export type Training = {
  readonly steps: number;
  readonly batchSize: number;
  /** Adam's. */
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  /** AdamW's, on the weights; 0: plain Adam. */
  readonly weightDecay: number;
  /** Raw pixels are 0 … 1; normalised ones have mean 0 and standard deviation 1 over the training images. */
  readonly pixels: 'raw' | 'normalised';
  /** Where the biases of the hidden units start; null: drawn as PyTorch draws them. */
  readonly hiddenBias: number | null;
  /** Multiplies the hidden weights that PyTorch would draw. */
  readonly hiddenScale: number;
  /** Standard deviation of the noise on pixels of 0 … 1. */
  readonly noise: number;
  /** Pixels by which an image may move. */
  readonly shift: number;
  /** Degrees by which it may be turned, either way. */
  readonly rotation: number;
  /** Share by which its width and height may grow or shrink. */
  readonly scaling: number;
  /** Pixels by which it may be slanted, for each pixel down. */
  readonly shear: number;
};

export type PrimerArm = Arm & { readonly learns: Source; readonly training: Training };
