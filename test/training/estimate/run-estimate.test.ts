import { describe, expect, test } from 'vitest';
import { deepMutualLearning } from '../../../src/methods/deep-mutual-learning.js';
import { supervised } from '../../../src/methods/supervised.js';
import { mlp } from '../../../src/models/mlp.js';
import { adam } from '../../../src/optim/adam.js';
import { estimateStage } from '../../../src/training/estimate/run-estimate.js';
import type { RunOptions } from '../../../src/training/run/run-options.js';
import { blobs, CLASSES, PIXELS } from '../blobs.js';

const run: RunOptions = {
  model: mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES }),
  method: supervised(),
  data: { train: blobs('train', 12) },
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 1,
  batchSize: 4,
  seed: 1,
  outputDir: 'nowhere',
};

describe('estimateStage', () => {
  // The state of a method's own parameters was once left out.
  test('the state holds peers and their moments, the model that stays does not', async () => {
    const [alone, three] = await Promise.all(
      [supervised(), deepMutualLearning({ peers: 3 })].map((method) =>
        estimateStage({ run: { ...run, method } }, { isTimed: false }),
      ),
    );
    // Two layers with their biases, in float32; Adam keeps two moments of each number.
    const bytes = 4 * (PIXELS * 4 + 4 + 4 * CLASSES + CLASSES);
    expect(alone?.disk).toMatchObject({ modelBytes: bytes, stateBytes: 3 * bytes });
    expect(three?.disk).toMatchObject({ modelBytes: bytes, stateBytes: 3 * 3 * bytes });
  });
});
