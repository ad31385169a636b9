import { layerNorm as normalise } from '../autograd/ops/normalise.js';
import { ones, zeros } from './initialisers.js';
import type { Layer } from './module.js';

/**
 * (x − mean) / √(variance + eps) · weight + bias over the last axis: [.., H] -> [.., H], as `torch.nn.LayerNorm`
 * (Ba, Kiros & Hinton 2016, arXiv:1607.06450; the variance divides by H). Parameters: `NAME.weight` [H] of ones,
 * `NAME.bias` [H] of zeros.
 * @param eps PyTorch's default is 1e-5, BERT's 1e-12.
 */
export function layerNorm(name: string, features: number, eps = 1e-5): Layer {
  const weight = { name: `${name}.weight`, shape: [features], initialise: ones };
  const bias = { name: `${name}.bias`, shape: [features], initialise: zeros };
  return {
    parameters: [weight, bias],
    forward: ({ parameters }, x) => normalise(x, parameters.get(weight.name), parameters.get(bias.name), { eps }),
  };
}
