/** @file The arms of a student that never saw a digit. Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 3. */
import type { ScheduleName } from '../../optim/schedules.js';
import type { Arm } from '../arm-run.js';

/** What a student learns from. All but `all` see no image of the digit. */
export type NeverSeenSource =
  /** The teacher's probabilities at a temperature; no labels. */
  | { readonly from: 'teacher'; readonly temperature: number }
  /** The teacher's predicted class; no labels. */
  | { readonly from: 'hard-labels' }
  | { readonly from: 'labels' }
  /** Labels of all ten digits, for comparison. */
  | { readonly from: 'all' };

export type NeverSeenArm = Arm & { readonly learns: NeverSeenSource };

export const NEVER_SEEN_ARMS = [
  { name: 't-20', learns: { from: 'teacher', temperature: 20 } },
  { name: 't-4', learns: { from: 'teacher', temperature: 4 } },
  { name: 't-1', learns: { from: 'teacher', temperature: 1 } },
  { name: 'hard-labels', learns: { from: 'hard-labels' } },
  { name: 'labels', learns: { from: 'labels' } },
  { name: 'all-digits', learns: { from: 'all' } },
] as const satisfies readonly NeverSeenArm[];

/** The arm that the others are held against, and the one that the claim is made over. */
export const NEVER_SEEN_HEADLINE = { arm: 't-20', over: 't-1' } as const;

export function neverSeenDescriptions(digit: number): Readonly<Record<string, string>> {
  return {
    't-20': `soft targets at T = 20, no labels, no ${digit}`,
    't-4': `soft targets at T = 4, no labels, no ${digit}`,
    't-1': `soft targets at T = 1, no labels, no ${digit}`,
    'hard-labels': `the teacher's predicted class, no labels, no ${digit}`,
    labels: `labels alone, no ${digit}`,
    'all-digits': 'labels of all ten digits, for comparison',
  };
}

/** One hidden layer, Adam on batches of normalised pixels, nothing else. */
export type PlainTraining = {
  readonly hidden: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly schedule: ScheduleName;
};

export const NEVER_SEEN_TEACHER: PlainTraining = {
  hidden: 300,
  epochs: 4,
  batchSize: 128,
  learningRate: 0.002,
  schedule: 'linear',
};

/** Of every arm. The rate was chosen on validation images: `npm run recipe -- never-seen --search`. */
export const NEVER_SEEN_STUDENT: PlainTraining = {
  hidden: 64,
  epochs: 4,
  batchSize: 256,
  learningRate: 0.01,
  schedule: 'linear',
};
