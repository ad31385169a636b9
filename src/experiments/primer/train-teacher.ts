/** @file The primer's teacher, as the article has it: 784-16-10, three epochs of Adam at 5e-3. */
import type { Dataset } from '../../data/dataset.js';
import { MNIST_NORMALISATION } from '../../data/mnist.js';
import { supervised } from '../../methods/supervised.js';
import { mlp } from '../../models/mlp.js';
import { adam } from '../../optim/adam.js';
import { runTraining } from '../../training/run/run.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';

export const TEACHER_HIDDEN = 16;

export type TeacherOptions = Pick<RunOptions, 'outputDir' | 'resume' | 'overwrite' | 'seed' | 'signal' | 'onEvent'> & {
  readonly data: { readonly train: Dataset; readonly evaluation: Dataset };
};

/** @throws as `runTraining` does. */
export function trainTeacher(options: TeacherOptions): Promise<RunResult> {
  return runTraining({
    ...options,
    model: mlp({ hidden: [TEACHER_HIDDEN], ...MNIST_NORMALISATION }),
    method: supervised(),
    optimizer: adam({ learningRate: 5e-3 }),
    batchSize: 64,
    evalBatchSize: 1000,
    epochs: 3,
    threads: 1,
  });
}
