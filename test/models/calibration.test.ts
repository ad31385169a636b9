import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError, FileError } from '../../src/errors/failures.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { CALIBRATION, readCalibration, writeCalibration } from '../../src/models/calibration.js';
import { openForward } from '../../src/models/forward.js';
import { mlp } from '../../src/models/mlp.js';
import type { Model } from '../../src/models/model.js';
import { ngram } from '../../src/models/ngram.js';
import { loadModel, saveModel, weightsHash } from '../../src/models/saved-model.js';
import { staticModel } from '../../src/models/static-model.js';
import { temperedWeights } from '../../src/models/tempered.js';
import { RandomStream } from '../../src/tensor/random.js';
import { fromNumbers, type Tensor, tensor, toNumbers } from '../../src/tensor/tensor.js';
import { temporaryFolder } from '../files/processes.js';
import { smallEncoder, smallEncoders } from './small-encoders.js';

const root = temporaryFolder();
const sizes = { vocab_size: 12, num_labels: 3 };
const MODELS: readonly (readonly [name: string, model: Model])[] = [
  ...smallEncoders().map((model) => [model.kind, model] as const),
  ['a mean over tokens', bert({ ...(smallEncoder('bert').config as object), num_labels: 3, head: 'mean' })],
  ['bilstm', bilstm({ ...sizes, embedding_size: 4, hidden_size: 3, dense_size: 4 })],
  ['static', staticModel({ ...sizes, embedding_size: 4, hidden_sizes: [5], ngram_buckets: 0 })],
  ['static without layers', staticModel({ ...sizes, embedding_size: 4, hidden_sizes: [], ngram_buckets: 0 })],
  ['ngram', ngram(sizes)],
  ['ngram with a layer', ngram({ ...sizes, hidden_size: 4 })],
  ['mlp', mlp({ inputs: 6, hidden: [4, 5], classes: 3 })],
];

/** None of them 0, so that no logit is. */
function weightsOf({ parameters }: Model) {
  const random = new RandomStream(1, 'weights');
  return Object.fromEntries(
    parameters.map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        tensor(
          'float32',
          shape,
          Float32Array.from({ length: size }, () => random.uniform() - 0.4),
        ),
      ];
    }),
  );
}

function feedsOf(model: Model): Record<string, Tensor> {
  return Object.fromEntries(
    model.inputs({ B: 2, S: 4 }).map(({ name, dtype, shape }) => {
      const size = (shape as readonly number[]).reduce((a, b) => a * b, 1);
      const value = (i: number) => (name.includes('mask') ? 1 : name.includes('type') ? 0 : 1 + (i % 7));
      return [
        name,
        fromNumbers(
          dtype,
          shape as readonly number[],
          Array.from({ length: size }, (_, i) => value(i)),
        ),
      ];
    }),
  );
}

describe('temperedWeights', () => {
  test.each(MODELS)('%s: logits are those of the model, divided by the temperature', async (_name, model) => {
    const weights = weightsOf(model);
    const forward = await openForward(model, ['logits'], { threads: 1 });
    const logits = async (of: typeof weights) =>
      toNumbers((await forward.run(of, feedsOf(model))).logits as Tensor<'float32'>);
    const before = await logits(weights);
    const after = await logits(temperedWeights(model, weights, 1.6) as typeof weights);
    await forward.release();
    expect(before.some((value) => Math.abs(value) > 0.01)).toBe(true);
    for (const [i, value] of before.entries()) expect(after[i]).toBeCloseTo(value / 1.6, 4);
  });
});

describe('calibration.json', () => {
  const model = mlp({ inputs: 6, hidden: [4], classes: 3 });
  const weights = weightsOf(model);
  const folder = join(root, 'model');
  const measured = {
    ...{ rows: 60, nll: 0.6, brier: 0.3, ece: 0.05, eceAsCounted: 0.06 },
    bins: [{ rows: 60, confidence: 0.8, accuracy: 0.7, low: 0.6, high: 0.8 }],
  };
  const calibration = {
    ...{ temperature: 1.5, fitted: 1.5, isApplied: true, leftOut: { before: 0.6, after: 0.5 } },
    ...{ data: { name: 'dev', rows: 60 }, before: measured, after: measured },
  };
  const written = async (more: Partial<typeof calibration> = {}): Promise<void> => {
    await saveModel(folder, { model, weights, labelNames: ['a', 'b', 'c'] });
    await writeCalibration(folder, { ...calibration, ...more }, weightsHash(weights));
  };

  test('comes back with the model, where it is applied; the weights are what they were', async () => {
    await written();
    expect(await readCalibration(folder)).toEqual(calibration);
    expect(await loadModel(folder)).toMatchObject({ temperature: 1.5, weights });
    await written({ isApplied: false, temperature: 1 });
    expect(await loadModel(folder)).not.toHaveProperty('temperature');
  });

  test('of other weights, or changed, it is refused', async () => {
    await written();
    await writeCalibration(folder, calibration, 'f'.repeat(64));
    const error = await loadModel(folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(String(error)).toContain('that of others (their SHA-256 differs)');
    const path = join(folder, CALIBRATION);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"temperature": 1.5', '"temperature": 2.5'));
    await expect(loadModel(folder)).rejects.toBeInstanceOf(FileError);
  });
});
