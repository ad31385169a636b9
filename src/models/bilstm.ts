/**
 * @file The student of "Distilling Task-Specific Knowledge from BERT into Simple Neural Networks", Tang, Lu, Liu, Mou,
 * Vechtomova & Lin 2019, arXiv:1903.12136, section 3.1: a bidirectional LSTM over words, for one text or a pair.
 *   h = [forward state after the last token; backward state after the first] of BiLSTM(embeddings)
 *   one text:  logits = W₂ dropout(relu(W₁ h + b₁)) + b₂
 *   a pair:    the same with f = [h₁; h₂; h₁ ⊙ h₂; |h₁ − h₂|] for h; both texts go through one BiLSTM
 * Departures: one embedding table, trained (the paper's second, frozen copy is left out); the released code has
 * |h₁ − h₂| before h₁ ⊙ h₂, which matters to nothing but an exchange of weights.
 */
import { cast, less, where } from '../autograd/ops/compare.js';
import { abs, mul, relu, sub } from '../autograd/ops/elementwise.js';
import { sum } from '../autograd/ops/reduce.js';
import { reshape } from '../autograd/ops/shaping.js';
import { concat, slice } from '../autograd/ops/slicing.js';
import { scalar, type Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { dropout } from '../nn/dropout.js';
import { embedding } from '../nn/embedding.js';
import { uniform } from '../nn/initialisers.js';
import { linear } from '../nn/linear.js';
import { lstm } from '../nn/lstm.js';
import type { ForwardContext } from '../nn/module.js';
import { type Dim, expectShape } from '../tensor/shape.js';
import { type ConfigValues, checkSizes } from './config-values.js';
import type { Model, ModelInput, Signals, WordVectors } from './model.js';

export type BilstmConfig = {
  readonly vocab_size: number;
  /** Width of a word's vector. */
  readonly embedding_size: number;
  /** Width of one direction's state. */
  readonly hidden_size: number;
  /** Width of the layer between the states and the logits. */
  readonly dense_size: number;
  /** Before the last layer. */
  readonly dropout: number;
  readonly pad_token_id: number;
  readonly num_labels: number;
  /** Whether an example is two texts, each an input of its own. */
  readonly is_pair: boolean;
};

/** The paper's larger student, over the vocabulary of BERT's tokenizer. */
export const bilstmDefaults: BilstmConfig = {
  vocab_size: 30522,
  embedding_size: 300,
  hidden_size: 150,
  dense_size: 400,
  dropout: 0.1,
  pad_token_id: 0,
  num_labels: 2,
  is_pair: false,
};

/** [h₁; h₂; h₁ ⊙ h₂; |h₁ − h₂|]: two [B, N] -> [B, 4N] */
export function pairFeatures(first: Value, second: Value): Value {
  return concat([first, second, mul(first, second), abs(sub(first, second))], { axis: 1 });
}

/** Tokens of each row of an attention mask [B, S], at least 1: the LSTM has to start somewhere in an empty text too. */
function lengthsOf(attentionMask: Value): Value {
  const counted = sum(cast(attentionMask, { to: 'int64' }), { axes: [1] }); // [B]
  return where(less(counted, 1), scalar(1, 'int64'), counted);
}

/**
 * Inputs, int64 [B, S]: `input_ids`, `attention_mask` (1 = real token; padding stands behind the text); for pairs also
 * `input_ids_b`, `attention_mask_b` of the second text, which may have another length. B and S may be names, for export.
 * Parameters, as in the authors' code: `embed.weight` [V, E] new from U(±0.25) with a padding row of zeros, `bi_rnn.*`
 * as `torch.nn.LSTM` has them, `fc1.*`, `fc2.*`.
 *
 * @param config what differs from `bilstmDefaults`; `dropout` is 0 for pairs unless given, as in the authors' code.
 * @throws OptionError for sizes that make no network.
 */
export function bilstm(config: Partial<BilstmConfig> = {}): Model {
  const whole: BilstmConfig = { ...bilstmDefaults, ...(config.is_pair === true && { dropout: 0 }), ...config };
  checkSizes('bilstm', whole, bilstm.values);
  const { embedding_size: E, hidden_size: H, dense_size: F, is_pair: isPair } = whole;
  const words = embedding('embed', whole.vocab_size, E, {
    weight: uniform(-0.25, 0.25),
    paddingIndex: whole.pad_token_id,
  });
  const rnn = lstm('bi_rnn', E, H, { isBidirectional: true });
  const hiddenLayer = linear('fc1', (isPair ? 4 : 1) * 2 * H, F);
  const drop = dropout('dropout', whole.dropout);
  const classifier = linear('fc2', F, whole.num_labels);

  /** embeddings [B, S, E], attentionMask [B, S] -> the last states of both directions [B, 2H]. */
  const encode = (context: ForwardContext, embeddings: Value, attentionMask: Value): Value => {
    const [B] = expectShape(embeddings, ['B', 'S', E], 'bilstm words') as [Dim, Dim, Dim];
    const { h } = rnn.forward(context, embeddings, lengthsOf(attentionMask)); // [2, B, H]
    const state = (d: number): Value => reshape(slice(h, { axis: 0, start: d, end: d + 1 }), [B, H]);
    return concat([state(0), state(1)], { axis: 1 });
  };
  const classify = (context: ForwardContext, features: Value): Pick<Signals, 'logits' | 'classRows'> => ({
    logits: classifier.forward(context, drop.forward(context, relu(hiddenLayer.forward(context, features)))),
    classRows: context.parameters.get('fc2.weight'),
  });
  const given = (inputs: Readonly<Record<string, Value>>, name: string): Value => {
    const value = inputs[name];
    if (value !== undefined) return value;
    throw new ShapeError({ where: 'bilstm', wanted: `input '${name}'`, got: Object.keys(inputs).join(', ') });
  };
  const lookUp = (context: ForwardContext, inputs: Readonly<Record<string, Value>>): WordVectors =>
    Object.fromEntries(
      (isPair ? ['input_ids', 'input_ids_b'] : ['input_ids']).map((name) => {
        const ids = given(inputs, name);
        expectShape(ids, ['B', 'S'], `bilstm ${name}`);
        return [name, words.forward(context, ids)]; // [B, S] -> [B, S, E]
      }),
    );

  return {
    kind: 'bilstm',
    config: whole,
    parameters: [words, rnn, hiddenLayer, classifier].flatMap((part) => part.parameters),
    sort: 'bilstm',
    signals: isPair ? ['logits'] : ['logits', 'embeddings'],
    inputs: ({ B, S, S2 = S }) => {
      if (S === undefined || S2 === undefined) {
        throw new ShapeError({ where: 'bilstm', wanted: 'inputs [B, S]', got: '[B]' });
      }
      const text = (suffix: string, length: Dim): ModelInput[] =>
        ['input_ids', 'attention_mask'].map((name) => ({ name: name + suffix, dtype: 'int64', shape: [B, length] }));
      return isPair ? [...text('', S), ...text('_b', S2)] : text('', S);
    },
    words: lookUp,
    forward: (context, inputs, vectors = lookUp(context, inputs)) => {
      const attentionMask = given(inputs, 'attention_mask');
      const embeddings = given(vectors, 'input_ids');
      const states = encode(context, embeddings, attentionMask);
      if (!isPair) return { ...classify(context, states), embeddings, attentionMask };
      const second = encode(context, given(vectors, 'input_ids_b'), given(inputs, 'attention_mask_b'));
      return classify(context, pairFeatures(states, second));
    },
  };
}

bilstm.values = {
  vocab_size: 'size',
  embedding_size: 'size',
  hidden_size: 'size',
  dense_size: 'size',
  dropout: 'rate',
  pad_token_id: 'id',
  num_labels: 'size',
  is_pair: 'flag',
} satisfies ConfigValues<BilstmConfig>;
