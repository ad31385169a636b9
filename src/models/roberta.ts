/**
 * @file RoBERTa (Liu et al. 2019, arXiv:1907.11692), in `transformers`' terms: BERT without segments, with positions
 * that start behind the padding's number, and heads of its own.
 */
import { gelu } from '../autograd/ops/activations.js';
import { tanh } from '../autograd/ops/elementwise.js';
import { BERT_KEYS, BERT_NAMES, type BertConfig, bertDefaults, bertEncoderConfig, bertHeadSizes } from './bert.js';
import { checkEncoderConfig, encoder } from './encoder.js';
import { encoderModel, headNamed } from './heads.js';
import type { Model } from './model.js';

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

/**
 * A RoBERTa encoder with a head. Inputs, int64 [B, S]: `input_ids`, `attention_mask`; all tokens are of type 0.
 * Parameters bear the names of `transformers`' `RobertaModel`; heads those of `RobertaForSequenceClassification`
 * (`classifier.dense.*`, `classifier.out_proj.*`), `RobertaForTokenClassification` (`classifier.*`) and
 * `RobertaForMaskedLM` (`lm_head.*`; the decoder is the word embeddings).
 *
 * @param config what differs from `robertaDefaults`.
 * @throws OptionError for sizes that make no network.
 */
export function roberta(config: Partial<RobertaConfig> = {}): Model {
  const whole: RobertaConfig = { ...robertaDefaults, ...config };
  checkEncoderConfig('roberta', whole, BERT_KEYS);
  const body = encoder('roberta', { ...bertEncoderConfig(whole), positions: 'afterPadding' }, BERT_NAMES);
  const { rate, ...sizes } = bertHeadSizes(whole);
  const head = headNamed('roberta', whole.head, {
    ...sizes,
    classification: {
      dense: 'classifier.dense',
      classifier: 'classifier.out_proj',
      activation: tanh,
      dropout: { dense: rate, classifier: rate },
    },
    tokens: { rate },
    'masked-lm': {
      vocabulary: whole.vocab_size,
      epsilon: whole.layer_norm_eps,
      dense: 'lm_head.dense',
      norm: 'lm_head.layer_norm',
      bias: 'lm_head.bias',
      // Whatever hidden_act is.
      activation: (x) => gelu(x, { approximate: 'none' }),
    },
  });
  return encoderModel({ kind: 'roberta', config: whole, encoder: body, head, hasTypes: false });
}
