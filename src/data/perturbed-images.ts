/** @file Images moved by a pixel or two, turned, stretched, slanted and covered with noise. */
import { OptionError, ShapeError } from '../errors/failures.js';
import { RandomStream } from '../tensor/random.js';
import { formatShape } from '../tensor/shape.js';
import { affineMap, type Resampler, resampler } from './affine.js';
import type { Batch, Place } from './dataset.js';
import type { Perturbation, PerturbationPlace } from './perturbation.js';

export type ImagePerturbationOptions = {
  /** Pixels of a row of the image, and of a column. */
  readonly width: number;
  readonly height: number;
  /** Each image moves by −shift … shift pixels along either axis, all equally likely. Default: 0. */
  readonly shift?: number;
  /** Each image is turned about its centre by −rotation … rotation degrees. Default: 0. */
  readonly rotation?: number;
  /** Width and height of each image are multiplied by 1 − scaling … 1 + scaling, each by a draw of its own. Default: 0. */
  readonly scaling?: number;
  /** Each image is slanted, by −shear … shear pixels to the side for each pixel down. Default: 0. */
  readonly shear?: number;
  /** Standard deviation of Gaussian noise on pixels from 0 to 1. Default: 0. */
  readonly noise?: number;
};

/** Normal numbers that all images read their noise from, each at a place of its own: drawing them takes far longer. */
const NOISE_NUMBERS = 2 ** 18;
const NOISE_SEED = 0;
const WHITE = 255;
const HALF_TURN = 180;

/**
 * Perturbs `pixels` uint8 [B, height · width]; all draws are uniform, the noise aside. Turned, stretched, slanted or noisy
 * ones become float32 on the same scale from 0 to 255, and noise may leave it: cut off at black, it would make every
 * background brighter than the images to be recognised.
 * @throws OptionError for options out of range.
 */
export function perturbedImages(options: ImagePerturbationOptions): Perturbation {
  const { width, height, shift = 0, rotation = 0, scaling = 0, shear = 0, noise = 0 } = options;
  const reach = Math.min(width, height) - 1;
  if (!(Number.isInteger(shift) && shift >= 0 && shift <= reach)) {
    throw new OptionError({ where: 'shift', wanted: `an integer from 0 to ${reach} (pixels)`, got: String(shift) });
  }
  if (!(rotation >= 0 && rotation <= HALF_TURN)) {
    throw new OptionError({ where: 'rotation', wanted: 'an angle from 0 to 180 degrees', got: String(rotation) });
  }
  if (!(scaling >= 0 && scaling < 1)) {
    throw new OptionError({ where: 'scaling', wanted: 'a number ≥ 0 and < 1', got: String(scaling) });
  }
  if (!(shear >= 0 && Number.isFinite(shear))) {
    throw new OptionError({ where: 'shear', wanted: 'a number ≥ 0 (pixels per row)', got: String(shear) });
  }
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new OptionError({ where: 'noise', wanted: 'a standard deviation ≥ 0', got: String(noise) });
  }
  const size = width * height;
  const isResampled = rotation > 0 || scaling > 0 || shear > 0;
  const turn = { resample: resampler(width, height), size, radians: (rotation / HALF_TURN) * Math.PI, scaling, shear };
  let table: Float32Array | undefined;
  const perturb = (batch: Batch, { seed, step, part }: PerturbationPlace, place?: Place): Batch => {
    const { pixels } = batch.inputs;
    if (!(pixels?.data instanceof Uint8Array) || pixels.shape[1] !== size) {
      const got = pixels === undefined ? 'none' : `${pixels.dtype}${formatShape(pixels.shape)}`;
      throw new ShapeError({ where: 'perturbedImages', wanted: `pixels uint8[B, ${size}]`, got });
    }
    const random = new RandomStream(seed, part === 0 ? 'perturb' : `perturb/${part}`, step);
    const { shape } = pixels;
    const moved = shift === 0 ? pixels.data : shifted(pixels.data, random, { width, height, shift });
    if (!isResampled && noise === 0) {
      return { ...batch, inputs: { ...batch.inputs, pixels: { dtype: 'uint8', shape, data: moved } } };
    }
    if (noise > 0) table ??= noiseTable(noise * WHITE, size);
    const placed = place?.('pixels', 'float32', shape);
    const data = placed instanceof Float32Array ? placed : new Float32Array(moved.length);
    if (isResampled) addResampled(moved, random, turn, table, data);
    else addNoise(moved, random, size, table, data);
    return { ...batch, inputs: { ...batch.inputs, pixels: { dtype: 'float32', shape, data } } };
  };
  return {
    name: 'images',
    options: { width, height, shift, rotation, scaling, shear, noise },
    dtypes: isResampled || noise > 0 ? { pixels: 'float32' } : {},
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

type Turn = {
  readonly resample: Resampler;
  readonly size: number;
  readonly radians: number;
  readonly scaling: number;
  readonly shear: number;
};

/** Every image turned, stretched and slanted by draws of its own, on noise of its own if there is any. */
function addResampled(
  images: Uint8Array,
  random: RandomStream,
  turn: Turn,
  noise: Float32Array | undefined,
  into: Float32Array,
): void {
  const { resample, size, radians, scaling, shear } = turn;
  const maps = Array.from({ length: images.length / size }, () =>
    affineMap({
      angle: random.uniform(-radians, radians),
      widthFactor: random.uniform(1 - scaling, 1 + scaling),
      heightFactor: random.uniform(1 - scaling, 1 + scaling),
      shear: random.uniform(-shear, shear),
    }),
  );
  if (noise === undefined) into.fill(0);
  for (const [i, map] of maps.entries()) {
    const at = i * size;
    // The noise first, as one copy: the images are then added where they are lit, which is less than half of them.
    if (noise !== undefined) {
      const start = random.below(NOISE_NUMBERS);
      into.set(noise.subarray(start, start + size), at);
    }
    resample(images, at, map, into);
  }
}

/** Every image with a part of the noise table of its own. */
function addNoise(
  images: Uint8Array,
  random: RandomStream,
  size: number,
  table: Float32Array | undefined,
  into: Float32Array,
): void {
  into.set(images);
  if (table === undefined) return;
  for (let at = 0; at < images.length; at += size) {
    const start = random.below(NOISE_NUMBERS);
    for (let i = 0; i < size; i++) into[at + i] = (into[at + i] as number) + (table[start + i] as number);
  }
}
