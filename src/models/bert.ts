/** @file BERT as a classifier (Devlin et al. 2019, arXiv:1810.04805), post-norm, in `transformers`' terms. */
import { cast } from '../autograd/ops/compare.js';
import { add, mul, sub, tanh } from '../autograd/ops/elementwise.js';
import { gather, oneHot, positions } from '../autograd/ops/indexing.js';
import { matmul } from '../autograd/ops/matmul.js';
import { softmax } from '../autograd/ops/normalise.js';
import { reshape, slice, transpose } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import { dropout } from '../nn/dropout.js';
import { embedding } from '../nn/embedding.js';
import { normal, zeros } from '../nn/initialisers.js';
import { layerNorm } from '../nn/layer-norm.js';
import { linear } from '../nn/linear.js';
import type { ForwardContext, Layer, ParameterSpec } from '../nn/module.js';
import { type Dim, expectShape } from '../tensor/shape.js';
import type { BatchDims, Model, Signals } from './model.js';

/** The keys of a Hugging Face `config.json` that shape the network; meanings and defaults as there. */
export type BertConfig = {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly hidden_act: ActivationName;
  readonly layer_norm_eps: number;
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  /** Dropout before the classifier; null: as `hidden_dropout_prob`. */
  readonly classifier_dropout: number | null;
  /** Standard deviation of new weights. */
  readonly initializer_range: number;
  readonly pad_token_id: number;
  readonly num_labels: number;
};

export const bertDefaults: BertConfig = {
  vocab_size: 30522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-12,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  classifier_dropout: null,
  initializer_range: 0.02,
  pad_token_id: 0,
  num_labels: 2,
};

/**
 * Added to the scores of padding: `torch.finfo(float32).min`, as in `transformers`. Any score vanishes beside it, so a
 * masked key has a probability and a gradient of exactly 0, and a row without one valid token stays finite.
 */
const MASKED = -3.4028234663852886e38;

function checkConfig(config: BertConfig): void {
  for (const [key, value] of Object.entries(config)) {
    if (!/^num_|_size$|^max_/.test(key) || (Number.isInteger(value) && Number(value) >= 1)) continue;
    throw new OptionError({ where: `bert ${key}`, wanted: 'a whole number from 1', got: String(value) });
  }
  const { hidden_size: hidden, num_attention_heads: heads, hidden_act: activation } = config;
  if (hidden % heads !== 0) {
    throw new OptionError({
      where: 'bert num_attention_heads',
      wanted: `a divisor of hidden_size ${hidden}`,
      got: String(heads),
    });
  }
  if (!Object.hasOwn(ACTIVATIONS, activation)) {
    throw new OptionError({
      where: 'bert hidden_act',
      wanted: Object.keys(ACTIVATIONS).join(', '),
      got: String(activation),
    });
  }
}

/** Embeddings of words, segments and positions, added and normalised: ids [B, S] -> [B, S, H]. */
function embeddings(config: BertConfig) {
  const { hidden_size: H, max_position_embeddings: maxPositions, type_vocab_size: types } = config;
  const weight = normal(config.initializer_range);
  const words = embedding('embeddings.word_embeddings', config.vocab_size, H, {
    weight,
    paddingIndex: config.pad_token_id,
  });
  const positionTable = { name: 'embeddings.position_embeddings.weight', shape: [maxPositions, H], initialise: weight };
  const typeTable = { name: 'embeddings.token_type_embeddings.weight', shape: [types, H], initialise: weight };
  const norm = layerNorm('embeddings.LayerNorm', H, config.layer_norm_eps);
  const drop = dropout('embeddings.dropout', config.hidden_dropout_prob);

  /** The first S rows of the table: [S, H]. */
  const positionRows = (table: Value, ids: Value): Value => {
    const S = ids.shape[1] as Dim;
    if (typeof S === 'string') return gather(table, positions(ids, { axis: 1 }));
    if (S > maxPositions) {
      throw new ShapeError({
        where: 'bert',
        wanted: `at most ${maxPositions} tokens (max_position_embeddings)`,
        got: String(S),
        fix: 'truncate the texts',
      });
    }
    return slice(table, { axis: 0, start: 0, end: S });
  };

  return {
    parameters: [...words.parameters, positionTable, typeTable, ...norm.parameters],
    forward: (context: ForwardContext, ids: Value, typeIds: Value): Value => {
      const { parameters } = context;
      const word = words.forward(context, ids); // [B, S, H]
      const table = parameters.get(typeTable.name);
      // A product with one-hot rows: its gradient is a product too, where a gather's would be a slow scatter.
      const type = matmul(oneHot(typeIds, types, table.dtype), table); // [B, S, types] x [types, H] -> [B, S, H]
      const position = positionRows(parameters.get(positionTable.name), ids); // [S, H]
      return drop.forward(context, norm.forward(context, add(add(word, type), position)));
    },
  };
}

type EncoderLayer = {
  readonly parameters: readonly ParameterSpec[];
  /** x [B, S, H], maskBias [B, 1, 1, S] -> [B, S, H] and the scores before the mask [B, A, S, S]. */
  forward(context: ForwardContext, x: Value, maskBias: Value): { readonly output: Value; readonly scores: Value };
};

function encoderLayer(prefix: string, config: BertConfig): EncoderLayer {
  const { hidden_size: H, num_attention_heads: A, intermediate_size: F, layer_norm_eps: eps } = config;
  const D = H / A;
  const dense = (name: string, from: number, to: number): Layer =>
    linear(`${prefix}.${name}`, from, to, { weight: normal(config.initializer_range), bias: zeros });
  const query = dense('attention.self.query', H, H);
  const key = dense('attention.self.key', H, H);
  const value = dense('attention.self.value', H, H);
  const dropProbs = dropout(`${prefix}.attention.self.dropout`, config.attention_probs_dropout_prob);
  const attentionOutput = dense('attention.output.dense', H, H);
  const dropAttention = dropout(`${prefix}.attention.output.dropout`, config.hidden_dropout_prob);
  const attentionNorm = layerNorm(`${prefix}.attention.output.LayerNorm`, H, eps);
  const intermediate = dense('intermediate.dense', H, F);
  const activation = ACTIVATIONS[config.hidden_act];
  const output = dense('output.dense', F, H);
  const dropOutput = dropout(`${prefix}.output.dropout`, config.hidden_dropout_prob);
  const outputNorm = layerNorm(`${prefix}.output.LayerNorm`, H, eps);
  const layers = [query, key, value, attentionOutput, attentionNorm, intermediate, output, outputNorm];

  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    forward: (context, x, maskBias) => {
      const [B, S] = expectShape(x, ['B', 'S', H], prefix) as [Dim, Dim, Dim];
      const heads = (y: Value, order: readonly number[]) => transpose(reshape(y, [B, S, A, D]), order);
      const q = heads(mul(query.forward(context, x), 1 / Math.sqrt(D)), [0, 2, 1, 3]); // [B, A, S, D]
      const k = heads(key.forward(context, x), [0, 2, 3, 1]); // [B, A, D, S]
      const v = heads(value.forward(context, x), [0, 2, 1, 3]); // [B, A, S, D]
      const scores = matmul(q, k); // [B, A, S, D] x [B, A, D, S] -> [B, A, S, S]
      const probs = dropProbs.forward(context, softmax(add(scores, maskBias), { axis: -1 }));
      const mixed = matmul(probs, v); // [B, A, S, S] x [B, A, S, D] -> [B, A, S, D]
      const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [B, S, H]);
      const attended = dropAttention.forward(context, attentionOutput.forward(context, joined));
      const hidden = attentionNorm.forward(context, add(attended, x)); // [B, S, H]
      const wide = activation(intermediate.forward(context, hidden)); // [B, S, F]
      const narrow = dropOutput.forward(context, output.forward(context, wide)); // [B, S, H]
      return { output: outputNorm.forward(context, add(narrow, hidden)), scores };
    },
  };
}

/**
 * A BERT encoder with a pooler and a classifier. Inputs, int64 [B, S]: `input_ids`, `attention_mask` (1 = real token),
 * `token_type_ids`. B and S may be names, for export. Parameters bear the names of `transformers`' `BertModel`, and
 * `classifier.weight`, `classifier.bias`.
 *
 * @param config what differs from `bertDefaults` (BERT base).
 * @throws OptionError for sizes that make no network.
 */
export function bert(config: Partial<BertConfig> = {}): Model {
  const whole: BertConfig = { ...bertDefaults, ...config };
  checkConfig(whole);
  const { hidden_size: H, hidden_dropout_prob: hiddenDropout } = whole;
  const dense = (name: string, from: number, to: number): Layer =>
    linear(name, from, to, { weight: normal(whole.initializer_range), bias: zeros });
  const embedded = embeddings(whole);
  const encoder = Array.from({ length: whole.num_hidden_layers }, (_, i) => encoderLayer(`encoder.layer.${i}`, whole));
  const pooler = dense('pooler.dense', H, H);
  const drop = dropout('classifier.dropout', whole.classifier_dropout ?? hiddenDropout);
  const classifier = dense('classifier', H, whole.num_labels);

  const forward = (context: ForwardContext, ids: Value, attentionMask: Value, typeIds: Value): Signals => {
    const [B, S] = expectShape(ids, ['B', 'S'], 'bert input_ids') as [Dim, Dim];
    let hidden = embedded.forward(context, ids, typeIds); // [B, S, H]
    const isPadding = sub(1, cast(attentionMask, { to: hidden.dtype }));
    const maskBias = reshape(mul(isPadding, MASKED), [B, 1, 1, S]);
    const hiddenStates = [hidden];
    const attentionScores: Value[] = [];
    for (const layer of encoder) {
      const { output, scores } = layer.forward(context, hidden, maskBias);
      hidden = output;
      hiddenStates.push(output);
      attentionScores.push(scores);
    }
    const first = reshape(slice(hidden, { axis: 1, start: 0, end: 1 }), [B, H]);
    const pooledOutput = tanh(pooler.forward(context, first)); // [B, H]
    const logits = classifier.forward(context, drop.forward(context, pooledOutput)); // [B, C]
    return { logits, pooledOutput, hiddenStates, attentionScores, embeddings: hiddenStates[0] as Value, attentionMask };
  };

  return {
    kind: 'bert',
    config: whole,
    parameters: [embedded, ...encoder, pooler, classifier].flatMap((part) => part.parameters),
    signals: ['logits', 'pooledOutput', 'hiddenStates', 'attentionScores', 'embeddings'],
    inputs: ({ B, S }: BatchDims) => {
      if (S === undefined) {
        throw new ShapeError({ where: 'bert', wanted: 'a length S beside the batch B', got: 'B alone' });
      }
      return ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({ name, dtype: 'int64', shape: [B, S] }));
    },
    forward: (context, inputs) => {
      const [ids, mask, types] = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => {
        const value = inputs[name];
        if (value !== undefined) return value;
        throw new ShapeError({ where: 'bert', wanted: `input '${name}'`, got: Object.keys(inputs).join(', ') });
      }) as [Value, Value, Value];
      return forward(context, ids, mask, types);
    },
  };
}
