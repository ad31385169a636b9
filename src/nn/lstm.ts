/**
 * @file A long short-term memory (Hochreiter & Schmidhuber 1997), with PyTorch's gates and layout: one step, and over texts in
 * one direction or two.
 */

import { add, mul, sigmoid, tanh } from '../autograd/ops/elementwise.js';
import { lstm as runLstm } from '../autograd/ops/lstm.js';
import { linearProduct } from '../autograd/ops/matmul.js';
import { transpose } from '../autograd/ops/shaping.js';
import { slice } from '../autograd/ops/slicing.js';
import type { Value } from '../autograd/value.js';
import { uniform } from './initialisers.js';
import type { ForwardContext, ParameterSpec, Parameters } from './module.js';

export type LstmOptions = {
  /** Default: false. */
  readonly isBidirectional?: boolean;
};

export type LstmOutput = {
  /** [B, S, D·H], zero beyond a row's length; D directions stand side by side. */
  readonly output: Value;
  /** [D, B, H] after a row's last token, for the second direction after its first. */
  readonly h: Value;
  readonly c: Value;
};

export type Lstm = {
  readonly parameters: readonly ParameterSpec[];
  /** x [B, S, I], lengths int64 [B] from 1 to S; S and B may be names, for export. */
  forward(context: ForwardContext, x: Value, lengths: Value): LstmOutput;
};

/**
 * One layer of `torch.nn.LSTM(batch_first=True)` over packed rows: what lies beyond a row's length is never read, and
 * the second direction starts at a row's last token. Parameters, all new from U(±1 / √H): `NAME.weight_ih_l0` [4H, I],
 * `NAME.weight_hh_l0` [4H, H], `NAME.bias_ih_l0`, `NAME.bias_hh_l0` [4H], gates in the order i, f, g, o; and the same
 * with `_reverse` for the second direction.
 */
export function lstm(name: string, inputSize: number, hiddenSize: number, options: LstmOptions = {}): Lstm {
  const suffixes = options.isBidirectional === true ? ['_l0', '_l0_reverse'] : ['_l0'];
  const directions = suffixes.map((suffix) => lstmParameters(name, suffix, inputSize, hiddenSize));
  return {
    parameters: directions.flatMap((direction) => Object.values(direction)),
    forward: ({ parameters }, x, lengths) => {
      const weights = directions.map((direction) => lstmWeights(direction, parameters));
      const { output, h, c } = runLstm(transpose(x, [1, 0, 2]), lengths, weights); // [S, B, I] -> [S, B, D·H]
      return { output: transpose(output, [1, 0, 2]), h, c };
    },
  };
}

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
  const specs = lstmParameters(name, '', inputSize, hiddenSize);
  return {
    parameters: Object.values(specs),
    forward: ({ parameters }, x, state) => lstmStep(lstmWeights(specs, parameters), x, state),
  };
}

type LstmParameters = Readonly<Record<keyof LstmWeights, ParameterSpec>>;

function lstmParameters(name: string, suffix: string, inputSize: number, hiddenSize: number): LstmParameters {
  const initialise = uniform(-1 / Math.sqrt(hiddenSize), 1 / Math.sqrt(hiddenSize));
  const spec = (part: string, ...columns: readonly number[]): ParameterSpec => {
    return { name: `${name}.${part}${suffix}`, shape: [4 * hiddenSize, ...columns], initialise };
  };
  return {
    weightIh: spec('weight_ih', inputSize),
    weightHh: spec('weight_hh', hiddenSize),
    biasIh: spec('bias_ih'),
    biasHh: spec('bias_hh'),
  };
}

function lstmWeights({ weightIh, weightHh, biasIh, biasHh }: LstmParameters, parameters: Parameters): LstmWeights {
  return {
    weightIh: parameters.get(weightIh.name),
    weightHh: parameters.get(weightHh.name),
    biasIh: parameters.get(biasIh.name),
    biasHh: parameters.get(biasHh.name),
  };
}
