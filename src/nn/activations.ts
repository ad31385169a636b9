/** @file Activations by the names that `transformers` configs use (`hidden_act`). */
import { gelu } from '../autograd/ops/activations.js';
import { mul, relu, sigmoid, tanh } from '../autograd/ops/elementwise.js';
import type { Value } from '../autograd/value.js';

/** x · σ(x) (Elfwing, Uchibe & Doya 2017, arXiv:1702.03118). */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}

const tanhGelu = (x: Value): Value => gelu(x, { approximate: 'tanh' });

export const ACTIVATIONS = {
  gelu: (x) => gelu(x, { approximate: 'none' }),
  gelu_new: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  relu,
  silu,
  swish: silu,
  sigmoid,
  tanh,
} as const satisfies Readonly<Record<string, (x: Value) => Value>>;

export type ActivationName = keyof typeof ACTIVATIONS;
