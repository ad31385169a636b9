/** @file The images that the playground trains on and scores, as one file. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { loadMnist, mnistPackageFolder } from '../data/mnist.js';
import { type MnistSplit, PIXELS } from '../data/mnist-dataset.js';
import { onceAsked } from '../files/fingerprint.js';
import { encodeSafetensors } from '../tensor/safetensors.js';
import type { Tensor } from '../tensor/tensor.js';

/** What the article's small models see. */
const TRAINING_IMAGES = 800;

/**
 * `train.images` and `test.images` [N, 784], `train.labels` and `test.labels` [N], all bytes, gzipped: packed when it is first
 * asked for.
 * @throws FileError as `loadMnist`
 */
export async function digitsFile(dataDir = mnistPackageFolder()): Promise<() => Promise<Uint8Array>> {
  const { train, test } = await loadMnist(dataDir, { maxTrainSamples: TRAINING_IMAGES, mayFill: false });
  const tensors = { ...splitTensors('train', train), ...splitTensors('test', test) };
  const packed = onceAsked(() => ({ bytes: promisify(gzip)(encodeSafetensors(tensors)) }));
  return () => packed().bytes;
}

function splitTensors(name: string, { images, labels }: MnistSplit): Record<string, Tensor> {
  const count = labels.length;
  return {
    [`${name}.images`]: { dtype: 'uint8', shape: [count, PIXELS], data: images },
    [`${name}.labels`]: { dtype: 'uint8', shape: [count], data: labels },
  };
}
