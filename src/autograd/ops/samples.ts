/** @file Points at which the generated gradient test runs an op. */
import type { RandomStream } from '../../tensor/random.js';
import { type StaticShape, sizeOf } from '../../tensor/shape.js';
import { fromNumbers, type Tensor } from '../../tensor/tensor.js';

/** Uniform in [low, high). */
export function uniform(random: RandomStream, shape: StaticShape, low: number, high: number): Tensor<'float64'> {
  return fromNumbers(
    'float64',
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => random.uniform(low, high)),
  );
}

/** Values of both signs whose magnitude is in [low, high): away from a kink at 0. */
export function signed(random: RandomStream, shape: StaticShape, low: number, high: number): Tensor<'float64'> {
  const magnitudes = uniform(random, shape, low, high);
  return { ...magnitudes, data: magnitudes.data.map((value) => (random.uniform() < 0.5 ? -value : value)) };
}

/** A shuffled ladder: neighbours are at least `gap` apart, so that a maximum does not change under a nudge. */
export function distinct(random: RandomStream, shape: StaticShape, gap = 0.3): Tensor<'float64'> {
  const order = random.permutation(sizeOf(shape));
  return fromNumbers(
    'float64',
    shape,
    Float64Array.from(order, (rank) => (rank - order.length / 2) * gap),
  );
}

/** Whole numbers in [0, below). */
export function indices(random: RandomStream, shape: StaticShape, below: number): Tensor<'int64'> {
  return fromNumbers(
    'int64',
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => random.below(below)),
  );
}
