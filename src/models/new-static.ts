/** @file A static model by the settings of a start. */
import { OptionError } from '../errors/failures.js';
import { NO_NGRAMS } from './start-settings.js';
import { type ChosenStart, headLabels, type NewModel } from './start-task.js';
import { openVocabulary, sizesOf, tellWithout, VOCABULARY_SETTINGS } from './start-vocabulary.js';
import { staticFromEncoder, staticFromTokenizer, staticFromWordVectors } from './static-embeddings.js';
import { type StaticConfig, staticDefaults } from './static-model.js';

const RANDOM = 'random';
const PRETRAINED = 'pretrained';
/** Of n-grams, where nobody says how many. */
const BUCKETS = 50_000;
/** Tokens of an n-gram at most: few longer ones come twice. */
const LONGEST = 8;

export const newStatic: NewModel = {
  settings: ['hidden', 'from', 'tokenDropout', 'ngrams', 'buckets', ...VOCABULARY_SETTINGS],
  startsAtRandom: true,
  check: (settings) => {
    ngramConfig(settings);
  },
  make: async (settings, task, events) => {
    const { hidden, from = PRETRAINED, tokenDropout = staticDefaults.token_dropout, seed = 0 } = settings;
    if (from !== PRETRAINED && from !== RANDOM) {
      throw new OptionError({ where: 'from', wanted: `${PRETRAINED} or ${RANDOM}, for a static model`, got: from });
    }
    const config = {
      hidden_sizes: hidden === undefined ? staticDefaults.hidden_sizes : hidden === 0 ? [] : [hidden],
      token_dropout: tokenDropout,
      ...ngramConfig(settings),
      num_labels: headLabels(task).length,
      is_pair: task.isPair,
    };
    const vocabulary = await openVocabulary(settings, task, events);
    if (vocabulary.kind === 'file') {
      const made = await staticFromWordVectors(vocabulary.path, { ...vocabulary, seed, config });
      tellWithout(made, vocabulary.path, events);
      return made;
    }
    const { encoder, tokenizer, smaller } = vocabulary;
    const { embeddingSize: width } = sizesOf(settings);
    const sized = { ...config, ...(width !== undefined && { embedding_size: width }) };
    return from === RANDOM
      ? staticFromTokenizer(smaller?.tokenizer ?? tokenizer, { seed, config: sized })
      : staticFromEncoder(encoder, tokenizer, { seed, config: sized, smaller });
  },
};

/** `2,3`, or `2` for that alone. */
function ngramConfig({
  ngrams = NO_NGRAMS,
  buckets,
}: ChosenStart): Pick<StaticConfig, 'ngram_sizes' | 'ngram_buckets'> {
  if (ngrams === NO_NGRAMS) {
    if (buckets === undefined) return { ngram_sizes: [], ngram_buckets: 0 };
    const wanted = 'nothing, since a static model without --ngrams has none to hash';
    throw new OptionError({ where: 'buckets', wanted, got: String(buckets), fix: 'add --ngrams 2, or leave it out' });
  }
  const [least = 0, most = least] = ngrams.split(',').map(Number);
  if (least >= 2 && most >= least && most <= LONGEST) {
    const ngram_sizes = Array.from({ length: most - least + 1 }, (_, i) => least + i);
    return { ngram_sizes, ngram_buckets: buckets ?? BUCKETS };
  }
  const wanted = `the least and the most n, from 2 to ${LONGEST} for a static model, such as 2,3, or ${NO_NGRAMS}`;
  throw new OptionError({ where: 'ngrams', wanted, got: `'${ngrams}'` });
}
