/** @file How the students of a distillation are trained, and for how long those that see fewer rows. */
import type { Dataset } from '../../data/dataset.js';
import { givenOptions } from '../../training/run/given-options.js';
import type { RunOptions } from '../../training/run/run-options.js';
import { planTraining } from '../../training/run/train.js';
import { planTexts } from '../../training/step/micro-batches.js';

const KEYS = [
  'optimizer',
  'groups',
  'maxGradNorm',
  'schedule',
  'warmupSteps',
  'epochs',
  'maxSteps',
  'batchSize',
  'limitTrainBatches',
  'tokensPerRun',
  'threads',
  'device',
  'teacherForm',
] as const satisfies readonly (keyof RunOptions)[];

/** How every student is trained; arms differ in what they learn from alone. */
export type StudentTraining = Pick<RunOptions, (typeof KEYS)[number]>;

/** That part of wider options. */
export function studentTraining(options: StudentTraining): StudentTraining {
  const { optimizer, epochs, batchSize } = options;
  return { ...givenOptions(options, KEYS), optimizer, epochs, batchSize };
}

/** Optimiser steps of a training on these rows. @throws OptionError for numbers out of range. */
export function stepsOn(training: StudentTraining, train: Dataset): number {
  return planOn(training, train).totalSteps;
}

/** The training on other rows for as many steps, in as many epochs as that takes. */
export function forSteps(training: StudentTraining, steps: number, train: Dataset): StudentTraining {
  const { stepsPerEpoch } = planOn({ ...training, epochs: 1 }, train);
  return { ...training, epochs: Math.ceil(steps / stepsPerEpoch), maxSteps: steps };
}

function planOn(training: StudentTraining, train: Dataset) {
  const text = planTexts(train, training.tokensPerRun);
  return planTraining({ ...training, rows: train.size, ...(text && { text }) });
}
