/** @file One step of a long short-term memory (Hochreiter & Schmidhuber 1997), with PyTorch's gates and layout. */
import { add, mul, sigmoid, tanh } from '../autograd/ops/elementwise.js';
import { linearProduct } from '../autograd/ops/matmul.js';
import { slice } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { uniform } from './initialisers.js';
import type { ForwardContext, ParameterSpec } from './module.js';

export type LstmWeights = {
  /** [4H, I]; the gates are stacked in the order i, f, g, o. */
  readonly weightIh: Value;
  /** [4H, H] */
  readonly weightHh: Value;
  /** [4H] */
  readonly biasIh: Value;
  /** [4H]; PyTorch has two biases, for CuDNN's sake. */
  readonly biasHh: Value;
};

export type LstmState = { readonly h: Value; readonly c: Value };

/**
 * One step: i, f, o = σ(..), g = tanh(..) of W_ih x + b_ih + W_hh h + b_hh;  c' = f c + i g;  h' = o tanh(c').
 * @param x [B, I]
 * @param state h and c, [B, H] each.
 */
export function lstmStep(weights: LstmWeights, x: Value, { h, c }: LstmState): LstmState {
  const fromInput = add(linearProduct(x, weights.weightIh), weights.biasIh); // [B, I] -> [B, 4H]
  const fromState = add(linearProduct(h, weights.weightHh), weights.biasHh); // [B, H] -> [B, 4H]
  const gates = add(fromInput, fromState);
  const H = c.shape[1] as number;
  const gate = (k: number): Value => slice(gates, { axis: 1, start: k * H, end: (k + 1) * H }); // [B, H]
  const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
  return { h: mul(sigmoid(gate(3)), tanh(next)), c: next };
}

export type LstmCell = {
  readonly parameters: readonly ParameterSpec[];
  /** x [B, I], h and c [B, H] -> h and c [B, H] */
  forward(context: ForwardContext, x: Value, state: LstmState): LstmState;
};

/**
 * As `torch.nn.LSTMCell`: `NAME.weight_ih` [4H, I], `NAME.weight_hh` [4H, H], `NAME.bias_ih`, `NAME.bias_hh` [4H], all
 * new from U(±1 / √H).
 */
export function lstmCell(name: string, inputSize: number, hiddenSize: number): LstmCell {
  const bound = 1 / Math.sqrt(hiddenSize);
  const spec = (part: string, shape: readonly number[]): ParameterSpec => ({
    name: `${name}.${part}`,
    shape,
    initialise: uniform(-bound, bound),
  });
  const weightIh = spec('weight_ih', [4 * hiddenSize, inputSize]);
  const weightHh = spec('weight_hh', [4 * hiddenSize, hiddenSize]);
  const biasIh = spec('bias_ih', [4 * hiddenSize]);
  const biasHh = spec('bias_hh', [4 * hiddenSize]);
  return {
    parameters: [weightIh, weightHh, biasIh, biasHh],
    forward: ({ parameters }, x, state) => {
      const weights: LstmWeights = {
        weightIh: parameters.get(weightIh.name),
        weightHh: parameters.get(weightHh.name),
        biasIh: parameters.get(biasIh.name),
        biasHh: parameters.get(biasHh.name),
      };
      return lstmStep(weights, x, state);
    },
  };
}
