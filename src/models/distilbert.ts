/**
 * @file DistilBERT (Sanh et al. 2019, arXiv:1910.01108), in `transformers`' terms: BERT without segments and pooler,
 * under other names.
 */
import { relu } from '../autograd/ops/elementwise.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import { checkEncoderConfig, type EncoderNames, encoder } from './encoder.js';
import { encoderModel, type HeadName, headNamed } from './heads.js';
import type { Model } from './model.js';

/** The keys of a Hugging Face `config.json` that shape the network; meanings and defaults as there. */
export type DistilBertConfig = {
  readonly vocab_size: number;
  readonly dim: number;
  readonly n_layers: number;
  readonly n_heads: number;
  readonly hidden_dim: number;
  readonly max_position_embeddings: number;
  readonly activation: ActivationName;
  readonly dropout: number;
  readonly attention_dropout: number;
  /** Before the classifier of texts. */
  readonly seq_classif_dropout: number;
  /** Standard deviation of new weights. */
  readonly initializer_range: number;
  readonly pad_token_id: number;
  readonly num_labels: number;
  /** What the model answers; Hugging Face says it by the class. */
  readonly head: HeadName;
};

/** `distilbert/distilbert-base-uncased`. */
export const distilbertDefaults: DistilBertConfig = {
  vocab_size: 30522,
  dim: 768,
  n_layers: 6,
  n_heads: 12,
  hidden_dim: 3072,
  max_position_embeddings: 512,
  activation: 'gelu',
  dropout: 0.1,
  attention_dropout: 0.1,
  seq_classif_dropout: 0.2,
  initializer_range: 0.02,
  pad_token_id: 0,
  num_labels: 2,
  head: 'classification',
};

const NAMES: EncoderNames = {
  layers: 'transformer.layer',
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  attentionOutput: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  inner: 'ffn.lin1',
  output: 'ffn.lin2',
  outputNorm: 'output_layer_norm',
};

/** No key of the config: always the same. */
const EPSILON = 1e-12;

/**
 * A DistilBERT encoder with a head. Inputs, int64 [B, S]: `input_ids`, `attention_mask`. Parameters bear the names of
 * `transformers`' `DistilBertModel`; heads those of `DistilBertForSequenceClassification` (`pre_classifier.*`,
 * `classifier.*`), `DistilBertForTokenClassification` (`classifier.*`) and `DistilBertForMaskedLM` (`vocab_*`; the
 * projector's weight is the word embeddings).
 *
 * @param config what differs from `distilbertDefaults`.
 * @throws OptionError for sizes that make no network.
 */
export function distilbert(config: Partial<DistilBertConfig> = {}): Model {
  const whole: DistilBertConfig = { ...distilbertDefaults, ...config };
  checkEncoderConfig('distilbert', whole, {
    sizes: ['vocab_size', 'dim', 'n_layers', 'n_heads', 'hidden_dim', 'max_position_embeddings', 'num_labels'],
    width: 'dim',
    heads: 'n_heads',
    activation: 'activation',
  });
  const { initializer_range: initializerRange, vocab_size: vocabulary } = whole;
  const sizes = { width: whole.dim, labels: whole.num_labels, initializerRange };
  const head = headNamed('distilbert', whole.head, {
    ...sizes,
    classification: {
      dense: 'pre_classifier',
      classifier: 'classifier',
      activation: relu,
      dropout: { dense: 0, classifier: whole.seq_classif_dropout },
    },
    tokens: { rate: whole.dropout },
    'masked-lm': {
      vocabulary,
      epsilon: EPSILON,
      dense: 'vocab_transform',
      norm: 'vocab_layer_norm',
      bias: 'vocab_projector.bias',
      activation: ACTIVATIONS[whole.activation],
    },
  });
  const body = encoder(
    'distilbert',
    {
      vocabulary,
      width: whole.dim,
      layers: whole.n_layers,
      heads: whole.n_heads,
      innerWidth: whole.hidden_dim,
      maxPositions: whole.max_position_embeddings,
      types: 0,
      padding: whole.pad_token_id,
      activation: whole.activation,
      epsilon: EPSILON,
      initializerRange,
      dropout: { hidden: whole.dropout, probs: whole.attention_dropout, attentionOutput: 0 },
      positions: '0',
    },
    NAMES,
  );
  return encoderModel({ kind: 'distilbert', config: whole, encoder: body, head, hasTypes: false });
}
