/**
 * @file RoBERTa (Liu et al. 2019, arXiv:1907.11692), in `transformers`' terms: BERT without segments, with positions
 * that start behind the padding's number, and heads of its own.
 */
import { tanh } from '../autograd/ops/elementwise.js';
import { ACTIVATIONS } from '../nn/activations.js';
import { BERT_NAMES, BERT_ROLES, type BertConfig, bertDefaults } from './bert.js';
import { type EncoderFamily, encoderFamily, type Shape } from './encoder-family.js';
import type { FamilyHeads } from './heads.js';

/** As BERT's; `max_position_embeddings` counts the `pad_token_id` + 1 rows that no token has. */
export type RobertaConfig = BertConfig;

/** `FacebookAI/roberta-base`. */
export const robertaDefaults: RobertaConfig = {
  ...bertDefaults,
  vocab_size: 50265,
  max_position_embeddings: 514,
  type_vocab_size: 1,
  layer_norm_eps: 1e-5,
  pad_token_id: 1,
};

/** What RoBERTa and its kin have in common. */
export const ROBERTA_PARTS = {
  roles: BERT_ROLES,
  fixed: { positions: 'afterPadding', dropsAttentionOutput: true },
  names: BERT_NAMES,
  heads: ({ hiddenDropout, classifierDropout }: Shape): FamilyHeads => {
    const rate = classifierDropout ?? hiddenDropout;
    return {
      classification: {
        dense: 'classifier.dense',
        classifier: 'classifier.out_proj',
        activation: tanh,
        dropout: { dense: rate, classifier: rate },
      },
      tokens: { rate },
      // GELU whatever hidden_act is.
      'masked-lm': {
        dense: 'lm_head.dense',
        norm: 'lm_head.layer_norm',
        bias: 'lm_head.bias',
        activation: ACTIVATIONS.gelu,
      },
    };
  },
  readsSegments: false,
} as const;

/** What `RobertaConfig` takes for a missing key: roberta-base, whose sizes are our defaults, differs from it. */
export const ROBERTA_CONFIG = { layer_norm_eps: 1e-12, max_position_embeddings: 512, type_vocab_size: 2 } as const;

/**
 * A RoBERTa encoder with a head. Inputs, int64 [B, S]: `input_ids`, `attention_mask`; all tokens are of type 0.
 * Parameters bear the names of `transformers`' `RobertaModel`; heads those of `RobertaForSequenceClassification`
 * (`classifier.dense.*`, `classifier.out_proj.*`), `RobertaForTokenClassification` (`classifier.*`) and
 * `RobertaForMaskedLM` (`lm_head.*`; the decoder is the word embeddings).
 *
 * @param config what differs from `robertaDefaults`.
 * @throws OptionError for sizes that make no network.
 */
export const roberta: EncoderFamily<RobertaConfig> = encoderFamily({
  kind: 'roberta',
  title: 'RoBERTa',
  defaults: robertaDefaults,
  ...ROBERTA_PARTS,
  huggingFace: { prefix: 'roberta.', className: 'Roberta', defaults: ROBERTA_CONFIG },
});
