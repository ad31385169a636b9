/** @file Parameters as host tensors, as graph inputs and as constants. */

import { gather } from '../autograd/ops/indexing.js';
import { constant, input, type Value } from '../autograd/value.js';
import { CheckpointError } from '../errors/failures.js';
import { RandomStream } from '../tensor/random.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { ParameterSpec, Parameters } from './module.js';

/**
 * New parameters by name. Each draws from a stream of its own, `init/NAME`, so its values don't depend on which other
 * parameters a model has.
 */
export function initialiseParameters(
  parameters: readonly ParameterSpec[],
  seed: number,
): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    parameters.map(({ name, shape, initialise }) => {
      const values = initialise(new RandomStream(seed, `init/${name}`), shape);
      return [name, tensor('float32', shape, values)];
    }),
  );
}

/** Parameters whose values are known by name. */
export type NamedParameters = Parameters & {
  /** All of them, in the model's order. */
  readonly values: Readonly<Record<string, Value>>;
};

function named(values: Readonly<Record<string, Value>>): NamedParameters {
  const get = (name: string): Value => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return value;
    throw new CheckpointError({
      where: `parameter '${name}'`,
      wanted: 'a tensor of that name',
      got: Object.keys(values).join(', ') || 'no parameters',
      fix: 'use the weights of the same model',
    });
  };
  return { values, get, rows: (name, ids) => gather(get(name), ids) };
}

/** Parameters as graph inputs of their own names: what a training step differentiates by. */
export function inputParameters(
  parameters: readonly ParameterSpec[],
  dtype: 'float32' | 'float64' = 'float32',
): NamedParameters {
  return named(Object.fromEntries(parameters.map(({ name, shape }) => [name, input(name, dtype, shape)])));
}

/** Parameters as constants of the graph: a frozen teacher, or a model that is shipped. */
export function constantParameters(weights: Readonly<Record<string, Tensor>>): NamedParameters {
  return named(Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, constant(value)])));
}
