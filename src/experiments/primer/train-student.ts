/** @file Trains the primer's student, 784-4-10 on the first 800 images, the way that an arm says. */
import type { Dataset } from '../../data/dataset.js';
import { MNIST_NORMALISATION } from '../../data/mnist-dataset.js';
import { perturbedImages } from '../../data/perturbed-images.js';
import { hardLabels } from '../../methods/hard-labels.js';
import { hinton } from '../../methods/hinton.js';
import type { Method } from '../../methods/method.js';
import { supervised } from '../../methods/supervised.js';
import { mlp } from '../../models/mlp.js';
import type { Model, Weights } from '../../models/model.js';
import { initialiseParameters } from '../../nn/parameters.js';
import { adam } from '../../optim/adam.js';
import { adamw } from '../../optim/adamw.js';
import { isUsuallyUndecayed } from '../../optim/groups.js';
import { shuffledTeacher } from '../../teachers/shuffled-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { runTraining } from '../../training/run/run.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import type { PrimerArm, Source, Training } from './primer-arms.js';

export const STUDENT_HIDDEN = 4;
/** What the student sees of the 60,000. */
export const STUDENT_IMAGES = 800;
const SIDE = 28;

export type StudentOptions = Pick<RunOptions, 'outputDir' | 'overwrite' | 'signal' | 'onEvent' | 'saveLast'> & {
  readonly train: Dataset;
  readonly teacher: Teacher;
  readonly seed: number;
};

/** @throws as `runTraining` does. */
export async function trainStudent(arm: PrimerArm, options: StudentOptions): Promise<RunResult> {
  const { teacher, train, seed, ...run } = options;
  const { steps, batchSize, learningRate, weightDecay, schedule } = arm.training;
  const { noise, shift, rotation, scaling, shear } = arm.training;
  const model = studentModel(arm.training);
  return runTraining({
    ...run,
    ...(await learningFrom(arm.learns, teacher, train, seed)),
    model,
    weights: initialWeights(model, arm.training, seed),
    data: { train },
    ...(Math.max(noise, shift, rotation, scaling, shear) > 0 && {
      perturbation: perturbedImages({ width: SIDE, height: SIDE, noise, shift, rotation, scaling, shear }),
    }),
    ...(weightDecay > 0
      ? { optimizer: adamw({ learningRate, weightDecay }), groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }] }
      : { optimizer: adam({ learningRate }) }),
    schedule,
    batchSize,
    epochs: Math.ceil(steps / Math.ceil(train.size / batchSize)),
    maxSteps: steps,
    seed,
    threads: 1,
  });
}

export function studentModel({ pixels }: Pick<Training, 'pixels'>): Model {
  return mlp({ hidden: [STUDENT_HIDDEN], ...(pixels === 'raw' ? { mean: 0, std: 1 } : MNIST_NORMALISATION) });
}

/** What PyTorch would draw, with the hidden layer changed as asked. */
function initialWeights(model: Model, { hiddenBias, hiddenScale }: Training, seed: number): Weights {
  const weights = initialiseParameters(model.parameters, seed);
  const { 'fc1.weight': weight, 'fc1.bias': bias } = weights;
  if (hiddenScale !== 1 && weight !== undefined) {
    weights['fc1.weight'] = { ...weight, data: weight.data.map((value) => value * hiddenScale) };
  }
  if (hiddenBias !== null && bias !== undefined) {
    weights['fc1.bias'] = { ...bias, data: new Float32Array(bias.data.length).fill(hiddenBias) };
  }
  return weights;
}

async function learningFrom(
  source: Source,
  teacher: Teacher,
  train: Dataset,
  seed: number,
): Promise<{ readonly method: Method; readonly teacher?: Teacher }> {
  switch (source.from) {
    case 'labels':
      return { method: supervised({ labelSmoothing: source.labelSmoothing }) };
    case 'hard-labels':
      return { method: hardLabels(), teacher };
    case 'teacher': {
      const { alpha, temperature, preset } = source;
      return { method: hinton({ alpha, temperature, preset }), teacher };
    }
    case 'shuffled-teacher': {
      const { alpha, temperature } = source;
      return { method: hinton({ alpha, temperature }), teacher: await shuffledTeacher(teacher, train, seed) };
    }
  }
}
