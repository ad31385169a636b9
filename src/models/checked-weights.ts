import { CheckpointError } from '../errors/failures.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Model, Weights } from './model.js';

/**
 * The tensors of a model, each of the shape that the model gives it.
 * @throws CheckpointError naming the tensor that is missing, unknown or of another shape.
 */
export function checkedWeights(tensors: ReadonlyMap<string, Tensor>, model: Model, where: string): Weights {
  const fix = `use the weights of the same ${model.kind}`;
  const weights: Record<string, Tensor<'float32'>> = {};
  for (const { name, shape } of model.parameters) {
    const found = tensors.get(name);
    if (found?.dtype === 'float32' && sameShape(found.shape, shape)) {
      weights[name] = { dtype: 'float32', shape, data: found.data as Float32Array };
      continue;
    }
    const got = found === undefined ? 'none of that name' : `${found.dtype}${formatShape(found.shape)}`;
    throw new CheckpointError({
      where: `${where}: tensor '${name}'`,
      wanted: `float32${formatShape(shape)}`,
      got,
      fix,
    });
  }
  for (const name of tensors.keys()) {
    if (Object.hasOwn(weights, name)) continue;
    throw new CheckpointError({ where, wanted: `the tensors of a ${model.kind}`, got: `one named '${name}'`, fix });
  }
  return weights;
}
