/**
 * @file DistilBERT (Sanh et al. 2019, arXiv:1910.01108), in `transformers`' terms: BERT without segments and pooler,
 * under other names.
 */
import { relu } from '../autograd/ops/elementwise.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import { type EncoderFamily, encoderFamily } from './encoder-family.js';
import type { HeadName } from './heads.js';

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

/**
 * A DistilBERT encoder with a head. Inputs, int64 [B, S]: `input_ids`, `attention_mask`. Parameters bear the names of
 * `transformers`' `DistilBertModel`; heads those of `DistilBertForSequenceClassification` (`pre_classifier.*`,
 * `classifier.*`), `DistilBertForTokenClassification` (`classifier.*`) and `DistilBertForMaskedLM` (`vocab_*`; the
 * projector's weight is the word embeddings).
 *
 * @param config what differs from `distilbertDefaults`.
 * @throws OptionError for sizes that make no network.
 */
export const distilbert: EncoderFamily<DistilBertConfig> = encoderFamily({
  kind: 'distilbert',
  title: 'DistilBERT',
  defaults: distilbertDefaults,
  roles: {
    vocab_size: 'vocabulary',
    dim: 'width',
    n_layers: 'layers',
    n_heads: 'heads',
    hidden_dim: 'innerWidth',
    max_position_embeddings: 'maxPositions',
    activation: 'activation',
    dropout: 'hiddenDropout',
    attention_dropout: 'attentionDropout',
    seq_classif_dropout: 'classifierDropout',
    initializer_range: 'initializerRange',
    pad_token_id: 'padding',
    num_labels: 'labels',
    head: 'head',
  },
  fixed: { types: 0, epsilon: 1e-12, positions: '0', dropsAttentionOutput: false },
  names: {
    layers: 'transformer.layer',
    query: 'attention.q_lin',
    key: 'attention.k_lin',
    value: 'attention.v_lin',
    attentionOutput: 'attention.out_lin',
    attentionNorm: 'sa_layer_norm',
    inner: 'ffn.lin1',
    output: 'ffn.lin2',
    outputNorm: 'output_layer_norm',
  },
  heads: ({ activation, hiddenDropout, classifierDropout }) => ({
    classification: {
      dense: 'pre_classifier',
      classifier: 'classifier',
      activation: relu,
      dropout: { dense: 0, classifier: classifierDropout ?? hiddenDropout },
    },
    tokens: { rate: hiddenDropout },
    'masked-lm': {
      dense: 'vocab_transform',
      norm: 'vocab_layer_norm',
      bias: 'vocab_projector.bias',
      activation: ACTIVATIONS[activation],
    },
  }),
  readsSegments: false,
  huggingFace: { prefix: 'distilbert.', className: 'DistilBert' },
});
