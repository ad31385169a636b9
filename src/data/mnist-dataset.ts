/** @file MNIST in memory, as rows of a data set. */
import { OptionError } from '../errors/failures.js';
import type { Dataset } from './dataset.js';
import { imageDataset } from './images.js';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const DIGITS = 10;

/** Images of N × 784 pixels 0–255, row by row, and their N digits. */
export type MnistSplit = { readonly name: string; readonly images: Uint8Array; readonly labels: Uint8Array };

export type Normalisation = { readonly mean: number; readonly std: number };

/** Of the training images' pixels on a scale from 0 to 1, as the PyTorch example scripts have it. */
export const MNIST_NORMALISATION: Normalisation = { mean: 0.1307, std: 0.3081 };

/** Pixels stay bytes; the graph turns `pixels` x into (x / 255 − mean) / std. */
export type MnistDataset = Dataset & { readonly normalisation: Normalisation };

/**
 * The split as rows of `pixels` uint8 [B, 784] and labels int64 [B]; a row's id is its index in the split.
 * @param options.maxSamples The first so many rows, or all if there are fewer; -1 for all.
 * @throws OptionError for a number of samples that is none.
 */
export function mnistDataset(split: MnistSplit, options: { readonly maxSamples?: number } = {}): MnistDataset {
  const { images, labels } = split;
  const name = `mnist ${split.name}`;
  const size = Math.min(sampleLimit(options.maxSamples ?? -1), labels.length);
  const unlabelled = imageDataset(name, images.subarray(0, size * PIXELS), PIXELS);
  return {
    name,
    size,
    labelNames: Array.from({ length: DIGITS }, (_, digit) => String(digit)),
    normalisation: MNIST_NORMALISATION,
    batch: (rows, paddedTo = rows.length, place) => {
      const batch = unlabelled.batch(rows, paddedTo, place);
      const digits = new BigInt64Array(paddedTo);
      for (let i = 0; i < paddedTo; i++) digits[i] = BigInt(labels[batch.ids[i] as number] as number);
      return { ...batch, labels: { dtype: 'int64', shape: [paddedTo], data: digits } };
    },
  };
}

/** A part of a split, from one image to before another. */
export function mnistPart({ name, images, labels }: MnistSplit, from: number, to: number): MnistSplit {
  return {
    name: `${name} ${from}-${to - 1}`,
    images: images.subarray(from * PIXELS, to * PIXELS),
    labels: labels.subarray(from, to),
  };
}

/** @throws OptionError for a number of samples that is none. */
export function sampleLimit(maxSamples: number): number {
  if (maxSamples === -1) return Number.POSITIVE_INFINITY;
  if (Number.isInteger(maxSamples) && maxSamples >= 1) return maxSamples;
  throw new OptionError({ where: 'maxSamples', wanted: 'an integer ≥ 1, or -1 for all', got: String(maxSamples) });
}
