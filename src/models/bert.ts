/**
 * @file BERT (Devlin et al. 2019, arXiv:1810.04805), in `transformers`' terms. MiniLM (Wang et al. 2020,
 * arXiv:2002.10957) is a BERT: `microsoft/MiniLM-L12-H384-uncased`, `sentence-transformers/all-MiniLM-L6-v2`.
 */
import { tanh } from '../autograd/ops/elementwise.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import type { EncoderNames } from './encoder.js';
import { type EncoderFamily, encoderFamily } from './encoder-family.js';
import type { HeadName } from './heads.js';

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

/** What BERT's keys say. */
export const BERT_ROLES = {
  vocab_size: 'vocabulary',
  hidden_size: 'width',
  num_hidden_layers: 'layers',
  num_attention_heads: 'heads',
  intermediate_size: 'innerWidth',
  max_position_embeddings: 'maxPositions',
  type_vocab_size: 'types',
  hidden_act: 'activation',
  layer_norm_eps: 'epsilon',
  hidden_dropout_prob: 'hiddenDropout',
  attention_probs_dropout_prob: 'attentionDropout',
  classifier_dropout: 'classifierDropout',
  initializer_range: 'initializerRange',
  pad_token_id: 'padding',
  num_labels: 'labels',
  head: 'head',
} as const;

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

/**
 * A BERT encoder with a head. Inputs, int64 [B, S]: `input_ids`, `attention_mask` (1 = real token), `token_type_ids`.
 * B and S may be names, for export. Parameters bear the names of `transformers`' `BertModel`; heads those of
 * `BertForSequenceClassification` (`pooler.*`, `classifier.*`), `BertForTokenClassification` (`classifier.*`) and
 * `BertForMaskedLM` (`cls.predictions.*`; the decoder is the word embeddings).
 *
 * @param config what differs from `bertDefaults` (BERT base).
 * @throws OptionError for sizes that make no network.
 */
export const bert: EncoderFamily<BertConfig> = encoderFamily({
  kind: 'bert',
  title: 'BERT',
  defaults: bertDefaults,
  roles: BERT_ROLES,
  fixed: { positions: '0', dropsAttentionOutput: true },
  names: BERT_NAMES,
  heads: ({ activation, hiddenDropout, classifierDropout }) => ({
    classification: {
      dense: 'pooler.dense',
      classifier: 'classifier',
      activation: tanh,
      dropout: { dense: 0, classifier: classifierDropout ?? hiddenDropout },
    },
    tokens: { rate: classifierDropout ?? hiddenDropout },
    'masked-lm': {
      dense: 'cls.predictions.transform.dense',
      norm: 'cls.predictions.transform.LayerNorm',
      bias: 'cls.predictions.bias',
      activation: ACTIVATIONS[activation],
    },
  }),
  readsSegments: true,
  huggingFace: { prefix: 'bert.', className: 'Bert' },
});
