/** @file A small data set in MNIST's files: a pattern of bytes for each digit, with noise on it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../../../src/tensor/random.js';
import { idxFile } from '../../data/idx-files.js';

const PIXELS = 784;

/** Fills a folder with so many training and test images. */
export function fakeMnist(folder: string, trainImages: number, testImages: number): string {
  const random = new RandomStream(1, 'fake-mnist');
  const patterns = Uint8Array.from({ length: 10 * PIXELS }, () => 60 + random.below(136));
  mkdirSync(folder, { recursive: true });
  for (const [name, count] of [
    ['train', trainImages],
    ['t10k', testImages],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, () => random.below(10));
    const images = new Uint8Array(count * PIXELS);
    for (let i = 0; i < images.length; i++) {
      const digit = labels[Math.floor(i / PIXELS)] ?? 0;
      const value = (patterns[digit * PIXELS + (i % PIXELS)] ?? 0) + 100 * (random.uniform() - 0.5);
      images[i] = Math.max(0, Math.min(255, value));
    }
    writeFileSync(join(folder, `${name}-images-idx3-ubyte`), idxFile([count, 28, 28], images));
    writeFileSync(join(folder, `${name}-labels-idx1-ubyte`), idxFile([count], labels));
  }
  return folder;
}
