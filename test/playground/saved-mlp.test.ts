import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadMlp, logitsOf } from '../../playground/saved-mlp.js';
import { loadMnist, mnistPackageFolder } from '../../src/data/mnist.js';
import { type MnistSplit, mnistDataset, PIXELS } from '../../src/data/mnist-dataset.js';
import { mlp } from '../../src/models/mlp.js';
import { withEvaluator } from '../../src/training/evaluation/evaluate.js';

const models = new URL('../../playground/models/', import.meta.url);
const file = (path: string) => readFile(new URL(path, models));

/** Percent of the test images, as docs/playground.md has them; the teacher's is that of docs/primer.md. */
const SHARES = { teacher: 93.5, student: 82.3, small: 81.5, 'wide-teacher': 97.1 };

let images: MnistSplit;
beforeAll(async () => {
  images = (await loadMnist(mnistPackageFolder(), { maxTrainSamples: 1 })).test;
});

const imageOf = (row: number) => images.images.subarray(row * PIXELS, (row + 1) * PIXELS);

describe('the models that the playground brings along', () => {
  test.each(Object.entries(SHARES))(
    '%s has %f % of the test images right, and the page’s logits are those of ONNX Runtime',
    async (name, share) => {
      const saved = await loadMlp({ file }, name);
      const { logits, metrics } = await withEvaluator(
        { model: mlp(saved.config), data: mnistDataset(images), threads: 1 },
        (evaluator) => evaluator.predict(saved.weights),
      );
      expect(100 * (metrics.accuracy ?? Number.NaN)).toBeCloseTo(share, 1);
      expect(readFileSync(new URL('../../docs/playground.md', import.meta.url), 'utf8')).toContain(String(share));
      for (let row = 0; row < 50; row++) {
        // Of float32 sums over 784 pixels.
        for (const [c, value] of logitsOf(saved, imageOf(row)).entries()) {
          expect(Math.abs((logits[row * 10 + c] as number) - value)).toBeLessThan(1e-3);
        }
      }
    },
  );

  test('another kind of model is refused with a line for the reader', async () => {
    const bilstm = new TextEncoder().encode('{"model":{"kind":"bilstm","config":{"hidden":[2,3]}}}');
    await expect(loadMlp({ file: async () => bilstm }, 'yours')).rejects.toThrow(
      'yours: wanted a digit model with one hidden layer, got bilstm',
    );
  });
});
