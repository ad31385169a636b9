/** @file Images moved by a pixel or two and covered with noise. */
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
  /** Standard deviation of Gaussian noise on pixels from 0 to 1. Default: 0. */
  readonly noise?: number;
};

/** Normal numbers that all images read their noise from, each at a place of its own: drawing them takes far longer. */
const NOISE_NUMBERS = 2 ** 18;
const NOISE_SEED = 0;
const WHITE = 255;

/**
 * Perturbs `pixels` uint8 [B, height · width]. With noise they become float32 on the same scale from 0 to 255, and may
 * leave it: cut off at black, the noise would make every background brighter than the images to be recognised.
 * @throws OptionError for options out of range.
 */
export function perturbedImages(options: ImagePerturbationOptions): Perturbation {
  const { width, height, shift = 0, noise = 0 } = options;
  const reach = Math.min(width, height) - 1;
  if (!(Number.isInteger(shift) && shift >= 0 && shift <= reach)) {
    throw new OptionError({ where: 'shift', wanted: `whole pixels from 0 to ${reach}`, got: String(shift) });
  }
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new OptionError({ where: 'noise', wanted: 'a standard deviation from 0', got: String(noise) });
  }
  const size = width * height;
  let table: Float32Array | undefined;
  const perturb = (batch: Batch, { seed, step, part }: PerturbationPlace): Batch => {
    const { pixels } = batch.inputs;
    if (!(pixels?.data instanceof Uint8Array) || pixels.shape[1] !== size) {
      const got = pixels === undefined ? 'none' : `${pixels.dtype}${formatShape(pixels.shape)}`;
      throw new ShapeError({ where: 'perturbedImages', wanted: `pixels uint8[B, ${size}]`, got });
    }
    const random = new RandomStream(seed, part === 0 ? 'perturb' : `perturb/${part}`, step);
    const { shape, data: from } = pixels;
    if (noise === 0) {
      const to = new Uint8Array(from.length);
      for (let at = 0; at < to.length; at += size) copyShifted(from, to, at, drawShift(random, shift), width, height);
      return { ...batch, inputs: { ...batch.inputs, pixels: { dtype: 'uint8', shape, data: to } } };
    }
    table ??= noiseTable(noise * WHITE, size);
    const to = new Float32Array(from.length);
    for (let at = 0; at < to.length; at += size) {
      const start = random.below(NOISE_NUMBERS);
      to.set(table.subarray(start, start + size), at);
      addShifted(from, to, at, drawShift(random, shift), width, height);
    }
    return { ...batch, inputs: { ...batch.inputs, pixels: { dtype: 'float32', shape, data: to } } };
  };
  return {
    name: 'images',
    options: { width, height, shift, noise },
    dtypes: noise > 0 ? { pixels: 'float32' } : {},
    perturb,
  };
}

function noiseTable(deviation: number, size: number): Float32Array {
  const random = new RandomStream(NOISE_SEED, 'perturb/noise');
  return Float32Array.from({ length: NOISE_NUMBERS + size }, () => deviation * random.normal());
}

type Shift = { readonly right: number; readonly down: number };

function drawShift(random: RandomStream, shift: number): Shift {
  if (shift === 0) return { right: 0, down: 0 };
  const draw = () => random.below(2 * shift + 1) - shift;
  return { right: draw(), down: draw() };
}

/** Copies the image at `at`; what moves in from outside stays black. */
function copyShifted(
  from: Uint8Array,
  to: Uint8Array,
  at: number,
  { right, down }: Shift,
  width: number,
  height: number,
) {
  const columns = width - Math.abs(right);
  const fromColumn = Math.max(0, -right);
  for (let y = Math.max(0, down); y < height + Math.min(0, down); y++) {
    const source = at + (y - down) * width + fromColumn;
    to.set(from.subarray(source, source + columns), at + y * width + fromColumn + right);
  }
}

/** Adds the image at `at` to what is there. */
function addShifted(
  from: Uint8Array,
  to: Float32Array,
  at: number,
  { right, down }: Shift,
  width: number,
  height: number,
): void {
  const columns = width - Math.abs(right);
  const fromColumn = Math.max(0, -right);
  for (let y = Math.max(0, down); y < height + Math.min(0, down); y++) {
    const source = at + (y - down) * width + fromColumn;
    const target = at + y * width + fromColumn + right;
    for (let x = 0; x < columns; x++) to[target + x] = (to[target + x] as number) + (from[source + x] as number);
  }
}
