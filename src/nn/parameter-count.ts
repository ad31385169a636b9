import { sizeOf } from '../tensor/shape.js';
import type { ParameterSpec } from './module.js';

/** Numbers in all of a model's parameters. */
export function parameterCount({ parameters }: { readonly parameters: readonly ParameterSpec[] }): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
