/**
 * @file BERT (Devlin et al. 2019, arXiv:1810.04805), in `transformers`' terms. MiniLM (Wang et al. 2020,
 * arXiv:2002.10957) is a BERT: `microsoft/MiniLM-L12-H384-uncased`, `sentence-transformers/all-MiniLM-L6-v2`.
 */
import { tanh } from '../autograd/ops/elementwise.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import { type ConfigKeys, checkEncoderConfig, type EncoderConfig, type EncoderNames, encoder } from './encoder.js';
import { encoderModel, type HeadName, headNamed } from './heads.js';
import type { Model } from './model.js';

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
  /** What the model answers; Hugging Face says it by the class. */
  readonly head: HeadName;
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
  head: 'classification',
};

/** What is checked of configs with BERT's keys. */
export const BERT_KEYS: ConfigKeys<BertConfig> = {
  sizes: [
    'vocab_size',
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'intermediate_size',
    'max_position_embeddings',
    'type_vocab_size',
    'num_labels',
  ],
  width: 'hidden_size',
  heads: 'num_attention_heads',
  activation: 'hidden_act',
};

/** The parts of a layer of `BertModel` and `RobertaModel`. */
export const BERT_NAMES: EncoderNames = {
  layers: 'encoder.layer',
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attentionOutput: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  inner: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

/** The encoder that a config with BERT's keys describes. */
export function bertEncoderConfig(config: BertConfig): EncoderConfig {
  const hidden = config.hidden_dropout_prob;
  return {
    vocabulary: config.vocab_size,
    width: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    innerWidth: config.intermediate_size,
    maxPositions: config.max_position_embeddings,
    types: config.type_vocab_size,
    padding: config.pad_token_id,
    activation: config.hidden_act,
    epsilon: config.layer_norm_eps,
    initializerRange: config.initializer_range,
    dropout: { hidden, probs: config.attention_probs_dropout_prob, attentionOutput: hidden },
    positions: '0',
  };
}

/** The sizes of heads on it, and the dropout rate before their classifiers. */
export function bertHeadSizes(config: BertConfig) {
  return {
    width: config.hidden_size,
    labels: config.num_labels,
    initializerRange: config.initializer_range,
    rate: config.classifier_dropout ?? config.hidden_dropout_prob,
  };
}

/**
 * A BERT encoder with a head. Inputs, int64 [B, S]: `input_ids`, `attention_mask` (1 = real token), `token_type_ids`.
 * B and S may be names, for export. Parameters bear the names of `transformers`' `BertModel`; heads those of
 * `BertForSequenceClassification` (`pooler.*`, `classifier.*`), `BertForTokenClassification` (`classifier.*`) and
 * `BertForMaskedLM` (`cls.predictions.*`; the decoder is the word embeddings).
 *
 * @param config what differs from `bertDefaults` (BERT base).
 * @throws OptionError for sizes that make no network.
 */
export function bert(config: Partial<BertConfig> = {}): Model {
  const whole: BertConfig = { ...bertDefaults, ...config };
  checkEncoderConfig('bert', whole, BERT_KEYS);
  const body = encoder('bert', bertEncoderConfig(whole), BERT_NAMES);
  const { rate, ...sizes } = bertHeadSizes(whole);
  const head = headNamed('bert', whole.head, {
    ...sizes,
    classification: {
      dense: 'pooler.dense',
      classifier: 'classifier',
      activation: tanh,
      dropout: { dense: 0, classifier: rate },
    },
    tokens: { rate },
    'masked-lm': {
      vocabulary: whole.vocab_size,
      epsilon: whole.layer_norm_eps,
      dense: 'cls.predictions.transform.dense',
      norm: 'cls.predictions.transform.LayerNorm',
      bias: 'cls.predictions.bias',
      activation: ACTIVATIONS[whole.hidden_act],
    },
  });
  return encoderModel({ kind: 'bert', config: whole, encoder: body, head, hasTypes: true });
}
