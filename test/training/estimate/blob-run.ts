import { supervised } from '../../../src/methods/supervised.js';
import { mlp } from '../../../src/models/mlp.js';
import { adam } from '../../../src/optim/adam.js';
import type { RunOptions } from '../../../src/training/run/run-options.js';
import { blobs, CLASSES, PIXELS } from '../blobs.js';

/** One epoch of three steps, that is planned and not run. */
export const BLOB_RUN: RunOptions = {
  model: mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES }),
  method: supervised(),
  data: { train: blobs('train', 12) },
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 1,
  batchSize: 4,
  seed: 1,
  outputDir: 'nowhere',
};
