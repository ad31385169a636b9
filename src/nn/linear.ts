import { add } from '../autograd/ops/elementwise.js';
import { linearProduct } from '../autograd/ops/matmul.js';
import { kaimingUniform, uniform } from './initialisers.js';
import type { Initialiser, Layer } from './module.js';

export type LinearOptions = {
  /** Default: true. */
  readonly hasBias?: boolean;
  /** Default: U(±1 / √I), as PyTorch's. */
  readonly weight?: Initialiser;
  /** Default: U(±1 / √I), as PyTorch's. */
  readonly bias?: Initialiser;
};

/**
 * y = x Wᵀ + b over the last axis: [.., I] -> [.., O], as `torch.nn.Linear`.
 * Parameters: `NAME.weight` [O, I], `NAME.bias` [O].
 */
export function linear(name: string, inFeatures: number, outFeatures: number, options: LinearOptions = {}): Layer {
  const bound = 1 / Math.sqrt(inFeatures);
  const { hasBias = true, weight = kaimingUniform(), bias = uniform(-bound, bound) } = options;
  const weightSpec = { name: `${name}.weight`, shape: [outFeatures, inFeatures], initialise: weight };
  const biasSpec = { name: `${name}.bias`, shape: [outFeatures], initialise: bias };
  return {
    parameters: hasBias ? [weightSpec, biasSpec] : [weightSpec],
    forward: ({ parameters }, x) => {
      const product = linearProduct(x, parameters.get(weightSpec.name)); // [.., I] x [O, I] -> [.., O]
      return hasBias ? add(product, parameters.get(biasSpec.name)) : product;
    },
  };
}
