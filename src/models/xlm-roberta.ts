/** @file XLM-RoBERTa (Conneau et al. 2020, arXiv:1911.02116), in `transformers`' terms: a RoBERTa of a hundred languages. */
import { bertDefaults } from './bert.js';
import { type EncoderFamily, encoderFamily } from './encoder-family.js';
import { ROBERTA_CONFIG, ROBERTA_PARTS, type RobertaConfig, robertaDefaults } from './roberta.js';

/** Inputs, parameters and heads are RoBERTa's; the defaults are `FacebookAI/xlm-roberta-base`'s. */
export const xlmRoberta: EncoderFamily<RobertaConfig> = encoderFamily({
  kind: 'xlm-roberta',
  title: 'XLM-RoBERTa',
  defaults: { ...robertaDefaults, vocab_size: 250_002 },
  ...ROBERTA_PARTS,
  huggingFace: {
    prefix: 'roberta.',
    className: 'XLMRoberta',
    defaults: { ...ROBERTA_CONFIG, vocab_size: bertDefaults.vocab_size },
  },
});
