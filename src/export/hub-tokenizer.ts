/** @file The `tokenizer_config.json` that transformers.js and Python's `transformers` want beside a `tokenizer.json`. */
import { familyOf } from '../models/families.js';
import type { Model } from '../models/model.js';
import { objectOf, parsedJson } from '../options/json.js';
import { LONGEST } from '../tokenizers/token-limits.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';

/** A class of any tokenizer in both; it says no segments. */
const ANY_TOKENIZER = 'PreTrainedTokenizerFast';

/**
 * What the tokenizer's own file says, and what is missing there: the class, the token for padding, and where texts are
 * truncated, which is where `retort-ml/inference` does.
 */
export function tokenizerConfigOf(tokenizer: Tokenizer, model: Model): string {
  const own = objectOf(parsedJson(tokenizer.files.get('tokenizer_config.json') ?? '{}'));
  // transformers.js takes the text of a token, and of Python's objects only those of one form.
  const given = Object.entries(own).map(([key, value]) => {
    const { content } = objectOf(value);
    return [key, key.endsWith('_token') && typeof content === 'string' ? content : value] as const;
  });
  const { model_max_length: _, ...config } = Object.fromEntries(given);
  const length = truncatedAt(tokenizer, model);
  const classes = familyOf(model.kind)?.huggingFace.classes;
  return `${JSON.stringify(
    {
      tokenizer_class: classes?.['masked-lm'].replace('ForMaskedLM', 'Tokenizer') ?? ANY_TOKENIZER,
      pad_token: tokenizer.firstFrom(tokenizer.padId)?.token,
      ...config,
      ...(length !== undefined && { model_max_length: length }),
    },
    null,
    2,
  )}\n`;
}

/** Tokens of a text at most, special tokens included; undefined where it is read whole. */
export function truncatedAt(tokenizer: Tokenizer, model: Model): number | undefined {
  if (model.kind === 'ngram') return undefined;
  return Math.min(model.maxTokens ?? LONGEST, tokenizer.modelMaxLength ?? LONGEST, LONGEST);
}
