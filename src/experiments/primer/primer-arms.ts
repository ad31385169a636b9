/** @file The seven arms of the primer. `npm run recipe -- primer-search` chose what is tuned in them. */
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

/** The article's: 40 epochs of 13 batches. */
const ARTICLE: Training = {
  steps: 520,
  batchSize: 64,
  learningRate: 5e-3,
  schedule: 'constant',
  weightDecay: 0,
  pixels: 'normalised',
  hiddenBias: null,
  hiddenScale: 1,
  noise: 0,
  shift: 0,
  rotation: 0,
  scaling: 0,
  shear: 0,
};

/** What the three tuned arms have in common: it was not varied, or came out the same. */
const TUNED = { batchSize: 64, weightDecay: 0.1, pixels: 'raw', shift: 0, shear: 0 } as const;

const RETORT: Training = {
  ...TUNED,
  steps: 7800,
  learningRate: 0.02,
  schedule: 'linear',
  hiddenBias: 1,
  hiddenScale: 0.5,
  noise: 0.2,
  rotation: 15,
  scaling: 0,
};

const NO_TEACHER: Training = {
  ...TUNED,
  steps: 7800,
  learningRate: 0.01,
  schedule: 'linear',
  hiddenBias: 0.5,
  hiddenScale: 2,
  noise: 0.3,
  rotation: 5,
  scaling: 0.1,
};

const LABEL_SMOOTHING: Training = {
  ...TUNED,
  steps: 5200,
  learningRate: 0.02,
  schedule: 'cosine',
  hiddenBias: 1,
  hiddenScale: 1,
  noise: 0.3,
  rotation: 10,
  scaling: 0.1,
};

const LABELS: Source = { from: 'labels', labelSmoothing: 0 };

/** The article's two come first: their table is shown while the others run. */
export const PRIMER_ARMS: readonly PrimerArm[] = [
  { name: 'article-baseline', learns: LABELS, training: ARTICLE },
  { name: 'article-kd', learns: { from: 'teacher', alpha: 0.8, temperature: 20, preset: 'primer' }, training: ARTICLE },
  { name: 'retort', learns: { from: 'teacher', alpha: 1, temperature: 2, preset: 'hinton' }, training: RETORT },
  { name: 'retort-no-teacher', learns: LABELS, training: NO_TEACHER },
  { name: 'hard-labels', learns: { from: 'hard-labels' }, training: RETORT },
  { name: 'shuffled-teacher', learns: { from: 'shuffled-teacher', alpha: 1, temperature: 2 }, training: RETORT },
  { name: 'label-smoothing', learns: { from: 'labels', labelSmoothing: 0.05 }, training: LABEL_SMOOTHING },
];

export const PRIMER_DESCRIPTIONS: Readonly<Record<string, string>> = {
  'article-baseline': "the article's small model: labels only, its settings",
  'article-kd': "the article's distillation: alpha 0.8, T 20, its settings",
  retort: 'distilled from the teacher on noisy, rotated images, tuned',
  'retort-no-teacher': 'the same recipe on the labels alone, tuned with as many trials',
  'hard-labels': "retort's recipe with the teacher's predicted class instead of its probabilities",
  'shuffled-teacher': "retort's recipe with the teacher's outputs for other images of the same digit",
  'label-smoothing': 'smoothed labels instead of a teacher, tuned with as many trials',
};
