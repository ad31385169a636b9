/** @file A small data set of made-up images: each class is a pattern of bytes with noise on it. */
import { type Dataset, paddedRows, paddingWeights } from '../../src/data/dataset.js';
import { RandomStream } from '../../src/tensor/random.js';
import { tensor } from '../../src/tensor/tensor.js';

export const PIXELS = 12;
export const CLASSES = 3;

export type BlobOptions = { readonly noise?: number; readonly isLabelled?: boolean; readonly seed?: number };

export function blobs(name: string, size: number, options: BlobOptions = {}): Dataset {
  const { noise = 60, isLabelled = true, seed = 1 } = options;
  const random = new RandomStream(seed, name);
  const patterns = new RandomStream(99, 'patterns');
  const centres = Array.from({ length: CLASSES * PIXELS }, () => 60 + patterns.below(136));
  const labels = Array.from({ length: size }, () => random.below(CLASSES));
  const pixels = Uint8Array.from({ length: size * PIXELS }, (_, i) => {
    const label = labels[Math.floor(i / PIXELS)] ?? 0;
    const value = (centres[label * PIXELS + (i % PIXELS)] ?? 0) + noise * random.normal();
    return Math.max(0, Math.min(255, value));
  });
  return {
    name,
    size,
    labelNames: isLabelled ? ['a', 'b', 'c'] : [],
    batch: (rows, paddedTo = rows.length) => {
      const padded = paddedRows(rows, paddedTo, size, name);
      const data = new Uint8Array(paddedTo * PIXELS);
      padded.forEach((row, i) => {
        data.set(pixels.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
      });
      const digits = BigInt64Array.from(padded, (row) => BigInt(labels[row] ?? 0));
      return {
        inputs: { pixels: tensor('uint8', [paddedTo, PIXELS], data) },
        ids: Array.from(padded),
        weights: paddingWeights(rows.length, paddedTo),
        ...(isLabelled && { labels: tensor('int64', [paddedTo], digits) }),
      };
    },
  };
}
