/** @file Images moved by a pixel or two, blended with a little of another one, and covered with noise. */
import { OptionError, ShapeError } from '../errors/failures.js';
import { RandomStream } from '../tensor/random.js';
import { formatShape } from '../tensor/shape.js';
import type { Batch } from './dataset.js';
import type { Perturbation, PerturbationPlace } from './perturbation.js';

export type ImagePerturbationOptions = {
  /** Pixels of a row of the image, and of a column. */
  readonly width: number;
  readonly height: number;
  /** Each image moves by −shift … shift pixels along either axis, all equally likely. Default: 0. */
  readonly shift?: number;
  /**
   * Up to this share of each image gives way to another one of its batch; the share is uniform. As mixup (Zhang et al.
   * 2018, arXiv:1710.09412), but what an image is called stays: for a label, keep it under a half. Default: 0.
   */
  readonly mix?: number;
  /** Standard deviation of Gaussian noise on pixels from 0 to 1. Default: 0. */
  readonly noise?: number;
};

/** Normal numbers that all images read their noise from, each at a place of its own: drawing them takes far longer. */
const NOISE_NUMBERS = 2 ** 18;
const NOISE_SEED = 0;
const WHITE = 255;

/**
 * Perturbs `pixels` uint8 [B, height · width]. Mixed or noisy they become float32 on the same scale from 0 to 255, and
 * may leave it: cut off at black, the noise would make every background brighter than the images to be recognised.
 * @throws OptionError for options out of range.
 */
export function perturbedImages(options: ImagePerturbationOptions): Perturbation {
  const { width, height, shift = 0, mix = 0, noise = 0 } = options;
  const reach = Math.min(width, height) - 1;
  if (!(Number.isInteger(shift) && shift >= 0 && shift <= reach)) {
    throw new OptionError({ where: 'shift', wanted: `whole pixels from 0 to ${reach}`, got: String(shift) });
  }
  if (!(mix >= 0 && mix <= 1)) {
    throw new OptionError({ where: 'mix', wanted: 'a share from 0 to 1', got: String(mix) });
  }
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new OptionError({ where: 'noise', wanted: 'a standard deviation from 0', got: String(noise) });
  }
  const size = width * height;
  const isReal = noise > 0 || mix > 0;
  let table: Float32Array | undefined;
  const perturb = (batch: Batch, { seed, step, part }: PerturbationPlace): Batch => {
    const { pixels } = batch.inputs;
    if (!(pixels?.data instanceof Uint8Array) || pixels.shape[1] !== size) {
      const got = pixels === undefined ? 'none' : `${pixels.dtype}${formatShape(pixels.shape)}`;
      throw new ShapeError({ where: 'perturbedImages', wanted: `pixels uint8[B, ${size}]`, got });
    }
    const random = new RandomStream(seed, part === 0 ? 'perturb' : `perturb/${part}`, step);
    const { shape } = pixels;
    const moved = shift === 0 ? pixels.data : shifted(pixels.data, random, { width, height, shift });
    if (!isReal) {
      return { ...batch, inputs: { ...batch.inputs, pixels: { dtype: 'uint8', shape, data: moved } } };
    }
    table ??= noiseTable(noise * WHITE, size);
    const data = blended(moved, random, { size, mix, table });
    return { ...batch, inputs: { ...batch.inputs, pixels: { dtype: 'float32', shape, data } } };
  };
  return {
    name: 'images',
    options: { width, height, shift, mix, noise },
    dtypes: isReal ? { pixels: 'float32' } : {},
    perturb,
  };
}

function noiseTable(deviation: number, size: number): Float32Array {
  const random = new RandomStream(NOISE_SEED, 'perturb/noise');
  return Float32Array.from({ length: NOISE_NUMBERS + size }, () => deviation * random.normal());
}

type Frame = { readonly width: number; readonly height: number; readonly shift: number };

/** Every image moved by a draw of its own; what moves in from outside is black. */
function shifted(images: Uint8Array, random: RandomStream, { width, height, shift }: Frame): Uint8Array {
  const size = width * height;
  const moved = new Uint8Array(images.length);
  const draw = () => random.below(2 * shift + 1) - shift;
  for (let at = 0; at < images.length; at += size) {
    const right = draw();
    const by = draw() * width + right;
    // All rows in one copy; what leaves a row on one side comes in on the other, and is painted over.
    moved.set(images.subarray(at + Math.max(0, -by), at + size - Math.max(0, by)), at + Math.max(0, by));
    const column = right > 0 ? 0 : width + right;
    for (let y = 0; y < height; y++) {
      for (let x = column; x < column + Math.abs(right); x++) moved[at + y * width + x] = 0;
    }
  }
  return moved;
}

type Blend = { readonly size: number; readonly mix: number; readonly table: Float32Array };

/** Every image with its share of another one and its part of the noise table. */
function blended(images: Uint8Array, random: RandomStream, { size, mix, table }: Blend): Float32Array {
  const result = new Float32Array(images.length);
  const rows = images.length / size;
  for (let at = 0; at < images.length; at += size) {
    const noise = random.below(NOISE_NUMBERS);
    if (mix === 0) {
      for (let i = 0; i < size; i++) result[at + i] = (images[at + i] as number) + (table[noise + i] as number);
      continue;
    }
    const other = random.below(rows) * size;
    const share = random.uniform(0, mix);
    for (let i = 0; i < size; i++) {
      const pixel = (1 - share) * (images[at + i] as number) + share * (images[other + i] as number);
      result[at + i] = pixel + (table[noise + i] as number);
    }
  }
  return result;
}
