/** @file A long short-term memory over texts, in one direction or two, as PyTorch has it. */
import { lstm as runLstm } from '../autograd/ops/lstm.js';
import { transpose } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { uniform } from './initialisers.js';
import type { ForwardContext, ParameterSpec } from './module.js';

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
  const bound = 1 / Math.sqrt(hiddenSize);
  const suffixes = options.isBidirectional === true ? ['_l0', '_l0_reverse'] : ['_l0'];
  const directions = suffixes.map((suffix) => {
    const spec = (part: string, shape: readonly number[]): ParameterSpec => ({
      name: `${name}.${part}${suffix}`,
      shape,
      initialise: uniform(-bound, bound),
    });
    return {
      weightIh: spec('weight_ih', [4 * hiddenSize, inputSize]),
      weightHh: spec('weight_hh', [4 * hiddenSize, hiddenSize]),
      biasIh: spec('bias_ih', [4 * hiddenSize]),
      biasHh: spec('bias_hh', [4 * hiddenSize]),
    };
  });
  return {
    parameters: directions.flatMap((direction) => Object.values(direction)),
    forward: ({ parameters }, x, lengths) => {
      const weights = directions.map(({ weightIh, weightHh, biasIh, biasHh }) => ({
        weightIh: parameters.get(weightIh.name),
        weightHh: parameters.get(weightHh.name),
        biasIh: parameters.get(biasIh.name),
        biasHh: parameters.get(biasHh.name),
      }));
      const { output, h, c } = runLstm(transpose(x, [1, 0, 2]), lengths, weights); // [S, B, I] -> [S, B, D·H]
      return { output: transpose(output, [1, 0, 2]), h, c };
    },
  };
}
