/** @file A vocabulary of whole words, as GloVe and word2vec have them, and the `tokenizer.json` that goes with it. */
import { Tokenizer as Pieces } from '@huggingface/tokenizers';
import { OptionError } from '../errors/failures.js';
import { bertNormaliser } from './bert-normaliser.js';
import { openTokenizer } from './load-pieces.js';
import type { Tokenizer } from './tokenizer.js';
import type { TokenizerJson } from './tokenizer-json.js';

/** How a text becomes words. */
export type WordRules = {
  readonly lowercase: boolean;
  /**
   * `punctuation`: at spaces and around each punctuation mark, for texts as people write them. `spaces`: at spaces
   * alone, for texts whose words and marks stand apart already, as in SST-2; words such as `n't` stay whole.
   */
  readonly split: 'punctuation' | 'spaces';
};

export const wordRulesDefaults: WordRules = { lowercase: true, split: 'punctuation' };

/** What stands before the words: their places are their ids. */
export const WORD_SPECIAL_TOKENS: readonly string[] = ['[PAD]', '[UNK]', '[MASK]'];

/** Longer ones are no words: they stay unknown, as BERT's tokenizer has it too. */
const MAX_WORD_LENGTH = 100;

const PRE_TOKENIZERS = { punctuation: 'BertPreTokenizer', spaces: 'WhitespaceSplit' } as const;

/**
 * The words of a text, as a tokenizer of `wordTokenizer` looks them up.
 * @throws OptionError for rules that do not exist.
 */
export function wordSplitter(rules: Partial<WordRules> = {}): (text: string) => readonly string[] {
  const json = wordLevelJson([], checkedRules(rules));
  const library = new Pieces({ decoder: null, ...json }, { unk_token: '[UNK]' });
  library.normalizer = bertNormaliser(json.normalizer);
  return (text) => library.encode(text, { add_special_tokens: false }).tokens;
}

export type FrequentWordsOptions = Partial<WordRules> & {
  /** The least occurrences of a word; 2 unless given. */
  readonly minCount?: number;
  /** The most words; 50,000 unless given. */
  readonly maxWords?: number;
};

export const frequentWordsDefaults = { minCount: 2, maxWords: 50_000 } as const;

/**
 * The words of texts, the most frequent first, equally frequent ones in the order of their code units: the order of the
 * texts does not matter.
 * @throws OptionError for counts that are no whole numbers from 1.
 */
export function frequentWords(texts: Iterable<string>, options: FrequentWordsOptions = {}): readonly string[] {
  const { minCount = frequentWordsDefaults.minCount, maxWords = frequentWordsDefaults.maxWords } = options;
  for (const [where, value] of Object.entries({ minCount, maxWords })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new OptionError({ where, wanted: 'an integer ≥ 1', got: String(value) });
  }
  const split = wordSplitter(options);
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const token of WORD_SPECIAL_TOKENS) counts.delete(token);
  return [...counts]
    .filter(([word, count]) => count >= minCount && word.length <= MAX_WORD_LENGTH)
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
    .slice(0, maxWords)
    .map(([word]) => word);
}

/**
 * A tokenizer of whole words: `[PAD]` is 0, `[UNK]`, which stands for words it lacks, 1, `[MASK]` 2, the words follow.
 * No token is added around a text. Its `files` are a `tokenizer.json` and `tokenizer_config.json` that Python's
 * `tokenizers` and `transformers` read to the same ids.
 * @throws OptionError for a word that is there twice, is empty or is one of the three.
 */
export function wordTokenizer(words: readonly string[], rules: Partial<WordRules> = {}): Tokenizer {
  const seen = new Set(WORD_SPECIAL_TOKENS).add('');
  for (const word of words) {
    if (!seen.has(word)) seen.add(word);
    else throw new OptionError({ where: 'wordTokenizer', wanted: 'different words', got: `'${word}' again` });
  }
  const json = wordLevelJson(words, checkedRules(rules));
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    mask_token: '[MASK]',
  };
  const files = new Map([
    ['tokenizer.json', JSON.stringify({ version: '1.0', truncation: null, padding: null, decoder: null, ...json })],
    ['tokenizer_config.json', `${JSON.stringify(config, null, 2)}\n`],
  ]);
  return openTokenizer(json, config, 'word vocabulary', files);
}

function checkedRules(rules: Partial<WordRules>): WordRules {
  const { lowercase = wordRulesDefaults.lowercase, split = wordRulesDefaults.split } = rules;
  if (Object.hasOwn(PRE_TOKENIZERS, split)) return { lowercase, split };
  throw new OptionError({ where: 'split', wanted: Object.keys(PRE_TOKENIZERS).join(', '), got: String(split) });
}

function wordLevelJson(words: readonly string[], { lowercase, split }: WordRules) {
  const tokens = [...WORD_SPECIAL_TOKENS, ...words];
  return {
    added_tokens: WORD_SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      // Vectors know `café` and `cafe` as two words.
      strip_accents: false,
      lowercase,
    },
    pre_tokenizer: { type: PRE_TOKENIZERS[split] },
    post_processor: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), unk_token: '[UNK]' },
  } as const satisfies TokenizerJson;
}
