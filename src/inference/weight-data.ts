/** @file Weights for models in plain JavaScript: by name, of the shape that the model has. */
import { CheckpointError } from '../errors/failures.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** @throws CheckpointError for a weight that is missing or of another shape. */
export function weightData(
  weights: Readonly<Record<string, Tensor<'float32'>>>,
  name: string,
  shape: Shape,
): Float32Array {
  const found = weights[name];
  if (found !== undefined && sameShape(found.shape, shape)) return found.data;
  throw new CheckpointError({
    where: `tensor '${name}'`,
    wanted: `float32${formatShape(shape)}`,
    got: found === undefined ? 'none of that name' : `float32${formatShape(found.shape)}`,
    fix: 'give weights, config, tokenizer and labels of one model',
  });
}
